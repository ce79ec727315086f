import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from torch import nn

from gan_models.gaugan.training import perceptual
from gan_models.gaugan.training.perceptual import PerceptualLoss, find_perceptual, load_perceptual
from gan_models.gaugan.training.trainer import Trainer
from gan_models.weights import entries
from gaugan_toys import blob_map, training_config


@pytest.fixture(scope="module")
def loss():
    torch.manual_seed(0)
    return PerceptualLoss()


def test_the_layers_are_those_of_the_published_network(loss):
    names = [name for name in loss.state_dict() if name.endswith("weight")]
    numbers = [0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28]
    assert names == [f"features.{number}.weight" for number in numbers]
    assert loss.features["28"].weight.shape == (512, 512, 3, 3)


@torch.no_grad()
def test_the_loss_is_the_weighted_difference_of_five_features(loss):
    fake, real = torch.rand(2, 1, 3, 32, 32) * 2 - 1
    layers = []
    for number in range(30):
        if str(number) in loss.features:
            layers.append(loss.features[str(number)])
        else:
            layers.append(nn.MaxPool2d(2) if number in (4, 9, 18, 27) else nn.ReLU())
    plain = nn.Sequential(*layers)
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    a, b = (((image + 1) / 2 - mean.view(3, 1, 1)) / std.view(3, 1, 1) for image in (fake, real))
    wanted = sum(
        weight * F.l1_loss(plain[: end + 1](a), plain[: end + 1](b))
        for end, weight in ((1, 1 / 32), (6, 1 / 16), (11, 1 / 8), (20, 1 / 4), (29, 1))
    )
    assert loss(fake, real).item() == pytest.approx(wanted.item(), rel=1e-4)
    assert loss(real, real).item() == 0


def test_gradients_flow_to_the_generated_picture_alone(loss):
    fake, real = (torch.rand(1, 3, 32, 32, requires_grad=True) for _ in range(2))
    loss(fake, real).backward()
    assert fake.grad.abs().max() > 0 and real.grad is None
    assert all(parameter.grad is None for parameter in loss.parameters())


def test_training_with_it(loss):
    trainer = Trainer(training_config(), perceptual=loss)
    losses = trainer.train_step(torch.zeros(2, 3, 32, 32), blob_map(trainer.config.generator, 32, 32, 2))
    assert losses["perceptual"] > 0
    assert trainer.networks.keys() == {"generator", "encoder", "discriminator"}


def test_files(loss, tmp_path):
    tensors = dict(loss.state_dict()) | {"head.fc.bias": torch.zeros(3)}
    save_file(tensors, tmp_path / "vgg19.safetensors")
    loaded = load_perceptual(tmp_path / "vgg19.safetensors")
    assert all(torch.equal(value, tensors[name]) for name, value in loaded.state_dict().items())
    assert find_perceptual(tmp_path, pytest.fail) is not None
    del tensors["features.28.bias"]
    save_file(tensors, tmp_path / "less.safetensors")
    with pytest.raises(ValueError, match=r"less\.safetensors is not a valid VGG19: features\.28\.bias is missing"):
        load_perceptual(tmp_path / "less.safetensors")


def test_without_the_weights_it_is_off_and_says_so(tmp_path, monkeypatch):
    def offline(entry, folder, on_progress):
        raise FileNotFoundError(f"could not download {entry.name}")

    monkeypatch.setattr(perceptual, "resolve", offline)
    said = []
    assert find_perceptual(tmp_path, said.append) is None
    assert said == ["training continues without the VGG19 loss: could not download vgg19"]


def test_the_manifest_lists_it_for_the_training_alone():
    (entry,) = entries("vgg19")
    assert not entry.verified and entry.license == "BSD-3-Clause" and entry.file_name == "vgg19.safetensors"
    assert "vgg19" not in [other.name for kind in ("gaugan", "singan") for other in entries(kind)]
