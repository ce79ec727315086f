import pytest

from gan_models.labels import TAXONOMIES, taxonomy
from gan_models.segmentation.names import NothingMatchesError, match

CITYSCAPES = ["road", "sidewalk", "building", "wall", "fence", "pole", "traffic light", "traffic sign", "vegetation",
              "terrain", "sky", "person", "rider", "car", "truck", "bus", "train", "motorcycle", "bicycle"]  # fmt: skip
VOC = ["background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
       "diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"]


def classes(names, wanted=None):
    found = match(names, wanted)
    return [found.taxonomy.names[label] for label in found.ids]


@pytest.mark.parametrize("name", TAXONOMIES)
def test_a_taxonomys_own_names_are_its_ids_in_any_order(name):
    names = taxonomy(name).names
    for order in (names, names[::-1]):
        found = match(order)
        assert found.taxonomy.name == name and found.unmatched == ()
        assert [found.taxonomy.names[label] for label in found.ids] == order


def test_the_19_classes_of_cityscapes_get_its_label_ids():
    found = match(CITYSCAPES)
    assert found.taxonomy.name == "cityscapes"
    assert found.ids == (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)


def test_the_panoptic_names_of_coco_are_not_its_ids():
    names = ["person", "stop sign", "wall-tile", "tree-merged", "ceiling-merged", "sky-other-merged", "rug-merged"]
    assert classes(names) == ["person", "stop sign", "wall-tile", "tree", "ceiling-other", "sky-other", "rug"]
    assert match(names).taxonomy.name == "coco_stuff"


def test_the_first_synonym_that_is_a_class_counts():
    names = ["road, route", "blind, screen", "screen door, screen", "television;television;receiver;tv", "tub",
             "window ", "earth, ground", "land, ground, soil", "column, pillar"]  # fmt: skip
    assert classes(names, "ade20k") == ["road", "blind", "screen door", "television receiver", "bathtub", "windowpane",
                                        "earth", "land", "column"]  # fmt: skip


def test_joined_and_british_words():
    found = match(VOC)
    assert found.taxonomy.name == "coco_stuff" and found.unmatched == ()
    names = classes(VOC)
    assert names[0] == "unknown" and names[11] == "dining table" and names[-1] == "tv" and names[1] == "airplane"


def test_names_are_translated_by_way_of_the_nearest_taxonomy():
    names = ["field", "lake", "skyscraper", "path", "chair", "armchair", "sky", "ottoman"]
    found = match(names, "landscape")
    assert classes(names, "landscape") == ["grass", "water", "house", "road", "unknown", "unknown", "sky", "unknown"]
    assert found.unmatched == ("chair", "armchair", "ottoman")


def test_what_is_unmatched_is_unknown_and_reported():
    found = match([*CITYSCAPES, "gravel heap", "void"])
    assert found.ids[-2:] == (0, 0) and found.unmatched == ("gravel heap",)


def test_numbered_takes_any_names():
    assert match(["foo", "baz"], "numbered").ids == (0, 1)
    with pytest.raises(ValueError, match="it has 255 classes, and 'numbered' has only 254"):
        match(["x"] * 255, "numbered")


def test_no_name_at_all():
    with pytest.raises(NothingMatchesError, match="none of its 2 class names, such as 'foo', is a class of the taxo"):
        match(["foo", "baz"])
    with pytest.raises(NothingMatchesError, match="is a class of the taxonomy 'cityscapes'"):
        match(["lake", "sofa"], "cityscapes")
