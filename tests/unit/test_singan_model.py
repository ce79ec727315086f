import pickle

import pytest
import torch

from gan_models.singan import model as model_module
from gan_models.singan import super_resolve
from gan_models.singan.resume import seeded
from singan_toys import trained


@pytest.fixture(scope="module")
def model():
    return trained()


def test_samples_differ_and_repeat(model):
    first = model.sample(2, generator=seeded(1))
    assert first.shape == (2, 3, 44, 56) and first.abs().max() <= 1
    assert torch.equal(first, model.sample(2, generator=seeded(1)))
    assert not torch.equal(first[0], first[1])
    assert not torch.equal(first, model.sample(2, generator=seeded(2)))


def test_a_larger_batch_starts_with_the_smaller(model):
    assert torch.allclose(model.sample(1, generator=seeded(1)), model.sample(5, generator=seeded(1))[:1], atol=1e-5)


@pytest.mark.parametrize("height, width", [(88, 56), (44, 200), (20, 31), (1, 1)])
def test_any_size(model, height, width):
    assert model.sample(1, generator=seeded(0), height=height, width=width).shape == (1, 3, height, width)


def test_start_scale_keeps_the_layout(model):
    rebuilt = model.reconstruct()
    kept = model.sample(8, generator=seeded(0), start_scale=len(model.sizes) - 1)
    free = model.sample(8, generator=seeded(0))
    assert (kept - rebuilt).abs().mean() < (free - rebuilt).abs().mean() / 2


@pytest.mark.parametrize(
    "arguments, message",
    [
        ({"count": 0}, "positive count"),
        ({"height": 0}, "positive count"),
        ({"width": -3}, "positive count"),
        ({"start_scale": 9}, "start_scale is 9; this model has scales 0 to "),
        ({"start_scale": -1}, "start_scale is -1"),
        ({"start_scale": 1, "height": 60}, "size must stay 56x44"),
    ],
)
def test_bad_requests(model, arguments, message):
    with pytest.raises(ValueError, match=message):
        model.sample(**{"count": 1, "generator": seeded(0)} | arguments)


def test_strips_give_the_picture_that_one_piece_gives(model, monkeypatch):
    def results():
        return model.sample(3, generator=seeded(4), height=70, width=90), super_resolve(model, 3, generator=seeded(4))

    whole = results()
    monkeypatch.setattr(model_module, "STRIP_PIXELS", 700)
    for strips, piece in zip(results(), whole, strict=True):
        assert (strips - piece).abs().max() < 1e-5


def test_pickles(model):
    copy = pickle.loads(pickle.dumps(model))
    assert torch.equal(copy.sample(1, generator=seeded(3)), model.sample(1, generator=seeded(3)))
