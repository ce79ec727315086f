import numpy as np
import pytest
import torch
import transformers

from gan_models.segmentation.preparation import read_preparation
from segmentation_toys import write_json

PLAIN = {"do_resize": True, "size": {"height": 64, "width": 64}, "resample": 2, "do_rescale": True,
         "rescale_factor": 1 / 255, "do_normalize": True, "image_mean": [0.4, 0.5, 0.6],
         "image_std": [0.2, 0.3, 0.1]}  # fmt: skip


@pytest.fixture
def prepared(tmp_path):
    def make(fixed_side=None, **changes):
        write_json(tmp_path / "preprocessor_config.json", PLAIN | changes)
        return read_preparation(tmp_path, fixed_side)

    return make


@pytest.mark.parametrize(("name", "changes", "tolerance"), [
    ("Segformer", {}, 0.05),
    ("Segformer", {"size": {"height": 96, "width": 96}}, 1e-6),
    ("Segformer", {"do_normalize": False, "do_rescale": False}, 1.01),
    ("Segformer", {"resample": 3}, 0.2),
    ("MobileViT", {"do_flip_channel_order": True, "do_normalize": None, "do_center_crop": False}, 0.02),
    ("Mask2Former", {"size": {"shortest_edge": 64, "longest_edge": 128}}, 0.05),
    ("Beit", {"image_mean": [0.5, 0.5, 0.5], "image_std": 0.5}, 0.05),
])  # fmt: skip
def test_square_photographs_are_prepared_as_transformers_does(prepared, name, changes, tolerance):
    photo = torch.rand(96 // 8, 96 // 8, 3, generator=torch.Generator().manual_seed(0)).repeat_interleave(8, 0)
    photo = (photo.repeat_interleave(8, 1) * 255).round()
    settings = PLAIN | changes
    processor = getattr(transformers, f"{name}ImageProcessorPil")(**settings)
    there = processor(photo.numpy().astype(np.uint8), return_tensors="pt")["pixel_values"]
    here = prepared(**changes)(photo.movedim(2, 0)[None] / 255)
    assert here.shape == there.shape and (here - there).abs().max() < tolerance


@pytest.mark.parametrize(("size", "photo", "expected"), [
    ({"height": 512, "width": 512}, (1000, 1000), (512, 512)),
    ({"height": 512, "width": 512}, (3000, 4000), (448, 576)),
    ({"height": 512, "width": 1024}, (1024, 2048), (512, 1024)),
    ({"height": 512, "width": 512}, (10, 5000), (32, 11456)),
    (640, (640, 320), (896, 448)),
    ({"shortest_edge": 512, "longest_edge": 2048}, (600, 800), (512, 672)),
    ({"shortest_edge": 512, "longest_edge": 2048}, (300, 3000), (192, 2048)),
    ({"shortest_edge": 512}, (1200, 800), (768, 512)),
    ({"shortest_edge": 512, "longest_edge": None}, (1200, 800), (768, 512)),
])  # fmt: skip
def test_photographs_keep_their_shape(prepared, size, photo, expected):
    assert prepared(size=size).size_for(*photo) == expected


def test_the_settings_of_old_versions(prepared):
    assert prepared(size=512, max_size=1024).size_for(300, 3000) == (96, 1024)
    assert prepared(do_resize=False).size_for(60, 100) == (64, 96)
    assert prepared(size=512, do_resize=False, max_size=1024).size_for(60, 100) == (64, 96)


def test_nets_of_one_size_get_it(prepared):
    assert prepared(fixed_side=224, size={"shortest_edge": 512}).size_for(300, 3000) == (224, 224)


def test_the_file_of_a_processor_is_read_too(tmp_path):
    write_json(tmp_path / "processor_config.json", {"image_processor": PLAIN, "task_seq_length": 77})
    assert read_preparation(tmp_path).size == (64, 64)


@pytest.mark.parametrize("change", [{"size": "large"}, {"resample": 77}, {"image_mean": None}])
def test_settings_that_cannot_be_read(prepared, change):
    with pytest.raises(ValueError, match=r"its preprocessor_config\.json cannot be read"):
        prepared(**change)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"it has no preprocessor_config\.json"):
        read_preparation(tmp_path)
