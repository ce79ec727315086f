"""Mutated model files load and give finite pictures, or are refused in a sentence."""

import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from properties import few, sentence
from safetensors.torch import load as from_bytes
from safetensors.torch import save_file

import gaugan_toys
import hostile_models
from gan_models import gaugan, settings, singan
from gan_models.filling import fill, require_sound
from gan_models.gaugan.training.state import load_state, save_state
from gan_models.gaugan.training.trainer import Trainer
from gan_models.labels import LabelMap
from gan_models.quoting import LONGEST, plain, shown
from gan_models.seeds import seeded
from gan_models.singan.checkpoint import encode
from gan_models.singan.networks import Generator
from singan_toys import trained

DRAWS = st.randoms(use_true_random=False)
CHANGES = st.sampled_from([*hostile_models.CHANGES, *hostile_models.BYTE_CHANGES])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def singan_data():
    return encode(trained())


@pytest.fixture(scope="module")
def gaugan_data(tmp_path_factory):
    path = tmp_path_factory.mktemp("gaugan") / "g.safetensors"
    net = gaugan_toys.generator(gaugan_toys.config(**gaugan_toys.LANDSCAPE, ngf=2, nhidden=4, crop_size=32))
    gaugan.save(path, net, gaugan_toys.encoder(ndf=2, layers=3), {"taxonomy": "landscape"})
    return path.read_bytes()


@pytest.fixture(scope="module")
def training_data(tmp_path_factory):
    path = tmp_path_factory.mktemp("training") / "run.safetensors"
    save_state(Trainer(gaugan_toys.training_config()), path)
    return path.read_bytes()


def mutated(data, change, draw):
    if change in hostile_models.BYTE_CHANGES:
        return change(data, draw)
    tensors, metadata = hostile_models.parsed(data)
    change((tensors, metadata), draw)
    return hostile_models.written((tensors, metadata))


@few(50)
@given(change=CHANGES, draw=DRAWS)
def test_a_mutated_singan_is_refused_or_samples_finite_pictures(tmp_path, singan_data, change, draw):
    path = tmp_path / "m.safetensors"
    path.write_bytes(mutated(singan_data, change, draw))
    with sentence():
        model = singan.load(path)
        assert max(model.size) < 100
        assert model.sample(1, generator=seeded(0)).isfinite().all() and model.reconstruct().isfinite().all()


@few(40)
@given(change=CHANGES, draw=DRAWS)
def test_a_mutated_gaugan_is_refused_or_paints_finite_pictures(tmp_path, gaugan_data, change, draw):
    path = tmp_path / "m.safetensors"
    path.write_bytes(mutated(gaugan_data, change, draw))
    with sentence():
        model = gaugan.open_synthesizer(path)
        assert model.summary.isprintable() and model.trained.isprintable()
        side = model.generator.config.stride
        label_map = LabelMap(torch.zeros(1, side, side, dtype=torch.uint8), model.taxonomy)
        style = gaugan.Style(model.random_styles(1, seeded(0))) if model.generator.config.z_dim else None
        assert model.generate(label_map, style).images.isfinite().all()


@few(25)
@given(key=st.sampled_from(["config", "facts", "format_version"]), value=JSON)
def test_metadata_of_other_kinds(tmp_path, singan_data, key, value):
    tensors, metadata = hostile_models.parsed(singan_data)
    (tmp_path / "m.safetensors").write_bytes(hostile_models.written((tensors, metadata | {key: json.dumps(value)})))
    with sentence():
        singan.load(tmp_path / "m.safetensors")


@few(80)
@given(text=st.text(max_size=200))
def test_untrusted_text_is_short_and_on_one_line(text):
    for words in (plain(text), shown(text)):
        assert words.isprintable() and len(words) <= LONGEST


@few(60)
@given(value=JSON, name=st.sampled_from(["max_size", "learning_rate", "exact_factor", "normalization"]))
def test_settings_of_other_kinds_are_refused(value, name):
    with sentence():
        singan.SinGANConfig(**{name: value})


def test_content_that_occurs_any_number_of_times_is_not_walked():
    nested = []
    for _ in range(60):
        nested = [nested] * 10
    assert shown(nested) == "a list of 10"


@pytest.mark.parametrize("text", ["[]", "{", "[" * 10_000, '{"a": ' * 5000, "9" * 5000])
def test_metadata_that_are_no_settings(text):
    with pytest.raises(ValueError, match="metadata have"):
        settings.settings_in({"config": text}, "config")


@pytest.mark.parametrize(
    ("tensor", "message"),
    [
        (torch.tensor([1.0, float("nan")]), "w has the number nan"),
        (torch.tensor([-float("inf")]), "w has the number -inf"),
        (torch.tensor([1e9]), r"w has the number 1e\+09"),
        (torch.tensor([1]), "numbers of the kind torch.int64"),
        (torch.tensor([1 + 2j]), "numbers of the kind torch.complex64"),
        (torch.eye(2).to_sparse(), "numbers of the kind"),
        (torch.zeros(2, device="meta"), "numbers of the kind"),
    ],
)
def test_numbers_that_no_network_has(tensor, message):
    with pytest.raises(ValueError, match=message):
        require_sound("w", tensor)


def test_a_negative_variance_is_refused_by_its_name():
    net = Generator(4, "batch")
    net.layers[1].running_var[2] = -0.5
    with torch.device("meta"):
        empty = Generator(4, "batch")
    with pytest.raises(ValueError, match=r"layers\.1\.running_var has the variance -0\.5"):
        fill(empty, net.state_dict(), "a SinGAN")


def test_a_width_that_the_bytes_do_not_have_builds_nothing(tmp_path, singan_data):
    tensors = from_bytes(singan_data) | {"generators.0.layers.0.weight": torch.zeros(10**6, 0, 3, 3)}
    save_file(tensors, tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match=r"generators\.0\.layers\.0\.weight has the shape \[1000000, 0, 3, 3\]"):
        singan.load(tmp_path / "m.safetensors")


def test_weights_that_overflow_only_together_are_refused(tmp_path, singan_data):
    tensors = from_bytes(singan_data)
    for name, value in tensors.items():
        if name.startswith("generators.2.") and name.endswith("weight"):
            tensors[name] = torch.full_like(value, 1e6)
    save_file(tensors, tmp_path / "m.safetensors")
    with pytest.raises(ValueError, match=r"generators\.2\.layers\.\d+\.weight or the weights before it are so large"):
        singan.load(tmp_path / "m.safetensors")


def test_sizes_must_be_those_of_the_pictures(tmp_path, singan_data):
    tensors = from_bytes(singan_data)
    for change, message in ((0, "z_rec is"), (-1, "training_image is")):
        sizes = tensors["sizes"].clone()
        sizes[change] += 1 if change else -1
        save_file(tensors | {"sizes": sizes}, tmp_path / "m.safetensors")
        with pytest.raises(ValueError, match=message):
            singan.load(tmp_path / "m.safetensors")


def test_a_style_or_a_picture_of_nan_is_an_error():
    with pytest.raises(ValueError, match="the style has numbers that are NaN"):
        gaugan.Style(torch.tensor([[0.0, float("nan")]]))
    net = gaugan_toys.generator(gaugan_toys.config(**gaugan_toys.LANDSCAPE, crop_size=32))
    net.conv_img.bias.fill_(float("nan"))
    label_map = LabelMap(torch.zeros(1, 32, 32, dtype=torch.uint8), "landscape")
    with pytest.raises(ValueError, match="painted pixels that are NaN"):
        gaugan.Synthesizer(net, None, "landscape").generate(label_map, gaugan.Style(torch.zeros(1, 6)))


def test_spectral_norm_is_folded_after_the_comparison():
    net = gaugan_toys.generator(gaugan_toys.config(crop_size=256))
    state = gaugan_toys.with_spectral_norm(net)
    other = state | {"up_0.conv_0.weight_u": torch.zeros(3)}
    with pytest.raises(ValueError, match=r"up_0\.conv_0\.weight has spectral norm, but the shapes of its vectors"):
        gaugan.load_generator(other)
    other = state | {"up_0.conv_0.weight_orig": torch.zeros(1).expand(10**6, 10**6)}
    with pytest.raises(ValueError, match=r"up_0\.conv_0\.weight has the shape \[1000000, 1000000\]"):
        gaugan.load_generator(other)


@few(25)
@given(change=CHANGES, draw=DRAWS)
def test_a_mutated_training_run_is_refused_or_resumes(tmp_path, training_data, change, draw):
    path = tmp_path / "run.safetensors"
    path.write_bytes(mutated(training_data, change, draw))
    with sentence():
        load_state(path, **vars(gaugan_toys.training_config()))
