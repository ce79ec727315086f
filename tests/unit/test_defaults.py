"""Results do not depend on the defaults that other code has set in PyTorch: dtype, device, autocast."""

from contextlib import contextmanager

import pytest
import torch

from gan_models import singan
from gan_models.efficientnet import load_efficientnet
from gan_models.gaugan import Synthesizer, open_synthesizer, transition
from gan_models.kernels import onednn, winograd
from gan_models.labels import LabelMap, jpeg
from gan_models.scenes import noise
from gan_models.seeds import seeded
from gaugan_toys import config, encoder, generator, published
from singan_toys import picture, trained


@contextmanager
def default_dtype(dtype):
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


SURROUNDINGS = {
    "float64": lambda: default_dtype(torch.float64),
    "bfloat16": lambda: default_dtype(torch.bfloat16),
    "meta": lambda: torch.device("meta"),
    "autocast": lambda: torch.autocast("cpu", torch.bfloat16),
}
PAINTING = picture(seed=5)
LAKE = LabelMap((torch.arange(90) // 30).to(torch.uint8).expand(1, 70, 90).contiguous(), "landscape")
KEPT = {
    "trial of oneDNN": (onednn.works,),
    "transforms": (winograd._transforms,),
    "cosines": (jpeg._cosines,),
    "tables of JPEG": (jpeg._tables,),
    "noise of scenes": (noise._tile, torch.device("cpu")),
}


@pytest.fixture(params=SURROUNDINGS)
def surroundings(request):
    return SURROUNDINGS[request.param]


@pytest.mark.parametrize("kept", KEPT)
def test_what_is_kept_for_all_callers_is_not_the_first_ones(surroundings, kept):
    work, *arguments = KEPT[kept]
    work.cache_clear()
    wanted = work(*arguments)
    work.cache_clear()
    with surroundings():
        found = work(*arguments)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


@pytest.fixture(scope="module")
def model():
    return trained()


@pytest.fixture(scope="module")
def gaugan():
    return Synthesizer(generator(config(noise=True, classes=18, unknown=True)), encoder(), "landscape")


@pytest.fixture
def square():
    mask = torch.zeros(1, 1, 44, 56)
    mask[:, :, 10:30, 10:30] = 1
    return mask


@pytest.fixture(params=["float64", "bfloat16"])
def other_dtype(request):
    return SURROUNDINGS[request.param]


@pytest.mark.parametrize(
    "work",
    [
        lambda model, mask: model.sample(1, generator=seeded(1), width=90),
        lambda model, mask: model.sample(1, generator=seeded(1), keep_layout=0.5),
        lambda model, mask: singan.super_resolve(model, 2.0, generator=seeded(1)),
        lambda model, mask: torch.cat([*singan.animate(model, 3, generator=seeded(1))]),
        lambda model, mask: singan.show_scales(model, generator=seeded(1)),
        lambda model, mask: singan.Edit(model, PAINTING, mask, seeded(1)).inject_at_all_scales(),
        lambda model, mask: singan.Harmonization(model, PAINTING, mask, seeded(1)).choose_scale(),
        lambda model, mask: singan.Painting(model, PAINTING, 4, seeded(1)).inject(2),
        lambda model, mask: singan.Painting(model, PAINTING, None, seeded(1)).choose_scale(),
    ],
    ids=["sample", "layout", "enlarge", "animate", "scales", "edit", "harmonize", "paint", "choose"],
)
def test_a_singan_gives_the_same_pictures(model, square, other_dtype, work):
    wanted = work(model, square)
    with other_dtype():
        found = work(model, square)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


@pytest.mark.parametrize(
    "work",
    [
        lambda gaugan: gaugan.generate(LAKE, seed=3).images,
        lambda gaugan: gaugan.random_styles(2, seeded(3)),
        lambda gaugan: transition(gaugan.encode(PAINTING), gaugan.random_styles(1, seeded(3)), 3),
    ],
    ids=["generate", "random styles", "transition"],
)
def test_a_gaugan_gives_the_same_pictures(gaugan, other_dtype, work):
    wanted = work(gaugan)
    gaugan.cache.clear()
    with other_dtype():
        found = work(gaugan)
    torch.testing.assert_close(found, wanted, rtol=0, atol=0)


def test_models_are_loaded_in_float32(model, gaugan, other_dtype, tmp_path):
    files = singan.save(model, tmp_path / "singan.safetensors"), gaugan.save(tmp_path / "gaugan.safetensors")
    features = published()
    with other_dtype():
        loaded = singan.load(files[0]), open_synthesizer(files[1]), load_efficientnet(features)
    for found, wanted in zip(loaded, (model, gaugan, load_efficientnet(features)), strict=True):
        torch.testing.assert_close(found.state_dict(), wanted.state_dict(), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_a_gaugan_paints_the_same_inside_autocast_and_keeps_nothing_of_it(gaugan, dtype, monkeypatch):
    monkeypatch.setattr(winograd, "FEWEST_CHANNELS", 1)
    monkeypatch.setattr(winograd, "FEWEST_TILES", 1)
    gaugan.cache.clear()
    wanted, style = gaugan.generate(LAKE, seed=3).images, gaugan.encode(PAINTING)
    gaugan.cache.clear()
    with torch.autocast("cpu", dtype):
        assert torch.equal(gaugan.generate(LAKE, seed=3).images, wanted)
        assert torch.equal(gaugan.encode(PAINTING), style)
    assert torch.equal(gaugan.generate(LAKE, seed=3).images, wanted)
