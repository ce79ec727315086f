import io
import json
import os
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from gan_models import convert
from gan_models.gaugan import describe, load, load_encoder, load_generator, read_state_dict, save
from gaugan_toys import config, encoder, generator, with_spectral_norm

VARIANTS = [
    {},
    {"unknown": True, "instance_edges": True},
    {"z_dim": 0, "upsampling": "more", "crop_size": 512, "aspect_ratio": 2.0, "instance_edges": True},
    {"upsampling": "more", "nhidden": 3},
    {"upsampling": "most", "crop_size": 256},
    {"crop_size": 96, "aspect_ratio": 1.5, "ngf": 6},
]


def same(a, b, tolerance=0.0):
    first, second = a.state_dict(), b.state_dict()
    assert first.keys() == second.keys()
    return all(torch.allclose(first[name], second[name], atol=tolerance, rtol=tolerance) for name in first)


@pytest.mark.parametrize("changes", VARIANTS)
def test_round_trip(tmp_path, changes):
    net = generator(config(**changes))
    save(tmp_path / "g.safetensors", net, metadata={"taxonomy": "toys"})
    copy = load(tmp_path / "g.safetensors")
    assert copy.generator.config == net.config
    assert same(copy.generator, net)
    assert copy.encoder is None
    assert copy.metadata["taxonomy"] == "toys"
    assert not copy.generator.training
    assert not any(parameter.requires_grad for parameter in copy.generator.parameters())
    assert [file.name for file in tmp_path.iterdir()] == ["g.safetensors"]


def test_generator_and_encoder_in_one_file(tmp_path):
    net, style = generator(config()), encoder()
    style.keep(torch.randn(5, 2, style.config.z_dim))
    save(tmp_path / "both.safetensors", net, style)
    copy = load(tmp_path / "both.safetensors")
    assert same(copy.generator, net)
    assert same(copy.encoder, style)
    assert copy.encoder.config == style.config and copy.encoder.config.seen == 5
    assert torch.equal(copy.encoder.seen, style.seen)
    assert describe(read_state_dict(tmp_path / "both.safetensors")[0]) == "a GauGAN generator and its style encoder"


@pytest.mark.parametrize("changes", VARIANTS)
def test_what_shapes_tell(changes):
    net = generator(config(**changes))
    untellable = ("classes", "unknown", "instance_edges", "upsampling", "crop_size", "aspect_ratio")
    overrides = {name: getattr(net.config, name) for name in untellable}
    assert load_generator(net.state_dict(), **overrides).config == net.config


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"classes": 184}, {"classes": 182, "unknown": True, "instance_edges": True}),
        ({"classes": 151}, {"classes": 150, "unknown": True, "instance_edges": False}),
        ({"classes": 36}, {"classes": 35, "unknown": False, "instance_edges": True}),
        ({"z_dim": 0}, {"upsampling": "normal", "crop_size": 256}),
        ({"classes": 36, "z_dim": 0}, {"upsampling": "more", "crop_size": 512, "aspect_ratio": 2}),
        ({"crop_size": 256}, {"upsampling": "normal", "crop_size": 256, "aspect_ratio": 1}),
        ({"crop_size": 256, "aspect_ratio": 2}, {"upsampling": "normal", "crop_size": 256, "aspect_ratio": 2}),
        ({"crop_size": 256, "upsampling": "more"}, {"upsampling": "more", "crop_size": 256}),
        ({"crop_size": 320}, {"upsampling": "normal", "crop_size": 320}),
        ({"crop_size": 512, "upsampling": "most"}, {"upsampling": "most", "crop_size": 512}),
    ],
)
def test_defaults_where_nothing_is_given(changes, expected):
    found = load_generator(generator(config(**changes)).state_dict()).config
    assert {name: getattr(found, name) for name in expected} == expected


def test_the_number_of_classes_tells_the_other_channels():
    state = generator(config(classes=5, unknown=True, instance_edges=True)).state_dict()
    found = load_generator(state, classes=5).config
    assert (found.unknown, found.instance_edges) == (True, True)
    assert load_generator(state, classes=6).config.unknown


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"ngf": 8}, "ngf is given as 8, but the tensors have 4"),
        ({"classes": 3}, "classes is given as 3, but the tensors have 7"),
        ({"crop_size": 512}, "16 cells, which does not fit crop_size=512"),
        ({"depth": 3}, "no setting 'depth'"),
    ],
)
def test_settings_that_contradict_the_tensors(overrides, message):
    with pytest.raises(ValueError, match=message):
        load_generator(generator(config()).state_dict(), **overrides)


def test_spectral_norm_is_folded():
    net = generator(config(crop_size=256))
    state = with_spectral_norm(net)
    loaded = load_generator(state)
    for name, weight in loaded.state_dict().items():
        if f"{name}_orig" in state:
            assert torch.linalg.matrix_norm(weight.flatten(1), 2) == pytest.approx(1, abs=1e-4)
            assert torch.allclose(weight * 3.7, state[f"{name}_orig"], atol=1e-5)
    without_v = {name: value for name, value in state.items() if not name.endswith("weight_v")}
    assert same(load_generator(without_v), loaded, 1e-5)
    parallel = {f"module.{name}": value for name, value in state.items()}
    assert same(load_generator(parallel), loaded)
    style = encoder()
    folded = load_encoder(with_spectral_norm(style)).state_dict()
    assert torch.linalg.matrix_norm(folded["layer3.0.weight"].flatten(1), 2) == pytest.approx(1, abs=1e-4)


def test_spectral_norm_by_torch_gives_the_same_weights():
    from torch.nn.utils import spectral_norm

    net = generator(config(crop_size=256))
    for block in ("head_0", "up_2"):
        for name in ("conv_0", "conv_1"):
            spectral_norm(net.get_submodule(f"{block}.{name}").train())
    net.up_2.conv_0(torch.rand(1, 16, 4, 4))
    net.eval()
    net.up_2.conv_0(torch.rand(1, 16, 4, 4))
    loaded = load_generator(net.state_dict())
    assert torch.allclose(loaded.up_2.conv_0.weight, net.up_2.conv_0.weight, atol=1e-6)


def test_missing_counters_of_the_batch_norm():
    net = generator(config(crop_size=256))
    state = {name: value for name, value in net.state_dict().items() if "num_batches" not in name}
    assert same(load_generator(state), net)


def test_the_first_mismatch_is_named():
    net = generator(config(crop_size=256))
    state = net.state_dict()
    missing = {name: value for name, value in state.items() if name != "up_1.conv_0.bias"}
    with pytest.raises(ValueError, match=r"up_1\.conv_0\.bias is missing.*a GauGAN generator"):
        load_generator(missing)
    with pytest.raises(ValueError, match=r"conv_img\.weight has the shape \[3, 5, 3, 3\] where \[3, 4, 3, 3\]"):
        load_generator(state | {"conv_img.weight": torch.zeros(3, 5, 3, 3)})
    with pytest.raises(ValueError, match=r"up_9\.weight is not part of this network"):
        load_generator(state | {"up_9.weight": torch.zeros(3)})
    with pytest.raises(ValueError, match=r"head_0\.conv_0\.weight_u is missing"):
        spectral = with_spectral_norm(net)
        del spectral["head_0.conv_0.weight_u"], spectral["head_0.conv_0.weight_v"]
        load_generator(spectral)


@pytest.mark.parametrize(
    ("names", "kind"),
    [
        (["discriminator_0.model0.0.weight"], "a GauGAN discriminator"),
        (["fc_mu.weight", "layer1.0.weight"], "a GauGAN style encoder"),
        (["model.1.weight"], "a pix2pixHD generator"),
        (["z_rec", "noise_amplitudes"], "a SinGAN"),
        (["a.b", "c.d"], r"an unknown file \(its tensors begin with a\.b, c\.d\)"),
        ([], "empty"),
    ],
)
def test_other_files_are_recognised(names, kind):
    state = {name: torch.zeros(2, 2, 7, 7) for name in names}
    with pytest.raises(ValueError, match=kind):
        load_generator(state)
    if "encoder" not in kind:
        with pytest.raises(ValueError, match="not a GauGAN style encoder"):
            load_encoder(state)


def test_encoder_round_trip():
    for style in (encoder(), encoder(layers=5, z_dim=3, ndf=2), encoder(layers=0, ndf=64, colors=True, grid=3)):
        copy = load_encoder(style.state_dict())
        assert same(copy, style)
        assert copy.config == style.config


class Hostile:
    def __init__(self, command):
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_code_in_a_pth_file_does_not_run(tmp_path):
    trace = tmp_path / "it_ran"
    torch.save({"fc.weight": torch.zeros(1), "x": Hostile(f"touch {trace}")}, tmp_path / "hostile.pth")
    with pytest.raises(ValueError, match=r"hostile\.pth holds more than tensors"):
        load(tmp_path / "hostile.pth")
    assert not trace.exists()
    torch.load(tmp_path / "hostile.pth", weights_only=False)
    assert trace.exists()


def test_pth_files(tmp_path):
    net = generator(config(crop_size=256))
    torch.save(with_spectral_norm(net), tmp_path / "new.pth")
    torch.save({"state_dict": net.state_dict()}, tmp_path / "old.pth", _use_new_zipfile_serialization=False)
    assert load(tmp_path / "new.pth").generator.config == net.config
    assert same(load(tmp_path / "old.pth").generator, net)


def test_damaged_and_foreign_files(tmp_path):
    buffer = io.BytesIO()
    torch.save(generator(config()).state_dict(), buffer)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "no weights")
    for suffix in (".pth", ".safetensors"):
        path = tmp_path / f"file{suffix}"
        for data in (b"", b"no weights at all", buffer.getvalue()[:-200], buffer.getvalue()[:50], archive.getvalue()):
            path.write_bytes(data)
            with pytest.raises(ValueError, match=r"^file\.\w+ .*is damaged"):
                load(path)
    with pytest.raises(FileNotFoundError, match=r"no file nowhere\.pth"):
        load(tmp_path / "nowhere.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ValueError, match=r"list\.pth is not a state dict"):
        load(tmp_path / "list.pth")


def test_newer_and_foreign_formats(tmp_path):
    path = tmp_path / "g.safetensors"
    net = generator(config())
    save_file(net.state_dict(), path, {"format_version": "9"})
    with pytest.raises(ValueError, match=r"g\.safetensors has format 9, which is newer"):
        load(path)
    save_file(net.state_dict(), path, {"config": json.dumps({"ngf": 5})})
    with pytest.raises(ValueError, match=r"g\.safetensors: ngf is given as 5"):
        load(path)


def test_convert(tmp_path, capsys):
    net, style = generator(config(upsampling="more", crop_size=256)), encoder()
    torch.save(with_spectral_norm(net), tmp_path / "G.pth")
    torch.save(with_spectral_norm(style), tmp_path / "E.pth")
    out = tmp_path / "out.safetensors"
    options = ["--encoder", str(tmp_path / "E.pth"), "--upsampling", "more", "--taxonomy", "toys"]
    convert.main([str(tmp_path / "G.pth"), str(out), *options])
    assert "upsampling='more'" in capsys.readouterr().out
    copy = load(out)
    assert copy.generator.config == net.config
    assert copy.encoder.config == style.config
    assert copy.metadata["taxonomy"] == "toys"
    with pytest.raises(SystemExit, match="1"):
        convert.main([str(tmp_path / "E.pth"), str(out)])
    assert "not a GauGAN generator; it seems to be a GauGAN style encoder" in capsys.readouterr().err
