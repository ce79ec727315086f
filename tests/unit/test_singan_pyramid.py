import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

from gan_models.singan import SinGANConfig
from gan_models.singan.pyramid import build_pyramid, resize, scale_sizes, scaled_sizes, training_size

PAPER = SinGANConfig.preset("paper")

# Worked out by hand from the released rule: the number of scales, the coarsest, the finest.
SIZES = [
    ((186, 248), 9, (25, 34), (186, 248)),
    ((250, 250), 11, (25, 25), (250, 250)),
    ((32, 32), 3, (25, 25), (32, 32)),
    ((32, 200), 3, (25, 157), (32, 200)),
    ((512, 512), 10, (25, 25), (250, 250)),
    ((300, 451), 8, (25, 38), (167, 250)),
    ((3000, 4000), 9, (25, 34), (188, 250)),
    ((1000, 100), 2, (250, 25), (250, 25)),
]


@pytest.mark.parametrize("size, count, coarsest, finest", SIZES)
def test_pyramid_follows_the_released_rule(size, count, coarsest, finest):
    sizes = scale_sizes(size, PAPER)
    assert (len(sizes), sizes[0], sizes[-1]) == (count, coarsest, finest)
    assert sizes == sorted(sizes)


def test_the_example_of_the_paper_shrinks_by_0_778():
    widths = [w for _, w in scale_sizes((186, 248), PAPER)]
    ratios = np.array(widths[:-1]) / np.array(widths[1:])
    assert np.allclose(ratios, 0.778, atol=0.02)


@pytest.mark.parametrize("preset", ["draft", "standard"])
def test_fast_presets_count_scales_by_the_trained_size_alone(preset):
    config = SinGANConfig.preset(preset)
    originals = [(167, 250), (400, 600), (427, 640), (1067, 1600)]
    assert len({len(scale_sizes(size, PAPER)) for size in originals}) > 1
    pyramids = [scale_sizes(size, config) for size in originals]
    assert all(len(sizes) == len(pyramids[0]) for sizes in pyramids)
    assert all(sizes[0] == (config.min_size, 27) for sizes in pyramids)


def test_super_resolution_keeps_its_factor():
    sizes = scale_sizes((200, 200), PAPER.for_super_resolution())
    assert np.isclose(sizes[-2][0] / sizes[-1][0], 2 ** (-1 / 3), atol=0.01)


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (31, 400), (20, 20000)])
def test_small_and_narrow_images_are_refused_by_name(size):
    with pytest.raises(ValueError, match=f"training image is {size[1]}x{size[0]} pixels"):
        scale_sizes(size, PAPER)


def test_a_strip_that_shrinks_to_a_line_is_refused():
    with pytest.raises(ValueError, match="too narrow"):
        scale_sizes((40, 4000), PAPER)


@pytest.mark.parametrize("preset, aspect", [("draft", 7), ("standard", 14), ("best", 14), ("paper", 10)])
@pytest.mark.parametrize("turned", [False, True])
def test_the_limit_of_the_aspect_ratio_is_what_the_help_says(preset, aspect, turned):
    """web/docs/SinGANTrain.md names these ratios; the error beyond them names the sufficient max_size."""
    config, order = SinGANConfig.preset(preset), -1 if turned else 1
    assert scale_sizes((100, 100 * aspect)[::order], config)
    long = (100, 100 * (aspect + 1))[::order]
    with pytest.raises(ValueError, match=r"or set max_size to \d+ or more") as error:
        scale_sizes(long, config)
    enough = int(str(error.value).split()[-3])
    assert scale_sizes(long, replace(config, max_size=enough))
    with pytest.raises(ValueError, match="too narrow"):
        scale_sizes(long, replace(config, max_size=enough - 1))
    words = (ROOT / "web" / "docs" / "SinGANTrain.md").read_text("utf-8")
    assert re.search(rf"\b{aspect} : 1 \([^)]*\*\*{preset}\*\*", words)


@pytest.mark.parametrize("size, wanted", [((100, 80), (60, 48)), ((33, 47), (71, 90)), ((64, 64), (25, 25))])
def test_resize_is_the_antialiased_bicubic_that_pillow_has(size, wanted):
    plane = torch.rand(size) * 1.6 - 0.8
    theirs = Image.fromarray(plane.numpy()).resize(wanted[::-1], Image.Resampling.BICUBIC)
    ours = resize(plane.expand(1, 3, *size), wanted)[0, 1]
    assert np.abs(ours.numpy() - np.asarray(theirs).clip(-1, 1)).max() < 1e-4


def test_build_pyramid_ends_with_the_image_itself():
    image = torch.rand(1, 3, 60, 40) * 2 - 1
    reals = build_pyramid(image, scale_sizes((60, 40), PAPER))
    assert torch.equal(reals[-1], image)
    assert reals[0].shape[-1] == 25


def test_scaled_sizes_keeps_the_shape_of_the_pyramid():
    sizes = scale_sizes((186, 248), PAPER)
    wide = scaled_sizes(sizes, (186, 496))
    assert wide[-1] == (186, 496)
    assert [h for h, _ in wide] == [h for h, _ in sizes]
    assert scaled_sizes(sizes, (186, 248)) == sizes


def test_training_size_never_enlarges():
    assert training_size((40, 60), 250) == (40, 60)
    assert training_size((500, 1000), 250) == (125, 250)
