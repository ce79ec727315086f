import numpy as np
import pytest
import torch
from conftest import ROOT
from PIL import Image

from gan_models.efficientnet import EfficientNetLite
from gan_models.labels import taxonomy
from gan_models.segmentation.landscape import LandscapeSegmenter, open_landscape_segmenter, resized, save_network
from gan_models.segmentation.network import SegmentationNet
from gan_models.segmentation.refinement import refined

FILE = ROOT / "weights" / "segmentation-landscape.safetensors"
LANDSCAPE = taxonomy("landscape")


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    features = EfficientNetLite("lite0")
    for weight in features.parameters():
        torch.nn.init.normal_(weight, std=0.1)
    return SegmentationNet(features, 18).eval()


def photograph(name):
    with Image.open(ROOT / "pictures" / name) as image:
        return torch.from_numpy(np.array(image.convert("RGB"))).permute(2, 0, 1)[None] / 255


def test_logits_have_a_quarter_of_the_size(network):
    with torch.no_grad():
        assert network(torch.zeros(2, 3, 64, 96)).shape == (2, 18, 16, 24)


def test_a_file_gives_the_same_net(network, tmp_path):
    path = tmp_path / "net.safetensors"
    save_network(path, network, {"taxonomy": "landscape", "features": "lite0"})
    opened = open_landscape_segmenter(path)
    assert opened.taxonomy == LANDSCAPE
    image = torch.rand(1, 3, 70, 90)
    before, after = LandscapeSegmenter(network, LANDSCAPE).segment(image), opened.segment(image)
    assert (before.ids == after.ids).float().mean() > 0.95
    assert torch.allclose(before.confidence, after.confidence, atol=0.02)


def test_every_photograph_of_a_batch_has_its_own_result_at_its_own_size(network):
    seen = []
    images = torch.rand(2, 3, 40, 130)
    found = LandscapeSegmenter(network, LANDSCAPE).segment(images, seen.append)
    assert found.ids.shape == found.confidence.shape == (2, 40, 130) and found.ids.dtype == torch.uint8
    assert found.instances is None and found.confidence.min() > 0 and found.confidence.max() <= 1
    assert [(progress.step, progress.total) for progress in seen] == [(0, 2), (1, 2)]
    alone = LandscapeSegmenter(network, LANDSCAPE).segment(images[1:])
    assert torch.equal(alone.ids[0], found.ids[1])
    found.label_map(LANDSCAPE)


def test_a_mirrored_photograph_has_the_mirrored_label_map(network):
    image = torch.rand(1, 3, 64, 96)
    segmenter = LandscapeSegmenter(network, LANDSCAPE)
    same = segmenter.segment(image.flip(3)).ids.flip(2) == segmenter.segment(image).ids
    assert same.float().mean() > 0.99


@pytest.mark.parametrize("size", [(1, 1), (3, 5000), (7, 4)])
def test_photographs_of_any_size_are_taken(network, size):
    assert LandscapeSegmenter(network, LANDSCAPE).segment(torch.rand(1, 3, *size)).ids.shape == (1, *size)


def test_sizes_are_multiples_of_32_and_bounded():
    assert resized(torch.zeros(1, 3, 384, 512), 320).shape == (1, 3, 320, 416)
    assert resized(torch.zeros(1, 3, 10, 5000), 448).shape == (1, 3, 32, 2048)


def test_refined_borders_follow_the_photograph():
    photo = -torch.ones(1, 3, 40, 40)
    photo[..., 20:] = 1
    blurred = torch.linspace(0, 1, 40).view(1, 1, 1, 40).expand(1, 1, 40, 40)
    blurred = ((blurred - 0.4) * 3).clamp(0, 1)
    found = refined(torch.cat([1 - blurred, blurred], 1), photo)
    assert torch.allclose(found.sum(1), torch.ones(1, 40, 40), atol=1e-4) and found.min() >= 0
    step = (found[0, 1, 20, 20] - found[0, 1, 20, 19]).item()
    assert step > 5 * (blurred[0, 0, 20, 20] - blurred[0, 0, 20, 19]).item()


def test_other_files_are_refused_by_name(tmp_path, network):
    with pytest.raises(ValueError, match=r"gaugan-landscape\.safetensors is not a segmentation net"):
        open_landscape_segmenter(ROOT / "weights" / "gaugan-landscape.safetensors")
    path = tmp_path / "net.safetensors"
    save_network(path, network, {"taxonomy": "landscape", "features": "lite0", "format_version": "2"})
    with pytest.raises(ValueError, match="has format 2, but this version reads the format 1"):
        open_landscape_segmenter(path)
    save_network(path, network, {"taxonomy": "landscape", "features": "lite2"})
    with pytest.raises(ValueError, match=r"net\.safetensors is damaged"):
        open_landscape_segmenter(path)


def test_the_bundled_net_finds_sky_above_and_ground_below():
    segmenter = open_landscape_segmenter(FILE)
    assert FILE.stat().st_size <= 10 << 20
    sky = torch.tensor([*LANDSCAPE.sky])
    for name in ("noon.jpg", "sunset.jpg", "mist.jpg"):
        ids = segmenter.segment(photograph(name)).ids[0]
        height = ids.shape[0]
        top, bottom = ids[: height // 6], ids[-height // 6 :]
        above, below = (torch.isin(part.long(), sky).float().mean() for part in (top, bottom))
        assert above > 0.7 and below < 0.1, name
