import os

import folder_paths
import pytest

import headless


@pytest.fixture
def models(comfy_folders):
    """Two folders of one kind of model, with files."""
    for name in ("first/a.safetensors", "first/sub/b.safetensors", "first/notes.txt", "second/a.safetensors"):
        path = comfy_folders / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    folder_paths.add_model_folder_path("toys", str(comfy_folders / "models" / "first"))
    folder_paths.add_model_folder_path("toys", str(comfy_folders / "models" / "second"))
    return comfy_folders / "models"


def test_a_new_kind_of_model_lists_every_file(models):
    assert folder_paths.get_filename_list("toys") == [
        "a.safetensors",
        "notes.txt",
        os.path.join("sub", "b.safetensors"),
    ]


def test_extensions_filter_the_list(models):
    paths, _ = folder_paths.folder_names_and_paths["toys"]
    folder_paths.folder_names_and_paths["toys"] = (paths, {".safetensors"})
    assert folder_paths.get_filename_list("toys") == ["a.safetensors", os.path.join("sub", "b.safetensors")]


def test_the_first_folder_wins(models):
    assert folder_paths.get_full_path("toys", "a.safetensors") == str(models / "first" / "a.safetensors")


def test_a_default_folder_goes_first_even_if_known(models):
    folder_paths.add_model_folder_path("toys", str(models / "second"), is_default=True)
    assert folder_paths.get_folder_paths("toys") == [str(models / "second"), str(models / "first")]


def test_adding_a_folder_twice_changes_nothing(models):
    before = folder_paths.get_folder_paths("toys")
    folder_paths.add_model_folder_path("toys", str(models / "second"))
    assert folder_paths.get_folder_paths("toys") == before


def test_dots_do_not_lead_out_of_a_model_folder(models):
    (models / "secret.txt").write_text("x")
    assert folder_paths.get_full_path("toys", "../secret.txt") is None
    assert folder_paths.get_full_path("toys", "../first/../a.safetensors") == str(models / "first" / "a.safetensors")
    with pytest.raises(FileNotFoundError, match=r"'toys'.*'nothing'"):
        folder_paths.get_full_path_or_raise("toys", "nothing")


def test_model_folders_move_with_the_models_and_others_stay(models, comfy_folders):
    folder_paths.add_model_folder_path("toys", str(comfy_folders / "elsewhere"))
    headless.configure_folders(comfy_folders / "new")
    new = comfy_folders / "new" / "models"
    assert folder_paths.get_folder_paths("toys") == [
        str(new / "first"),
        str(new / "second"),
        str(comfy_folders / "elsewhere"),
    ]
    assert folder_paths.get_folder_paths("checkpoints") == [str(new / "checkpoints")]
    assert folder_paths.get_folder_paths("custom_nodes") == [str(comfy_folders / "new" / "custom_nodes")]


def test_an_unknown_kind_of_model_is_a_key_error(comfy_folders):
    with pytest.raises(KeyError):
        folder_paths.get_filename_list("no such kind")
    assert folder_paths.get_full_path("no such kind", "a") is None


def test_annotations_name_the_folder(comfy_folders):
    assert folder_paths.annotated_filepath("a/b.png [output]") == ("a/b.png", str(comfy_folders / "output"))
    assert folder_paths.annotated_filepath("a/b.png") == ("a/b.png", None)
    assert folder_paths.get_annotated_filepath("b.png") == str(comfy_folders / "input" / "b.png")
    assert folder_paths.get_annotated_filepath("b.png [temp]") == str(comfy_folders / "temp" / "b.png")


@pytest.mark.parametrize("name", ["../../etc/passwd [input]", "/etc/passwd", "../output/x.png"])
def test_annotated_names_stay_in_their_folder(comfy_folders, name):
    (comfy_folders / "output" / "x.png").write_text("x")
    assert not folder_paths.exists_annotated_filepath(name)
    with pytest.raises(ValueError, match="Invalid file path"):
        folder_paths.get_annotated_filepath(name)


def test_a_link_does_not_lead_out_either(comfy_folders):
    (comfy_folders / "secret.png").write_text("x")
    (comfy_folders / "input" / "link.png").symlink_to(comfy_folders / "secret.png")
    assert not folder_paths.exists_annotated_filepath("link.png")


def save_path(comfy_folders, prefix, width=0, height=0):
    return folder_paths.get_save_image_path(prefix, str(comfy_folders / "output"), width, height)


def test_saved_pictures_are_counted_by_prefix(comfy_folders):
    output = comfy_folders / "output"
    for name in ("a_00004_.png", "a_00002_.png", "ab_00009_.png", "a_b_.png", "b_00007_.webp", "a"):
        (output / name).write_text("x")
    folder, *rest = save_path(comfy_folders, "a")
    assert os.path.samefile(folder, output) and rest == ["a", 5, "", "a"]
    assert save_path(comfy_folders, "b")[2] == 8
    assert save_path(comfy_folders, "c")[2] == 1


def test_a_prefix_may_hold_a_subfolder_and_the_size(comfy_folders):
    folder, name, counter, subfolder, prefix = save_path(comfy_folders, "sub/x_%width%x%height%", 64, 32)
    assert (name, counter, subfolder, prefix) == ("x_64x32", 1, "sub", "sub/x_64x32")
    assert os.path.isdir(folder)


def test_dates_in_a_prefix_have_two_digits(comfy_folders):
    name = save_path(comfy_folders, "%year%-%month%-%day%")[1]
    assert [len(part) for part in name.split("-")] == [4, 2, 2]


def test_nothing_is_saved_outside_of_the_output_folder(comfy_folders):
    with pytest.raises(Exception, match="outside the output folder"):
        save_path(comfy_folders, "../elsewhere/a")
    assert not (comfy_folders / "elsewhere").exists()
