"""Names of models: none leads out of its folder or over a training, and every model that was saved is listed."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties import few, sentence

ODD = "ab./\\ \n\x00:é\ud800~.-_"


@pytest.fixture
def saved(pack, comfy_folders):
    """Saves something under a name, and returns the file."""
    host, files = pack.nodes.host, pack.nodes.gaugan_files

    def save(name):
        path = host.new_model_path("gaugan", name, trainings=True, taken=files.downloads())
        return pack.gan_models.files.write_atomically(path, b"model")

    return save


@few(80)
@given(name=st.text(max_size=30) | st.text(ODD, max_size=20))
@example(name="a" * 300)
@example(name="training_run")
@example(name="trainings/run")
@example(name="gaugan-landscape")
def test_saved_models_are_listed_and_inside(pack, comfy_folders, saved, name):
    models = comfy_folders / "models" / "gaugan"
    with sentence():
        path = saved(name)
        assert path.resolve().is_relative_to(models.resolve())
        assert path.relative_to(models).as_posix() in pack.nodes.gaugan_files.local_files()
    assert {entry.name for entry in comfy_folders.iterdir()} <= {"input", "output", "temp", "user", "models"}


@pytest.mark.parametrize("name", ["training/run/run", "training/x", "training/run/model"])
def test_no_model_is_saved_over_a_training(saved, name):
    with pytest.raises(ValueError, match="lies in the folder of the training runs"):
        saved(name)


@pytest.mark.parametrize("name", ["vgg19", "VGG19", "efficientnet-lite0"])
def test_no_model_takes_the_name_of_a_download(saved, name):
    with pytest.raises(ValueError, match="is the name of a file that the pack downloads"):
        saved(name)


@pytest.mark.parametrize("name", ["", "..", "a/../..", "/etc/x", "C:x", "a\0b", "\ud800", "a\nb", ".git/x", "é" * 150,
                                  "a/../b", "a\\..\\b", "a/../vgg19", "a/../training/x", "./a", "a/./b",
                                  "a/.. /b"])  # fmt: skip
def test_names_that_are_none(saved, comfy_folders, name):
    with pytest.raises(ValueError, match=r"is not a valid name for a model file|is too long for the name") as caught:
        saved(name)
    assert str(caught.value).isprintable() and not list((comfy_folders / "models").rglob("*"))


def test_nothing_is_saved_through_a_link_that_leads_out(saved, comfy_folders):
    models, disk = comfy_folders / "models" / "gaugan", comfy_folders / "disk"
    models.mkdir(parents=True)
    disk.mkdir()
    (models / "disk").symlink_to(disk)
    (models / "here").symlink_to(models)
    with pytest.raises(ValueError, match=r"^'disk/oak' leads out of .*gaugan through a link; give a name that stays"):
        saved("disk/oak")
    saved("here/oak")
    assert (models / "oak.safetensors").is_file() and not list(disk.iterdir())


@pytest.mark.parametrize("reference", ["a\0b", "\ud800", "a" * 300, "x\n[input]", "../x"])
def test_names_of_input_files(pack, comfy_folders, reference):
    with pytest.raises((ValueError, FileNotFoundError), match=r"leads out of|there is no file"):
        pack.nodes.host.input_file(reference)
