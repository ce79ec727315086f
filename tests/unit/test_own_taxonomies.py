"""Taxonomies of users: files, and numbered classes."""

import json
import signal
import sys

import pytest
import torch
from PIL import Image

from gan_models.gaugan import Synthesizer, open_synthesizer, save
from gan_models.gaugan.train import main
from gan_models.labels import (
    NUMBERED,
    TAXONOMIES,
    LabelMap,
    LabelPicture,
    base_class,
    counterparts,
    encode,
    look_for_taxonomies,
    offer_taxonomy,
    palette,
    read,
    tables,
    taxonomies,
    taxonomy,
    taxonomy_problems,
    to_png,
)
from gan_models.labels.taxonomy_files import generated_color, read_taxonomy
from gaugan_toys import config, generator

PARK = [("path", "#c8b478"), ("lawn", "#50a028"), ("sky", "#78b4f0")]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The folder where taxonomies are looked for."""
    monkeypatch.setattr(sys.modules[taxonomy.__module__], "_places", [])
    look_for_taxonomies(lambda: [tmp_path / "nowhere", tmp_path])
    return tmp_path


@pytest.fixture
def park(folder):
    rows = [{"id": label, "name": name, "color": color} for label, (name, color) in enumerate(PARK)]
    (folder / "park.json").write_text(json.dumps(rows), encoding="utf-8")
    return taxonomy("park")


FORMS = {
    "a.json": '[{"id": 0, "name": "Path", "color": "#c8b478"}, {"id": 1, "name": "lawn", "color": [80, 160, 40]},'
              ' {"id": 2, "name": "sky", "color": "120, 180, 240"}]',
    "b.json": '{"classes": [{"name": "path", "colour": "C8B478"}, {"name": "lawn", "rgb": [80, 160, 40]},'
              ' {"name": "sky", "hex": "#78B4F0"}]}',
    "c.csv": "id,name,color\n0,path,#c8b478\n1,lawn,#50a028\n2,sky,#78b4f0\n",
    "d.csv": "0;path;#c8b478\n2;sky;#78b4f0\n1;lawn;#50a028\n",
    "e.csv": "name,r,g,b\npath,200,180,120\nlawn,80,160,40\nsky,120,180,240",
    "f.csv": "\ufeffName\tId\tColour\npath\t0\t#c8b478\n\nlawn\t1\t80 160 40\nsky\t2\t#78b4f0\n",
    "g.csv": '0,path,200,180,120\n1,lawn,80,160,40\n2,sky,120,180,240\n',
    "h.CSV": 'id,name,colour\r\n0,path,"200,180,120"\r\n1,lawn,#50a028\r\n2,sky,#78b4f0\r\n255,unknown,#000000\r\n',
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_json_and_csv_with_id_name_and_colour(tmp_path, name):
    (tmp_path / name).write_text(FORMS[name], encoding="utf-8", newline="")
    found = read_taxonomy(tmp_path / name, "park")
    assert found.names == ["path", "lawn", "sky", "unknown"] and found.unknown_id == 3 and found.name == "park"
    assert [entry.color for entry in found.classes] == [(200, 180, 120), (80, 160, 40), (120, 180, 240), (0, 0, 0)]


def test_what_a_file_leaves_out_is_completed(tmp_path):
    (tmp_path / "a.csv").write_text("id,name\n1,tree\n4,\n255,void\n", encoding="utf-8")
    found = read_taxonomy(tmp_path / "a.csv", "a")
    assert found.names == ["class 0", "tree", "class 2", "class 3", "class 4", "void"] and found.unknown.name == "void"
    assert [entry.color for entry in found.classes[:5]] == [generated_color(i) for i in range(5)]


def test_a_class_called_unknown_is_the_unknown_one(tmp_path):
    (tmp_path / "a.csv").write_text("0,unknown\n1,tree\n", encoding="utf-8")
    assert (read_taxonomy(tmp_path / "a.csv", "a").unknown_id, len(read_taxonomy(tmp_path / "a.csv", "a"))) == (0, 2)
    (tmp_path / "a.json").write_text('{"classes": [{"name": "off"}, {"name": "on"}], "unknown_id": 0}')
    assert read_taxonomy(tmp_path / "a.json", "a").unknown.name == "off"


@pytest.mark.parametrize(("text", "message"), [
    ("", "must list the classes"),
    ("id,name\n", "must list the classes"),
    ("0,sky\n0,sea\n", "the id 0 occurs twice"),
    ("0,sky\n1,SKY \n", "the name 'sky' occurs twice"),
    ("254,sky\n", "the id 254 is too high; ids run from 0 to 253, and 255 is unknown"),
    ("-1,sky\n", "the id '-1' is not a whole number"),
    ("0,sky,blue\n", "the colour 'blue' is neither like #ff8000 nor three numbers"),
    ("id,name,color\n0,sky,\"1,2,300\"\n", "has a number above 255"),
    ("255,void\n", "at least one class besides unknown"),
])  # fmt: skip
def test_files_with_mistakes_say_what_is_wrong(folder, text, message):
    (folder / "bad.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_taxonomy(folder / "bad.csv", "bad")
    assert taxonomies() == [*TAXONOMIES, NUMBERED]
    (problem,) = taxonomy_problems()
    assert problem.startswith("taxonomy bad.csv cannot be used: ")


@pytest.mark.parametrize("text", ["{", "3", '{"classes": 3}', "[1, 2]", '{"names": []}'])
def test_json_of_another_form(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(ValueError, match=r"not valid JSON|must list the classes"):
        read_taxonomy(tmp_path / "a.json", "a")


def test_binary_files_are_a_problem_and_no_crash(folder):
    (folder / "a.csv").write_bytes(bytes(range(256)))
    assert taxonomies() == [*TAXONOMIES, NUMBERED] and len(taxonomy_problems()) == 1


def test_files_are_listed_between_those_that_ship_and_the_last_resort(park, folder):
    (folder / "readme.txt").write_text("x")
    (folder / "park.csv").write_text("0,bench\n")
    (folder / "landscape.csv").write_text("0,bench\n")
    assert taxonomies() == [*TAXONOMIES, "landscape.csv", "park", "park.json", NUMBERED]
    assert len(taxonomy("landscape")) == 19 and taxonomy("landscape.csv").names == ["bench", "unknown"]


def test_a_changed_file_is_read_again(park, folder):
    (folder / "park.json").write_text('[{"name": "pond"}]')
    assert taxonomy("park").names == ["pond", "unknown"]
    (folder / "park.json").unlink()
    with pytest.raises(ValueError, match="no taxonomy 'park'; the taxonomies are landscape"):
        taxonomy("park")


def test_label_maps_colours_and_drawings_of_own_classes(park):
    ids = torch.arange(4, dtype=torch.uint8).repeat(8, 4).view(1, 8, 16)
    assert LabelMap(ids, "park").classes is park
    colors = encode(ids, palette("park"))
    assert colors[0, 0, 0].tolist() == [200, 180, 120]
    read_again = read(LabelPicture.from_images(colors.permute(0, 3, 1, 2).float() / 127.5 - 1, None), park)
    assert torch.equal(read_again.ids, ids) and read_again.found == "palette 'park'"


def test_drawings_keep_their_own_taxonomy(park, tmp_path):
    ids = torch.arange(4, dtype=torch.uint8).repeat(8, 4).view(8, 16)
    (tmp_path / "drawing.png").write_bytes(to_png(ids, "park"))
    reading = read(LabelPicture.open(tmp_path / "drawing.png"), taxonomy("landscape"))
    names = [taxonomy("landscape").classes[label].name for label in reading.ids[0, 0, :4].tolist()]
    assert names == ["unknown", "unknown", "sky", "unknown"]


def test_own_classes_are_translated_by_name(park):
    assert counterparts("park", "landscape") == {
        "path": "unknown", "lawn": "unknown", "sky": "sky", "unknown": "unknown"}  # fmt: skip
    assert counterparts("landscape", "park")["sky"] == "sky" and counterparts("cityscapes", "park")["car"] == "unknown"
    assert base_class("park") == "sky" and base_class(NUMBERED) == "class 0"
    assert tables()["park"]["colors"][1] == "#50a028" and tables()["park"]["to"]["landscape"] == [18, 18, 0, 18]


def test_numbered_classes_have_colours_of_their_own():
    classes = taxonomy(NUMBERED).classes
    assert classes[7].name == "class 7" and taxonomy(NUMBERED).unknown_id == 254 == len(classes) - 1
    assert len({entry.color for entry in classes}) == 255


def net(**changes):
    return generator(config(z_dim=0, **changes))


def ids_of(*labels, size=32):
    return torch.tensor(labels).repeat_interleave(size)[None, None].expand(1, size, -1)


@pytest.mark.parametrize("name", ["park", NUMBERED])
@pytest.mark.parametrize("unknown", [True, False])
def test_nets_with_own_classes_paint_them(park, name, unknown):
    model = Synthesizer(net(classes=3, unknown=unknown), None, name)
    ids = ids_of(2, 0, 1, 2)
    assert model.paint(ids).shape == (1, 3, 32, 128)
    with_unknown = ids_of(2, 0, 1, taxonomy(name).unknown_id)
    if unknown:
        assert torch.equal(model.paint(with_unknown), model.paint(ids_of(2, 0, 1, 255)))
    else:
        with pytest.raises(ValueError, match="the label map has unknown pixels, but this GauGAN has no label for them"):
            model.paint(with_unknown)


def test_numbers_that_a_net_does_not_know_are_named():
    with pytest.raises(ValueError, match=r"has the id 9, which this GauGAN doesn't know; it knows 0 to 7"):
        Synthesizer(net(classes=8), None, NUMBERED).paint(ids_of(1, 9))


def test_a_taxonomy_with_more_classes_than_the_net_is_refused(park):
    with pytest.raises(ValueError, match="'park' has 4 classes, but this GauGAN knows 2 labels"):
        Synthesizer(net(classes=2), None, "park")


def test_nineteen_labels_are_no_proof_of_landscape(tmp_path, park):
    save(tmp_path / "trained.safetensors", net(classes=19))
    message = (r"does not say what its 19 labels mean; choose the taxonomy that it was trained with "
               r"\(landscape 19, .*park 4\), or 'numbered' for classes without names")  # fmt: skip
    with pytest.raises(ValueError, match=message):
        open_synthesizer(tmp_path / "trained.safetensors")
    (tmp_path / "cityscapes.csv").write_text("".join(f"{i},thing {i}\n" for i in range(19)))
    for name in ("landscape", NUMBERED, "cityscapes.csv"):
        assert open_synthesizer(tmp_path / "trained.safetensors", taxonomy_name=name).taxonomy == name


def test_what_the_file_says_counts(tmp_path):
    save(tmp_path / "trained.safetensors", net(classes=19), metadata={"taxonomy": "landscape"})
    assert open_synthesizer(tmp_path / "trained.safetensors").taxonomy == "landscape"


@pytest.mark.parametrize("classes, name", [(150, "ade20k"), (35, "cityscapes"), (182, "coco_stuff")])
def test_released_nets_are_still_recognised_by_their_labels(tmp_path, classes, name):
    unknown = name != "cityscapes"
    save(tmp_path / "net.safetensors", net(classes=classes, unknown=unknown, nhidden=2))
    assert open_synthesizer(tmp_path / "net.safetensors").taxonomy == name


def test_offset_zero_overrides_the_file(tmp_path):
    save(tmp_path / "net.safetensors", net(classes=150, unknown=True), metadata={"label_offset": "-1"})
    assert open_synthesizer(tmp_path / "net.safetensors").label_offset == -1
    assert open_synthesizer(tmp_path / "net.safetensors", label_offset=0).label_offset == 0


@pytest.mark.parametrize("offset", [-1, -2])
def test_unknown_pixels_stay_unknown_under_a_negative_offset(offset):
    straight = Synthesizer(net(classes=18, unknown=True), None, "landscape")
    shifted = Synthesizer(net(classes=18, unknown=True), None, "landscape", offset)
    assert torch.equal(shifted.paint(ids_of(18, 5)), straight.paint(ids_of(18, 5 + offset)))
    without = Synthesizer(net(classes=18), None, "landscape", offset)
    with pytest.raises(ValueError, match="unknown pixels"):
        without.paint(ids_of(18, 5))
    ade = Synthesizer(net(classes=150, unknown=True), None, "ade20k", offset)
    plain = Synthesizer(net(classes=150, unknown=True), None, "ade20k")
    assert torch.equal(ade.paint(ids_of(0, 5)), plain.paint(ids_of(150, 5 + offset)))


def test_a_single_file_is_offered(folder, tmp_path):
    (tmp_path / "other").mkdir()
    for name in ("square", "landscape"):
        (tmp_path / "other" / f"{name}.csv").write_text("0,path\n1,lawn\n", encoding="utf-8")
    assert [offer_taxonomy(tmp_path / "other" / "square.csv") for _ in range(2)] == ["square"] * 2
    assert offer_taxonomy(tmp_path / "other" / "landscape.csv") == "landscape.csv"
    assert taxonomy("landscape.csv").names == ["path", "lawn", "unknown"]
    assert taxonomies() == [*TAXONOMIES, "square", "landscape.csv", NUMBERED]
    with pytest.raises(FileNotFoundError, match=r"there is no taxonomy .*parks.*, or give the path"):
        offer_taxonomy(tmp_path / "parks")
    (tmp_path / "other" / "broken.json").write_text("[", encoding="utf-8")
    with pytest.raises(ValueError, match=r"taxonomy broken\.json cannot be used: it is not valid JSON"):
        offer_taxonomy(tmp_path / "other" / "broken.json")


def test_the_command_line_trains_with_the_taxonomy_of_a_file(folder, tmp_path, capsys):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "square.csv").write_text("0,path\n1,lawn\n2,sky\n", encoding="utf-8")
    for name, mode in (("images", "RGB"), ("labels", "L")):
        (tmp_path / "data" / name).mkdir(parents=True)
        for number in range(2):
            Image.linear_gradient("L").resize((40, 40)).point(lambda v: v * 3 // 256).convert(mode).save(
                tmp_path / "data" / name / f"{number}.png")  # fmt: skip
    tiny = ["--size", "32", "--batch", "2", "--ngf", "2", "--nhidden", "4", "--z-dim", "0", "--crop-size", "32",
            "--discriminator-ndf", "4", "--discriminators", "paper", "--steps", "1", "--style-steps", "0"]  # fmt: skip
    given = ["--data", str(tmp_path / "data"), "--output", str(tmp_path / "run"), "--taxonomy"]
    handlers = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    try:
        main([*given, str(tmp_path / "files" / "square.csv"), *tiny])
        with pytest.raises(SystemExit):
            main([*given, str(tmp_path / "files" / "circle.csv"), *tiny])
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), handlers, strict=True):
            signal.signal(number, handler)
    out, err = capsys.readouterr()
    assert "ids of 'square'" in out and "lawn" in out and "there is no taxonomy" in err
    model = next(path for path in (tmp_path / "run").glob("*.safetensors") if path.stem != "run")
    assert open_synthesizer(model).taxonomy == "square"
