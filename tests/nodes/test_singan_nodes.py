import dataclasses
import threading
import time

import pytest
import torch

from gan_models.singan import SinGAN
from gan_models.singan.checkpoint import encode
from singan_released_toys import contents, write
from singan_toys import TOY, picture, trained


@pytest.fixture(scope="module")
def model(pack):
    """A small SinGAN, as the socket carries it."""
    return pack.nodes.host.ManagedModel(trained())


@pytest.fixture
def toy_presets(nodes, monkeypatch):
    """Presets that train in a second."""
    import sys

    presets = sys.modules[nodes["SinGANTrain"].execute.__func__.__globals__["SinGANConfig"].__module__].PRESETS
    for name in presets:
        monkeypatch.setitem(presets, name, dataclasses.replace(presets[name], **toy_changes()))


def toy_changes():
    return {"channels": 8, "iterations": 6, "coarse_iterations": 6, "pool": 2, "pool_iterations": 3}


def comfy_picture(*size, **options):
    return (picture(*size, **options).movedim(1, -1) + 1) / 2


def test_every_input_and_output_has_a_tooltip_and_every_node_its_texts(pack, node_classes):
    import asyncio

    for node in asyncio.run(pack.GANAtelier().get_node_list()):
        schema = node.GET_SCHEMA()
        assert schema.description and schema.display_name and schema.search_aliases, schema.node_id
        assert schema.category.startswith("GAN Atelier/"), schema.node_id
        for socket in [*schema.inputs, *schema.outputs]:
            assert socket.tooltip, f"{schema.node_id}: {socket}"


def test_train_gives_a_model_and_its_reconstruction(call, toy_presets):
    image = comfy_picture()
    before = image.clone()
    model, reconstruction = call("SinGANTrain", image=image, preset="draft", seed=2**64 - 1)
    assert reconstruction.shape == (1, 44, 56, 3)
    assert 0 <= reconstruction.min() and reconstruction.max() <= 1
    assert model.model.finished and model.model.config.iterations == 6
    assert torch.equal(image, before)
    again, _ = call("SinGANTrain", image=image, preset="draft", seed=2**64 - 1)
    assert torch.equal(model.model.reconstruct(), again.model.reconstruct())


def test_a_trained_model_is_kept_until_it_is_saved(call, toy_presets, comfy_folders, said):
    folder = comfy_folders / "models" / "singan" / "unfinished"
    folder.mkdir(parents=True)
    half = encode(SinGAN(TOY, trained().sizes, trained().training_images, trained().z_rec))
    (folder / "half.unfinished").write_bytes(half)
    model, _ = call("SinGANTrain", image=comfy_picture(), preset="draft", seed=1)
    total = len(trained().sizes)
    assert said[-1].endswith(f"; 1 unfinished training is kept in unfinished: 0 of {total} scales at 56×44, 0 min old")
    assert len(list(folder.iterdir())) == 2
    call("SinGANSave", model=model, name="a")
    assert [path.name for path in folder.iterdir()] == ["half.unfinished"]


@pytest.mark.parametrize(
    "preset, options, config",
    [
        ("draft", {"purpose": "super-resolution"}, {"reconstruction_weight": 100.0, "min_size": 18}),
        ("standard", {"purpose": "harmonize", "iterations": 3}, {"harmonizes": True, "min_size": 120, "max_size": 250}),
        ("draft", {"purpose": "harmonize", "iterations": 7}, {"harmonizes": True, "coarse_iterations": 7}),
        ("draft", {"max_size": 40, "iterations": 3}, {"max_size": 40, "iterations": 3, "coarse_iterations": 3}),
        ("draft", {"max_size": 1024}, {"max_size": 1024, "crop": 512}),
        ("draft", {"max_size": 512}, {"max_size": 512, "crop": 0}),
        ("paper", {}, {"normalization": "batch", "critic_steps": 3, "max_size": 250}),
    ],
)
def test_train_follows_its_widgets(call, toy_presets, preset, options, config):
    model, _ = call("SinGANTrain", image=comfy_picture(), preset=preset, seed=1, **options)
    assert {name: getattr(model.model.config, name) for name in config} == config


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_grey_and_transparent_pictures_train(call, toy_presets, channels):
    image = torch.cat([comfy_picture(), torch.ones(1, 44, 56, 1)], -1)[..., :channels]
    model, _ = call("SinGANTrain", image=image, preset="draft", seed=0)
    assert model.model.finished


def test_alpha_is_composited_on_white(pack):
    image = torch.zeros(1, 2, 2, 4)
    image[0, 0, 0, 3] = 1
    converted = pack.nodes.host.to_model(image)
    assert converted[0, :, 0, 0].tolist() == [-1, -1, -1]
    assert converted[0, :, 1, 1].tolist() == [1, 1, 1]


def test_pictures_survive_the_way_there_and_back(pack):
    image = torch.rand(2, 5, 7, 3)
    assert torch.allclose(pack.nodes.host.to_comfy(pack.nodes.host.to_model(image)), image, atol=1e-6)


def test_messages_about_batches_and_sizes(nodes, toy_presets, monkeypatch):
    from server import PromptServer

    import headless

    said = []
    monkeypatch.setattr(PromptServer.instance, "on_text", lambda text, node_id: said.append((node_id, text)))
    image = torch.cat([comfy_picture(200, 160, seed=seed) for seed in range(2)])
    headless.call_node(nodes["SinGANTrain"], unique_id="7", image=image, preset="draft", seed=0)
    node_id, text = said[-1]
    assert node_id == "7"
    assert text.startswith("trained on 2 pictures at 103×128 in ") and text.endswith("; resized from 160×200")


def test_train_learns_every_picture_of_a_batch(call, toy_presets):
    image = torch.cat([comfy_picture(seed=seed) for seed in range(3)])
    model, reconstruction = call("SinGANTrain", image=image, preset="draft", seed=1)
    assert len(model.model.training_images) == 3 and reconstruction.shape == (3, 44, 56, 3)
    mask = torch.ones(1, 44, 56)
    (blended,) = call("SinGANHarmonize", model=model, image=image[:1], mask=mask, start_scale=2, seed=0)
    assert blended.shape == (1, 44, 56, 3)


def test_train_refuses_more_pictures_than_a_model_learns(call, toy_presets):
    with pytest.raises(ValueError, match="there are 17 training images; one model learns at most 16"):
        call("SinGANTrain", image=comfy_picture().expand(17, -1, -1, -1), preset="draft", seed=1)


def test_progress_reaches_the_end_with_previews_at_most_once_a_second(nodes, toy_presets):
    from comfy import utils

    import headless

    seen = []
    with utils.progress_hook(lambda value, total, preview, node_id=None: seen.append((value, total, preview))):
        began = time.monotonic()
        headless.call_node(nodes["SinGANTrain"], image=comfy_picture(), preset="draft", seed=0)
    previews = [preview for _, _, preview in seen if preview]
    assert seen[-1][0] == seen[-1][1]
    assert [value for value, _, _ in seen] == sorted(value for value, _, _ in seen)
    assert 1 <= len(previews) <= 1 + time.monotonic() - began
    assert previews[0][0] == "JPEG" and previews[0][1].size == (112, 44)


def test_stop_ends_training_within_a_second(nodes, comfy_folders):
    from comfy import model_management

    import headless

    image = comfy_picture(120, 160)
    inputs = {"image": image, "preset": "paper", "seed": 0}
    pressed = []
    timer = threading.Timer(1.5, lambda: (pressed.append(time.monotonic()),
                                          model_management.interrupt_current_processing()))  # fmt: skip
    timer.start()
    with pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes["SinGANTrain"], **inputs)
    assert time.monotonic() - pressed[0] < 1
    assert not model_management.processing_interrupted()


def test_save_and_load(call, model, comfy_folders):
    (name,) = call("SinGANSave", model=model, name="trees/oak", overwrite=False)
    (second,) = call("SinGANSave", model=model, name="trees/oak", overwrite=False)
    (replaced,) = call("SinGANSave", model=model, name="trees/oak", overwrite=True)
    assert (name, second, replaced) == (
        "trees/oak.safetensors", "trees/oak_2.safetensors", "trees/oak.safetensors"
    )  # fmt: skip
    (loaded,) = call("SinGANLoad", name=name)
    (before,), (after,) = (call("SinGANSample", model=m, seed=3, batch_size=2) for m in (model, loaded))
    assert torch.equal(before, after)


def test_the_loader_lists_new_files_and_notices_changed_ones(pack, nodes, call, model):
    loader = nodes["SinGANLoad"]
    call("SinGANSave", model=model, name="a", overwrite=True)
    (combo,) = loader.define_schema().inputs
    assert "a.safetensors" in combo.options
    before = loader.fingerprint_inputs(name="a.safetensors")
    call("SinGANSave", model=pack.nodes.host.ManagedModel(trained(seed=8)), name="a", overwrite=True)
    assert loader.fingerprint_inputs(name="a.safetensors") != before


@pytest.mark.parametrize("name", ["", "  ", "../outside", "a/../../outside", "/etc/passwd", "C:\\model", "..", "a/.."])
def test_names_that_lead_out_of_the_folder_are_refused(call, model, comfy_folders, name):
    with pytest.raises(ValueError, match="is not a valid name for a model file"):
        call("SinGANSave", model=model, name=name, overwrite=False)
    assert not list(comfy_folders.rglob("*.safetensors"))


@pytest.mark.parametrize("name", ["../../secret.safetensors", "missing.safetensors"])
def test_the_loader_opens_only_what_it_lists(call, comfy_folders, name):
    (comfy_folders / "secret.safetensors").write_bytes(b"x")
    with pytest.raises(FileNotFoundError, match="there is no model"):
        call("SinGANLoad", name=name)


def test_sample_sizes_and_seeds(call, model):
    (images,) = call("SinGANSample", model=model, seed=2**64 - 1, batch_size=3, width_factor=2.0, height_factor=0.5)
    assert images.shape == (3, 22, 112, 3) and images.device.type == "cpu"
    (other,) = call("SinGANSample", model=model, seed=0, batch_size=3, width_factor=2.0, height_factor=0.5)
    assert not torch.equal(images, other)


@pytest.mark.parametrize(
    "options, size", [({"width": 100}, (22, 100)), ({"height": 31}, (31, 112)), ({"width": 9, "height": 80}, (80, 9))]
)
def test_sample_sizes_in_pixels(call, model, options, size):
    (images,) = call("SinGANSample", model=model, seed=1, width_factor=2.0, height_factor=0.5, **options)
    assert images.shape == (1, *size, 3)


def test_the_training_size_in_pixels_is_the_training_size(call, model):
    (by_factor,) = call("SinGANSample", model=model, seed=1, start_scale=2)
    (by_pixels,) = call("SinGANSample", model=model, seed=1, start_scale=2, width=56, height=44, width_factor=3.0)
    assert torch.equal(by_factor, by_pixels)
    with pytest.raises(ValueError, match=r"must stay 56x44; for 57x44 use start_scale 0"):
        call("SinGANSample", model=model, seed=1, start_scale=2, width=57)


def test_samples_that_keep_the_layout_vary_less(call, model):
    free, near = (call("SinGANSample", model=model, seed=1, batch_size=4, **o)[0] for o in ({}, {"keep_layout": 0.95}))
    assert near.shape == free.shape
    assert near.std(0).mean() < free.std(0).mean() / 1.2
    with pytest.raises(ValueError, match=r"must stay 56x44; for 112x44 use keep_layout 0"):
        call("SinGANSample", model=model, seed=1, keep_layout=0.5, width_factor=2.0)


@pytest.fixture
def released(comfy_folders):
    """A folder of the released format in models/singan, and the model that it holds."""
    original = trained(dataclasses.replace(TOY, normalization="batch"))
    write(comfy_folders / "models" / "singan" / "old" / "oak", contents(original))
    (comfy_folders / "models" / "singan" / "lonely.pth").write_bytes(b"no folder")
    return original


def test_the_loader_lists_and_opens_released_folders(pack, nodes, call, released, comfy_folders):
    loader = nodes["SinGANLoad"]
    (combo,) = loader.define_schema().inputs
    assert combo.options[-1] == "old/oak/" and not [name for name in combo.options if name.endswith(".pth")]
    (loaded,) = call("SinGANLoad", name="old/oak/")
    original = pack.nodes.host.ManagedModel(released)
    (first,), (second,) = (call("SinGANSample", model=m, seed=3) for m in (loaded, original))
    assert torch.allclose(first, second, atol=1e-5)
    (name,) = call("SinGANSave", model=loaded, name="oak")
    (again,) = call("SinGANLoad", name=name)
    assert torch.equal(again.model.reconstruct(), loaded.model.reconstruct())
    before = loader.fingerprint_inputs(name="old/oak/")
    file = comfy_folders / "models" / "singan" / "old" / "oak" / "NoiseAmp.pth"
    torch.save([2.0, *contents(released)["NoiseAmp.pth"][1:]], file)
    assert loader.fingerprint_inputs(name="old/oak/") != before
    file.unlink()
    with pytest.raises(FileNotFoundError, match=r"^NoiseAmp\.pth missing in "):
        call("SinGANLoad", name="old/oak/")


def test_released_files_directly_in_the_model_folder_are_listed(nodes, call, comfy_folders):
    folder = comfy_folders / "models" / "singan"
    original = trained(dataclasses.replace(TOY, normalization="batch"))
    write(folder, contents(original))
    (combo,) = nodes["SinGANLoad"].define_schema().inputs
    assert combo.options[-1] == "./" and "./ is models/singan itself" in combo.tooltip
    (loaded,) = call("SinGANLoad", name="./")
    assert torch.allclose(loaded.model.reconstruct(), original.reconstruct(), atol=1e-6)
    (folder / "Zs.pth").unlink()
    (folder / "reals.pth").unlink()
    with pytest.raises(FileNotFoundError, match=r"Zs\.pth, reals\.pth missing in .*; a released SinGAN is a folder"):
        call("SinGANLoad", name="./")


@pytest.mark.parametrize("name", ["../oak/", "old/", "/", "./", "old/oak/../../../secret/"])
def test_the_loader_opens_only_the_folders_that_it_lists(call, released, comfy_folders, name):
    write(comfy_folders / "models" / "secret", {"Gs.pth": []})
    write(comfy_folders / "models" / "oak", {"Gs.pth": []})
    with pytest.raises(FileNotFoundError, match="there is no model"):
        call("SinGANLoad", name=name)


def test_running_a_node_leaves_the_cached_model_as_it_was(call, model):
    before = {name: value.clone() for name, value in model.model.state_dict().items()}
    call("SinGANSample", model=model, seed=1)
    call("SinGANSuperResolve", model=model, factor=2.0, seed=1)
    assert all(torch.equal(value, before[name]) for name, value in model.model.state_dict().items())


def test_harmonize_takes_a_mask_of_any_size(call, model):
    mask = torch.zeros(31, 17)
    mask[10:20, 5:12] = 1
    image = comfy_picture(88, 112)
    (out,) = call("SinGANHarmonize", model=model, image=image, mask=mask, start_scale=2, seed=0)
    assert out.shape == (1, 44, 56, 3)


def test_harmonize_refuses_a_scale_that_the_model_lacks(call, model):
    with pytest.raises(ValueError, match="start_scale is 20"):
        call("SinGANHarmonize", model=model, image=comfy_picture(), mask=torch.ones(1, 44, 56), start_scale=20, seed=0)


def test_super_resolution_of_the_training_picture_and_of_another(call, model):
    (own,) = call("SinGANSuperResolve", model=model, factor=3.0, seed=0)
    (other,) = call("SinGANSuperResolve", model=model, factor=2.0, seed=0, image=comfy_picture(20, 30))
    assert own.shape == (1, 132, 168, 3) and other.shape == (1, 40, 60, 3)


@pytest.mark.parametrize(
    "node_id, options", [("SinGANSample", {"batch_size": 3}), ("SinGANSuperResolve", {"factor": 4.0})]
)
def test_samples_and_enlargements_show_progress_and_stop_on_request(nodes, model, node_id, options):
    from comfy import model_management, utils

    import headless

    inputs, seen = {"model": model, "seed": 0, **options}, []
    with utils.progress_hook(lambda value, total, preview, node_id=None: seen.append((value, total))):
        headless.call_node(nodes[node_id], **inputs)
    assert len(seen) > 4 and seen == sorted(seen) and seen[-1][0] == seen[-1][1]
    model_management.interrupt_current_processing()
    with pytest.raises(model_management.InterruptProcessingException):
        headless.call_node(nodes[node_id], **inputs)


def test_example_images_are_those_of_the_folder(pack, node_classes):
    from conftest import ROOT

    (combo,) = node_classes["GANAtelierExampleImage"].define_schema().inputs
    files = {file.name for file in (ROOT / "pictures").iterdir() if file.suffix in (".jpg", ".png")}
    assert set(combo.options) == files


def test_example_image_and_its_mask(call):
    image, mask = call("GANAtelierExampleImage", picture="balloons_pasted.png")
    clean, empty = call("GANAtelierExampleImage", picture="balloons.jpg")
    assert image.shape == clean.shape == (1, 384, 512, 3) and mask.shape == (1, 384, 512)
    assert not empty.any() and 0.005 < mask.mean() < 0.2
    changed = (image - clean).abs().amax(-1) > 0.2
    assert (changed & (mask > 0.5)).sum() / changed.sum() > 0.95
