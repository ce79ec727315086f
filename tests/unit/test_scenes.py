"""Rendered, labelled landscapes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models.labels import taxonomy
from gan_models.scenes import (
    LIGHTING_PRESETS,
    lay_out,
    random_lighting,
    random_plan,
    render,
    render_scene,
    render_scenes,
)
from gan_models.scenes.__main__ import main

CLASSES = taxonomy("landscape")
SIZE = 32


def first(kind):
    """The first seed of a kind of scene."""
    return next(seed for seed in range(100) if random_plan(seed).kind == kind)


@pytest.mark.parametrize("kind", ["nature", "painted"])
def test_same_seed_same_scene(kind):
    seed = first(kind)
    one, two = render_scene(seed, SIZE), render_scene(seed, SIZE)
    assert torch.equal(one.image, two.image)
    assert torch.equal(one.labels, two.labels)
    assert (one.plan, one.lighting) == (two.plan, two.lighting)


def test_other_seed_other_scene():
    one, two = render_scene(1, SIZE), render_scene(2, SIZE)
    assert not torch.equal(one.labels, two.labels)
    assert (one.image - two.image).abs().mean() > 0.05


@pytest.mark.parametrize("kind", ["nature", "painted"])
def test_lighting_changes_the_picture_and_not_the_labels(kind):
    seed = first(kind)
    noon, sunset = render_scene(seed, SIZE, "noon"), render_scene(seed, SIZE, "sunset")
    assert torch.equal(noon.labels, sunset.labels)
    assert (noon.image - sunset.image).abs().mean() > 0.1


def test_lightings_differ_plainly():
    layout = lay_out(random_plan(first("nature")), SIZE)
    pictures = [render(layout, lighting) for lighting in LIGHTING_PRESETS.values()]
    for i, one in enumerate(pictures):
        assert all((one - two).abs().mean() > 0.04 for two in pictures[:i])


def test_rendering_leaves_the_layout_as_it_is():
    layout = lay_out(random_plan(first("nature")), SIZE)
    before = layout.canvas.clone(), layout.labels.clone(), layout.clouds.clone()
    render(layout, LIGHTING_PRESETS["winter"])
    assert all(map(torch.equal, before, (layout.canvas, layout.labels, layout.clouds)))


@pytest.mark.parametrize("size", [(32, 32), (40, 72), (65, 33), (16, 16)])
@pytest.mark.parametrize("kind", ["nature", "painted"])
def test_sizes_and_ranges(size, kind):
    scene = render_scene(first(kind), size)
    assert scene.image.shape == (3, *size)
    assert scene.labels.shape == size
    assert (scene.image.dtype, scene.labels.dtype) == (torch.float32, torch.uint8)
    assert scene.image.isfinite().all()
    assert scene.image.min() >= -1
    assert scene.image.max() <= 1
    assert int(scene.labels.max()) < len(CLASSES)


def test_all_classes_appear():
    labels = torch.stack([lay_out(random_plan(seed), 32).labels for seed in range(48)])
    missing = set(CLASSES.names) - {entry.name for entry in CLASSES.present(labels)}
    assert not missing


def test_batches_hold_the_scenes_of_their_seeds():
    images, labels = render_scenes(range(4), (32, 48))
    assert (images.shape, labels.shape) == ((4, 3, 32, 48), (4, 32, 48))
    assert torch.equal(images[3], render_scene(3, (32, 48)).image)
    assert images.flatten(1).std(1).min() > 0.05


def test_random_lighting_varies_a_preset():
    one, two = random_lighting(1, "noon"), random_lighting(2, "noon")
    assert one != two
    assert one.name == two.name == "noon"
    assert {random_lighting(seed).name for seed in range(200)} == set(LIGHTING_PRESETS)


def test_a_custom_lighting():
    lighting = replace(LIGHTING_PRESETS["noon"], name="mine", autumn=1.0)
    assert render_scene(3, SIZE, lighting).lighting is lighting


def test_complaints():
    with pytest.raises(ValueError, match="no lighting 'disco'; the presets are noon"):
        render_scene(0, SIZE, "disco")
    with pytest.raises(ValueError, match="at least 16 pixels"):
        render_scene(0, 8)


def test_command_writes_pairs(tmp_path):
    main(["--count", "3", "--size", "24", "32", "--output", str(tmp_path), "--first-seed", "5", "--workers", "1"])
    images, labels = sorted(tmp_path.glob("images/*")), sorted(tmp_path.glob("labels/*"))
    assert [path.name for path in images] == [path.name for path in labels] == [f"{n:06d}.png" for n in (5, 6, 7)]
    with Image.open(images[0]) as picture, Image.open(labels[0]) as ids:
        assert (picture.mode, picture.size, ids.mode, ids.size) == ("RGB", (32, 24), "L", (32, 24))
        assert np.array_equal(np.asarray(ids), render_scene(5, (24, 32)).labels.numpy())
    assert (tmp_path / "styles" / "000005.txt").read_text("utf-8") == f"{render_scene(5, 16).lighting.name}\n"


def test_command_resumes_where_it_stopped(tmp_path):
    main(["--count", "1", "--size", "24", "--output", str(tmp_path), "--jpeg", "--workers", "1"])
    kept = tmp_path / "images" / "000000.jpg"
    before = kept.stat().st_mtime_ns
    main(["--count", "2", "--size", "24", "--output", str(tmp_path), "--jpeg", "--workers", "1"])
    assert kept.stat().st_mtime_ns == before
    assert (tmp_path / "images" / "000001.jpg").exists()


def test_a_missing_style_file_is_written_beside_the_picture(tmp_path):
    command = ["--count", "1", "--size", "24", "--output", str(tmp_path), "--workers", "1", "--lighting", "winter"]
    main(command)
    style, picture = tmp_path / "styles" / "000000.txt", tmp_path / "images" / "000000.png"
    assert style.read_text("utf-8") == "winter\n"
    style.unlink()
    before = picture.stat().st_mtime_ns
    main(command)
    assert style.read_text("utf-8") == "winter\n" and picture.stat().st_mtime_ns == before
