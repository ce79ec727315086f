import itertools
import json

import pytest
import torch
from skimage.color import deltaE_ciede2000, rgb2lab

from gan_models.labels import (
    TAXONOMIES,
    LabelMap,
    OtherTaxonomyError,
    counterparts,
    lay,
    parse_replacements,
    remap,
    taxonomy,
    uniform,
)
from gan_models.labels.remap import MAPPINGS
from gan_models.labels.taxonomy import FOLDER


@pytest.mark.parametrize("name", TAXONOMIES)
def test_classes_are_numbered_without_gaps_and_named_once(name):
    classes = taxonomy(name).classes
    assert [entry.id for entry in classes] == list(range(len(classes)))
    assert len({entry.name for entry in classes}) == len(classes)
    assert all(entry.name == entry.name.strip().lower() and ":" not in entry.name and "," not in entry.name
               for entry in classes)  # fmt: skip
    assert taxonomy(name).name == name and taxonomy(name).unknown.name in ("unknown", "unlabeled")


def test_every_file_is_offered():
    assert sorted(TAXONOMIES) == sorted(path.stem for path in FOLDER.glob("*.json"))


def test_channels_are_those_of_the_released_checkpoints():
    assert [len(taxonomy(name)) for name in ("coco_stuff", "ade20k", "cityscapes")] == [183, 151, 35]
    assert [taxonomy(name).unknown_id for name in ("coco_stuff", "ade20k", "cityscapes")] == [182, 0, 0]


def test_landmarks_of_the_taxonomies():
    coco, ade, city = (taxonomy(name) for name in ("coco_stuff", "ade20k", "cityscapes"))
    assert coco.find("sky-other").id == 156 and coco.find("sea").color == (154, 198, 218)
    assert ade.find("wall").id == 1 and ade.find("flag").id == 150
    assert city.find("road").id == 7 and city.find("license plate").id == 34
    assert all(entry.color[0] == entry.id for entry in coco.classes if entry.name != "unknown")


def test_landscape_keeps_its_order():
    """Trained models depend on it: append, never reorder."""
    assert taxonomy("landscape").names == [
        "sky", "clouds", "fog", "mountain", "hill", "snow", "rock", "sand", "dirt", "road", "grass", "bush", "tree",
        "flower", "sea", "river", "water", "house", "unknown",
    ]  # fmt: skip


def test_landscape_colours_can_be_told_apart():
    colors = {entry.name: rgb2lab([[c / 255 for c in entry.color]])[0] for entry in taxonomy("landscape").classes}
    close = {pair: deltaE_ciede2000(colors[pair[0]], colors[pair[1]]) for pair in itertools.combinations(colors, 2)}
    assert min(close.values()) > 12, min(close, key=close.get)


def test_landscape_colours_are_the_demos_where_it_has_them():
    coco = taxonomy("coco_stuff")
    other = [
        entry.name
        for entry in taxonomy("landscape").classes
        if entry.color != coco.find(counterparts("landscape", "coco_stuff")[entry.name]).color
    ]
    assert other == ["fog", "hill", "road", "bush", "tree", "house"]


def test_find_ignores_case_and_helps():
    landscape = taxonomy("landscape")
    assert landscape.find(" Sky ").id == 0
    with pytest.raises(ValueError, match="'landscape' has no class 'mountian'; did you mean 'mountain'"):
        landscape.find("mountian")
    with pytest.raises(
        ValueError, match=r"'coco_stuff' has no class 'water'; did you mean 'water-other' or 'waterdrops'"
    ):
        taxonomy("coco_stuff").find("water")
    with pytest.raises(ValueError, match="the classes are sky, clouds"):
        landscape.find("")


def test_unknown_taxonomy():
    with pytest.raises(ValueError, match="no taxonomy 'nope'; the taxonomies are landscape, coco_stuff"):
        taxonomy("nope")


def test_require():
    ids = torch.zeros(1, 2, 2, dtype=torch.uint8)
    assert LabelMap(ids, "ade20k").require(taxonomy("ade20k")) is ids
    with pytest.raises(OtherTaxonomyError, match="has the taxonomy 'landscape', but 'ade20k' is required"):
        LabelMap(ids, "landscape").require(taxonomy("ade20k"))


def test_present_is_sorted_by_pixels():
    ids = torch.tensor([[[3, 3, 0], [0, 3, 12]]], dtype=torch.uint8)
    assert [entry.name for entry in taxonomy("landscape").present(ids)] == ["mountain", "sky", "tree"]


def test_mappings_speak_of_every_class_once():
    tables = json.loads(MAPPINGS.read_text(encoding="utf-8"))
    pairs = {(table["from"], table["to"]) for table in tables}
    assert pairs >= {(name, "landscape") for name in TAXONOMIES if name != "landscape"}
    assert pairs >= {("landscape", name) for name in TAXONOMIES if name != "landscape"}
    for table in tables:
        mapped = [name for group in table["classes"].values() for name in group]
        assert sorted(mapped) == sorted(taxonomy(table["from"]).names), (table["from"], table["to"])
        assert set(table["classes"]) <= set(taxonomy(table["to"]).names)
        assert counterparts(table["from"], table["to"])[taxonomy(table["from"]).unknown.name] == (
            taxonomy(table["to"]).unknown.name
        )


@pytest.mark.parametrize("source, target", list(itertools.product(TAXONOMIES, TAXONOMIES)))
def test_every_class_has_a_counterpart_or_is_unknown(source, target):
    found = counterparts(source, target)
    assert set(found) == set(taxonomy(source).names)
    assert set(found.values()) <= set(taxonomy(target).names)


def test_landscape_survives_the_way_to_coco_and_back():
    ids = torch.arange(19, dtype=torch.uint8).view(1, 1, 19)
    landscape, coco = taxonomy("landscape"), taxonomy("coco_stuff")
    there, lost = remap(ids, landscape, coco)
    back, lost_again = remap(there, coco, landscape)
    assert torch.equal(back, ids) and lost == lost_again == []


def test_classes_of_the_same_name_belong_together_between_any_two():
    assert counterparts("coco_stuff", "ade20k")["river"] == "river"
    assert counterparts("coco_stuff", "ade20k")["bridge"] == "bridge"
    assert counterparts("coco_stuff", "ade20k")["sky-other"] == "sky"
    assert counterparts("ade20k", "coco_stuff")["lake"] == "water-other"
    assert counterparts("cityscapes", "ade20k")["vegetation"] == "tree"


def test_what_is_lost_is_reported_with_the_most_pixels_first():
    coco = taxonomy("coco_stuff")
    names = ["giraffe", "zebra", "zebra", "sea", "unknown"]
    ids = torch.tensor([[[coco.find(name).id for name in names]]], dtype=torch.uint8)
    mapped, lost = remap(ids, coco, taxonomy("landscape"))
    assert [entry.name for entry in lost] == ["zebra", "giraffe"]
    assert [taxonomy("landscape").classes[i].name for i in mapped.flatten()] == [*3 * ["unknown"], "sea", "unknown"]


def test_replacements_go_first():
    coco, landscape = taxonomy("coco_stuff"), taxonomy("landscape")
    ids = torch.tensor([[[coco.find("zebra").id, coco.find("sea").id]]], dtype=torch.uint8)
    mapped, lost = remap(ids, coco, landscape, parse_replacements("zebra , SEA: rock\n\n"))
    assert mapped.flatten().tolist() == [landscape.find("rock").id] * 2 and lost == []
    same, _ = remap(torch.tensor([[[0, 12]]], dtype=torch.uint8), landscape, landscape, {"tree": "bush"})
    assert same.flatten().tolist() == [0, 11]
    with pytest.raises(ValueError, match="'landscape' has no class 'zebra'"):
        remap(ids, coco, landscape, {"sea": "zebra"})


@pytest.mark.parametrize("text", ["sea", "sea: ", ": water", "sea,,river: water"])
def test_malformed_replacements(text):
    with pytest.raises(ValueError, match="must look like 'sea, river: water'"):
        parse_replacements(text)


def test_int16_ids_are_mapped_too():
    ids = torch.tensor([[[156, 182]]], dtype=torch.int16)
    mapped, _ = remap(ids, taxonomy("coco_stuff"), taxonomy("landscape"))
    assert mapped.tolist() == [[[0, 18]]] and mapped.dtype == torch.uint8


def test_masks_lie_on_top_of_each_other():
    below = uniform(torch.zeros(1, 1, 2, 4), 7)
    half = torch.tensor([[[[0.0, 0.0, 1.0, 1.0]] * 2]])
    small = torch.tensor([[[[0.0, 0.51]], [[0.5, 0.0]]]]).view(1, 1, 2, 2)
    result = lay(below, [half, small], [1, 2])
    assert result.tolist() == [[[7, 7, 2, 2], [7, 7, 1, 1]]]
    assert below.unique().tolist() == [7]


def test_batches_of_masks():
    below = uniform(torch.zeros(1, 1, 1, 2), 0)
    pair = torch.tensor([[[[1.0, 0.0]]], [[[0.0, 1.0]]]])
    assert lay(below, [pair], [3]).tolist() == [[[3, 0]], [[0, 3]]]
    with pytest.raises(ValueError, match="batches of 2, 3 are incompatible"):
        lay(below, [pair, torch.zeros(3, 1, 1, 1)], [3, 4])
