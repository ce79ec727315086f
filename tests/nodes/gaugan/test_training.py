import os
import sys

import numpy as np
import pytest
import torch
from PIL import Image

from gaugan_toys import photo, published, training_folder


@pytest.fixture
def modules(pack, node_classes, monkeypatch):
    """The trainer's modules of the pack, with a preset that trains in a second."""
    training = f"{pack.__name__}.gan_models.gaugan.training"
    found = {name: sys.modules[f"{training}.{name}"] for name in ("presets", "loop", "run")}
    toy = {"ngf": 2, "nhidden": 4, "z_dim": 6, "crop_size": 32, "discriminator_ndf": 4, "encoder_ndf": 2,
           "encoder_layers": 3, "size": 32, "batch": 2, "steps": 3}  # fmt: skip
    monkeypatch.setitem(found["presets"].PRESETS, "small", {"paper": toy, "projected": toy})
    monkeypatch.setitem(found["presets"].DEFAULTS, "small", "paper")
    monkeypatch.setattr(found["loop"], "RESULT_BATCHES", 2)
    return found


@pytest.fixture
def train(call, modules, comfy_folders):
    """``train(**changes)``: one call of the node with a folder of pairs in ComfyUI's input folder."""
    training_folder(comfy_folders / "input" / "blobs")
    widgets = {"data": "folder", "folder": "blobs", "taxonomy": "landscape", "name": "toy", "preset": "small",
               "minutes": 0.0, "seed": 2**64 - 1}  # fmt: skip
    return lambda **changes: call("Train", **widgets | changes)


def test_train_gives_a_model_that_paints_and_goes_on(train, call, said, comfy_folders, label_map):
    model = train()
    assert said[-1].startswith("trained for 3 steps in 0.") and " minutes on blobs; classes of 'landscape'" in said[-1]
    assert any(text.startswith("step 2, ") for text in said)
    style = call("EncodeStyle", model=model, image=photo())
    assert call("Generate", model=model, label_map=label_map(64, 96), seed=0, style=style).shape == (1, 64, 96, 3)
    train(steps=4, learning_rate=0.001, flips=False)
    assert said[-1].startswith("trained for 4 steps")
    folder = comfy_folders / "models" / "gaugan" / "training" / "toy"
    assert {"log.csv", "model.safetensors", "run.safetensors"} <= {file.name for file in folder.iterdir()}


def test_the_papers_baseline_trains_too(train, call, label_map):
    model = train(generator="pix2pixhd")
    assert type(model.model.generator).__name__ == "Pix2PixHD"
    loaded = call("Load", name=call("Save", model=model, name="baseline"))
    assert call("Generate", model=loaded, label_map=label_map(64, 96), seed=0).shape == (1, 64, 96, 3)


def test_without_vgg19_the_training_goes_on_and_says_so(train, pack, said, monkeypatch):
    def offline(entry, folder, on_progress):
        raise FileNotFoundError(f"could not download {entry.name}")

    monkeypatch.setattr(sys.modules[f"{pack.__name__}.gan_models.gaugan.training.perceptual"], "resolve", offline)
    train(perceptual=True)
    assert "training continues without the VGG19 loss: could not download vgg19" in said


def test_rendered_landscapes_are_kept_with_the_run(train, comfy_folders, said):
    train(data="rendered landscapes", folder="", steps=1)
    assert "on 2000 rendered landscapes" in said[-1]
    assert list(comfy_folders.glob("models/gaugan/training/toy/scenes/*/images/*.jpg"))


def test_stop_keeps_what_was_reached(train, modules, monkeypatch, said, comfy_folders):
    from comfy import model_management

    trainer = sys.modules[modules["run"].Trainer.__module__].Trainer
    step = trainer.train_step

    def pressed(self, *batch):
        if self.step == 4:
            model_management.interrupt_current_processing()
        return step(self, *batch)

    monkeypatch.setattr(trainer, "train_step", pressed)
    with pytest.raises(model_management.InterruptProcessingException):
        train(steps=1000)
    folder = comfy_folders / "models" / "gaugan" / "training" / "toy"
    assert modules["run"].load_state(folder / "run.safetensors").step == 5
    assert not (folder / "model.safetensors").exists()
    train(steps=7)
    assert said[-1].startswith("trained for 7 steps")


def test_previews_reach_the_node(modules, train, monkeypatch):
    from comfy import utils

    monkeypatch.setattr(modules["loop"], "FIRST_PREVIEW_SECONDS", 0)
    seen = []
    with utils.progress_hook(lambda value, total, preview, node_id=None: seen.append((value, total, preview))):
        train()
    pictures = [preview[1].size for *_, preview in seen if preview]
    assert len(pictures) >= 2 and set(pictures) == {(2 * 32, 4 * 32)}
    assert seen[-1][:2] == (3, 3)


def test_train_works_in_inference_mode_as_comfyui_calls_it(node_classes, train):
    with torch.inference_mode():
        model = train()
    assert model.model.generator.conv_img.weight.abs().max() > 0


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"folder": " "}, "folder is empty"),
        ({"folder": "missing"}, "folder: there is no folder missing/images"),
        ({"data": "rendered landscapes", "taxonomy": "ade20k"}, "taxonomy is 'ade20k', but rendered landscapes"),
        ({"name": "../outside"}, "is not a valid name for a model file"),
        ({"size": 40}, "size 40 gives pictures of 40×40, but the sides must be multiples of 32"),
        ({"batch": 1}, "batch 1 at size 32 leaves batch norm only one number"),
    ],
)
def test_bad_inputs_are_named(train, comfy_folders, changes, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        train(**changes)
    assert not list(comfy_folders.rglob("*.safetensors"))


def test_another_seed_needs_another_name(train):
    train()
    with pytest.raises(ValueError, match=r"a run with seed 18446744073709551615, which cannot become 0"):
        train(seed=0)


def test_changed_pairs_train_again(train, node_classes, comfy_folders):
    def fingerprint(**inputs):
        widgets = {"data": "folder", "folder": "blobs", "taxonomy": "landscape", "seed": 0}
        return node_classes["GauGANTrain"].fingerprint_inputs(**widgets | inputs)

    before = fingerprint()
    assert fingerprint() == before and fingerprint(data="rendered landscapes") == [None]
    pairs = comfy_folders / "input" / "blobs"
    Image.fromarray(np.zeros((8, 8), np.uint8)).save(pairs / "labels" / "9.png")
    seen = [before, fingerprint()]
    (pairs / "styles").mkdir()
    (pairs / "styles" / "0.txt").write_text("sunset")
    seen.append(fingerprint())
    (pairs / "labels" / "9.png").write_bytes(b"older")
    os.utime(pairs / "labels" / "9.png", (0, 0))
    seen.append(fingerprint())
    for name, other in ("0.png", "swapped"), ("9.png", "0.png"), ("swapped", "9.png"):
        (pairs / "labels" / name).rename(pairs / "labels" / other)
    seen.append(fingerprint())
    assert len({*map(str, seen)}) == len(seen)


def test_save_and_load(call, files, model, label_map, said):
    name = call("Save", model=model, name="coast/evening", precision="float32")
    assert name == "coast/evening.safetensors" and said[-1] == "saved as models/gaugan/coast/evening.safetensors"
    assert call("Save", model=model, name="coast/evening") == "coast/evening_2.safetensors"
    images = [
        call("Generate", model=loaded, label_map=label_map(), seed=3)
        for loaded in (model, call("Load", name=name), call("Load", name="coast/evening_2.safetensors"))
    ]
    assert torch.equal(images[0], images[1])
    assert torch.allclose(images[0], images[2], atol=0.02)
    sizes = [(files / "coast" / file).stat().st_size for file in ("evening.safetensors", "evening_2.safetensors")]
    assert sizes[1] < 0.7 * sizes[0]


def test_what_a_file_says_is_kept(call, train, said):
    name = call("Save", model=train(), name="mine")
    loaded = call("Load", name=name)
    assert loaded.model.trained.startswith("trained for 3 steps") and loaded.model.taxonomy == "landscape"


def test_the_loader_offers_models_of_runs_and_not_their_states(train, node_classes, folder):
    train()
    (folder / "vgg19.safetensors").write_bytes(b"x")
    options = node_classes["GauGANLoad"].define_schema().inputs[0].options
    assert "training/toy/model.safetensors" in options
    assert not {"training/toy/run.safetensors", "vgg19.safetensors"} & {*options}


def test_the_state_of_a_run_is_no_model(train, call):
    train()
    with pytest.raises(ValueError, match="it seems to be the state of a GauGAN training"):
        call("Load", name="training/toy/run.safetensors")


def test_the_nodes_are_reachable_by_the_executor(run, modules, comfy_folders):
    training_folder(comfy_folders / "input" / "blobs")
    nodes = {
        "1": {"class_type": "GauGANTrain", "inputs": {
            "data": "folder", "folder": "blobs", "taxonomy": "landscape", "name": "toy", "preset": "small",
            "minutes": 0.0, "seed": 0, "size": 0, "batch": 0, "steps": 2, "learning_rate": 0.0, "flips": True,
            "generator": "spade", "perceptual": False}},
        "2": {"class_type": "GauGANSave", "inputs": {
            "model": ["1", 0], "name": "made", "overwrite": True, "precision": "float16"}},
    }  # fmt: skip
    assert run(nodes).value("2", 0) == "made.safetensors"
    assert (comfy_folders / "models" / "gaugan" / "made.safetensors").is_file()


def test_discriminators_on_features_train_and_fetch_their_weights(train, pack, monkeypatch, tmp_path, said, call):
    asked = []

    def resolve(entry, folder, on_progress):
        asked.append((entry.name, folder.name))
        torch.save(published(), tmp_path / "lite0.pth")
        return tmp_path / "lite0.pth"

    monkeypatch.setattr(sys.modules[f"{pack.__name__}.gan_models.gaugan.training.features"], "resolve", resolve)
    model = train(discriminators="projected")
    assert asked == [("efficientnet-lite0", "gaugan")] and said[-1].startswith("trained for 3 steps")
    assert call("EncodeStyle", model=model, image=photo()).z.shape == (1, 6)


def test_without_weights_of_the_features_the_error_says_where_to_get_them(train, monkeypatch, comfy_folders):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(FileNotFoundError, match=r"could not download efficientnet-lite0.*save it in"):
        train(discriminators="projected")
    assert not (comfy_folders / "models" / "gaugan" / "training" / "toy" / "run.safetensors").exists()


def test_the_classes_are_told_at_the_start(train, said):
    train(palette="ids")
    assert said[0].startswith("4 label maps (ids of 'landscape') with the classes ")
    assert any(f"{name} " in said[0] for name in ("sky", "mountain", "clouds"))


def test_the_offset_and_the_palette_reach_the_training(train, said):
    train(offset=3, name="shifted")
    assert said[0].startswith("4 label maps (ids of 'landscape' with offset 3)")
    with pytest.raises(ValueError, match="every training pair is damaged"):
        train(palette="landscape", name="colours")
    assert any("match no 'landscape' colour" in text for text in said)


def test_a_quoted_path_is_a_path(train, said, comfy_folders):
    train(folder=f'"{comfy_folders / "input" / "blobs"}"')
    assert " minutes on blobs; " in said[-1]


def test_new_widgets_come_last(node_classes):
    ids = [entry.id for entry in node_classes["GauGANTrain"].GET_SCHEMA().inputs]
    assert ids == ["data", "folder", "taxonomy", "name", "preset", "minutes", "seed", "size", "batch", "steps",
                   "learning_rate", "flips", "generator", "perceptual", "discriminators", "palette",
                   "offset", "images", "label_maps", "model"]  # fmt: skip


@pytest.fixture
def few_steps(modules, monkeypatch):
    """The preset "fine-tune" with the paper's discriminators, three steps and small batches."""
    toy = modules["presets"].TUNING | {"steps": 3, "batch": 2, "discriminator_ndf": 4}
    monkeypatch.setitem(modules["presets"].PRESETS, "fine-tune", {"paper": toy, "projected": toy})
    monkeypatch.setitem(modules["presets"].DEFAULTS, "fine-tune", "paper")


@pytest.fixture
def connected(train, label_map):
    """``connected(**changes)``: a call with pictures and label maps on the sockets."""
    given = {"data": "connected pictures", "folder": "", "images": [photo(64, 96, 2)],
             "label_maps": [label_map(64, 96, 2)]}  # fmt: skip
    return lambda **changes: train(**given | changes)


def test_connected_pictures_of_several_sizes_train_a_model(connected, label_map, said):
    model = connected(images=[photo(64, 96, 2), photo(80, 64)], label_maps=[label_map(64, 96, 2), label_map(80, 64)])
    assert " minutes on 3 connected pictures; " in said[-1] and model.model.encoder.seen is not None
    assert any(text.startswith("3 label maps with the classes ") for text in said)


def test_fine_tuning_keeps_architecture_encoder_and_statistics(train, connected, few_steps, call, said):
    start = train()
    tuned = connected(name="tuned", preset="fine-tune", model=[start]).model
    assert tuned.generator.config == start.model.generator.config
    before, after = start.model.state_dict(), tuned.state_dict()
    for name in before:
        same = torch.equal(before[name].float(), after[name].float())
        if name.startswith("encoder.fc") or ".running_" in name:
            assert same, name
    moved = (before["generator.conv_img.weight"].float() - after["generator.conv_img.weight"].float()).abs().max()
    assert 0 < moved < 0.1
    assert "trained for 3 steps" in said[-1] and "trained at 32×32" in said[-1]


def test_other_pictures_or_another_model_under_the_same_name_are_refused(train, connected, few_steps, call):
    first, second = train(), train(name="second", seed=1)
    tune = {"name": "tuned", "preset": "fine-tune", "model": [first]}
    connected(**tune)
    connected(**tune | {"steps": 4})
    with pytest.raises(ValueError, match="the run 'tuned' was begun with other pictures; give the same"):
        connected(**tune | {"steps": 4, "images": [photo(64, 96, 2, seed=5)]})
    with pytest.raises(ValueError, match="the run 'tuned' was begun with other model"):
        connected(**tune | {"steps": 4, "model": [second]})


def test_connected_inputs_that_do_not_fit_are_named(train, connected, label_map, few_steps, call, said):
    with pytest.raises(ValueError, match="there are 2 pictures and 1 label map; every picture needs one label map"):
        connected(label_maps=[label_map(64, 96)])
    with pytest.raises(ValueError, match="picture 1 is 96×64, but its label map is 64×64; give both the same size"):
        connected(label_maps=[label_map(64, 64, 2)])
    with pytest.raises(ValueError, match="data is 'connected pictures', but label_maps is not connected"):
        connected(label_maps=None)
    with pytest.raises(ValueError, match="images is connected, but data is 'folder'; set data to 'connected pictures'"):
        train(images=[photo()])
    broken = photo(64, 96, 2)
    broken[1, 3, 3] = float("nan")
    with pytest.raises(ValueError, match="images contains pixels"):
        connected(images=[broken])
    with pytest.raises(ValueError, match="the preset 'fine-tune' needs a trained model to start from"):
        connected(preset="fine-tune")
    model = train()
    with pytest.raises(ValueError, match="taxonomy is 'ade20k', but the connected model has"):
        connected(preset="fine-tune", model=[model], taxonomy="ade20k")
    with pytest.raises(ValueError, match="put Remap Label Map in between"):
        connected(label_maps=[label_map(64, 96, 2, taxonomy="ade20k")])


def test_lists_of_a_node_are_unpacked(pack):
    host = sys.modules[f"{pack.__name__}.nodes.host"]

    class Node:
        @classmethod
        @host.takes_lists("images")
        def execute(cls, name, images=None, **others):
            return name, images, others

    assert Node.execute(["a", "b"], images=[1, 2], seed=[3]) == ("a", [1, 2], {"seed": 3})
    assert Node.execute("a", images=1) == ("a", [1], {})
    assert Node.execute("a") == ("a", None, {})
    with pytest.raises(ValueError, match="seed is an empty list"):
        Node.execute("a", seed=[])
