"""The values of the label painter on a plain page: what it uploads, and which drawing comes back for a value."""

import io
import re

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models import labels

from ..comfyui.server import PACK
from .painter_drawings import UPLOADED, drawing, noise, read
from .painter_page import DATA

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
ROCK = CLASSES.find("rock").id

SCREEN = {"scale": 2, "touch": True}
"""A high-density touch screen."""


def test_a_stroke_gives_a_value_that_python_reads_exactly(page, tmp_path):
    brush = page.painter()
    brush.use("brush", "rock", 20)
    brush.drag([(20, 20), (100, 80)])
    assert re.fullmatch(UPLOADED, brush.value)
    assert brush.values() == [brush.value]
    brush.get("painter.settled()")
    data = page.file(brush.value)
    assert np.array_equal(read(data, tmp_path), brush.ids())
    with Image.open(io.BytesIO(data)) as image:
        assert image.mode == "P" and len(data) < 3000


@pytest.mark.parametrize("taxonomy", labels.TAXONOMIES)
def test_every_class_arrives_as_itself(page, tmp_path, taxonomy):
    classes = len(labels.taxonomy(taxonomy))
    ids = noise(classes=classes)
    page.put("mine.png [input]", drawing(ids, taxonomy))
    brush = page.painter("mine.png [input]", taxonomy)
    assert np.array_equal(brush.ids(), ids)
    brush.root.get_by_label("Fill everything").click()
    brush.get("painter.undo()")
    assert brush.value == "mine.png [input]"
    brush.use("rectangle", labels.taxonomy(taxonomy).names[-1])
    brush.drag([(3, 3), (9, 9)])
    brush.get("painter.settled()")
    ids[3:10, 3:10] = classes - 1
    assert np.array_equal(read(page.file(brush.value), tmp_path, taxonomy), ids)


def test_equal_drawings_are_one_upload(page):
    first, second = page.painter(), page.painter()
    for brush in (first, second):
        brush.use("rectangle", "rock")
        brush.drag([(10, 10), (50, 50)])
        brush.get("painter.settled()")
    assert first.value == second.value
    assert page.page.evaluate("sent") == [first.value]
    first.root.get_by_label("Undo").click()
    first.root.get_by_label("Redo").click()
    first.get("painter.settled()")
    assert first.values() == [second.value, "", second.value]
    assert page.page.evaluate("sent") == [first.value]


def test_size_and_taxonomy_are_part_of_the_name(page):
    values = set()
    for taxonomy, width, height in (("landscape", 64, 128), ("landscape", 128, 64), ("ade20k", 128, 64)):
        brush = page.painter("", taxonomy, width, height)
        brush.painter.evaluate("painter => { painter.fill(7); }")
        values.add(brush.value)
    assert len(values) == 3


def test_values_come_back(page):
    brush = page.painter("example:valley")
    brush.use("rectangle", "rock")
    brush.drag([(10, 10), (50, 50)])
    brush.get("painter.settled()")
    other = page.painter(brush.value)
    assert other.value == brush.value and np.array_equal(other.ids(), brush.ids())
    brush.painter.evaluate("painter => painter.setValue('example:lake')")
    assert not np.array_equal(other.ids(), brush.ids())
    assert brush.root.get_by_label("Undo").is_disabled()


def test_examples_are_shown_as_python_reads_them(page):
    for name in DATA["examples"]:
        for taxonomy, width, height in (("landscape", 512, 512), ("coco_stuff", 200, 328)):
            brush = page.painter(f"example:{name}", taxonomy, width, height)
            path = PACK / "web" / "layouts" / f"{name}.png"
            expected = labels.read(labels.LabelPicture.open(path), labels.taxonomy(taxonomy)).ids
            assert np.array_equal(brush.ids(), labels.resize(expected, height, width)[0].numpy())


def test_another_size_and_back_loses_nothing(page):
    brush = page.painter("example:valley", width=512, height=512)
    before = brush.ids()
    brush.painter.evaluate("painter => { painter.setSize(64, 64); painter.setSize(512, 512); }")
    assert np.array_equal(brush.ids(), before) and brush.value == "example:valley"
    brush.use("brush", "rock", 100)
    brush.click(256, 256)
    painted, value = brush.ids(), brush.value
    brush.painter.evaluate("painter => painter.setSize(128, 256)")
    assert np.array_equal(brush.ids(), labels.resize(torch.as_tensor(painted)[None], 256, 128)[0].numpy())
    assert brush.value == value
    brush.painter.evaluate("painter => painter.setSize(512, 512)")
    assert np.array_equal(brush.ids(), painted)


def test_another_taxonomy_and_back_loses_nothing(page):
    brush = page.painter("example:lake")
    before = brush.ids()
    brush.painter.evaluate("painter => painter.setTaxonomy('cityscapes')")
    expected, _ = labels.remap(torch.as_tensor(before)[None], CLASSES, labels.taxonomy("cityscapes"))
    assert np.array_equal(brush.ids(), expected[0].numpy())
    brush.painter.evaluate("painter => painter.setTaxonomy('landscape')")
    assert np.array_equal(brush.ids(), before)


def test_the_hash_is_murmur3(page):
    known = {
        "": "00000000000000000000000000000000",
        "I will not buy this tobacconist's, it is scratched.": "9b5b7ba2ef3f7866889adeaf00f3f98e",
    }
    for text, expected in known.items():
        code = """async text => {
            const [{ contentHash }, { atOnce }] =
                await Promise.all(["hash", "later"].map(name => import(`/painter/${name}.js`)));
            return atOnce(contentHash(new TextEncoder().encode(text)));
        }"""
        assert page.page.evaluate(code, text) == expected


def test_a_missing_drawing_is_reported_and_its_value_kept_until_something_is_painted(page):
    gone = "gan_atelier/0123.png [input]"
    brush = page.painter(gone)
    assert brush.root.locator(".message").inner_text() == f"{gone} is gone. The painting starts over."
    assert brush.value == gone and (brush.ids() == CLASSES.find("sky").id).all()
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    assert re.fullmatch(UPLOADED, brush.value)
    assert brush.root.locator(".message").is_hidden()


def test_without_a_server_nothing_is_lost(page, tmp_path):
    brush = page.painter()
    page.page.evaluate("() => { serverAnswers = false; }")
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    brush.root.locator(".message:visible", has_text="Not saved yet").wait_for()
    said = brush.get("painter.settled().then(() => 'saved', error => error.message)")
    assert said.startswith("The drawing could not be uploaded")
    page.page.evaluate("() => { serverAnswers = true; }")
    copy = page.painter(brush.value)
    copy.get("painter.settled()")
    brush.get("painter.settled()")
    assert brush.root.locator(".message").is_hidden()
    assert np.array_equal(read(page.file(brush.value), tmp_path), brush.ids())


def test_the_start_is_shown_until_something_is_painted(page):
    brush = page.painter()
    ids = noise()
    page.put("gan_atelier/start.png [temp]", drawing(ids))
    shown = {"filename": "start.png", "subfolder": "gan_atelier", "type": "temp"}
    brush.painter.evaluate("(painter, shown) => painter.setStart(shown)", shown)
    assert brush.value == "" and np.array_equal(brush.ids(), ids)
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    painted = brush.ids()
    assert (painted != ids).sum() <= 20 * 20 and painted[50, 50] == ROCK
    brush.painter.evaluate("painter => painter.setStart(null)")
    assert np.array_equal(brush.ids(), painted)
    brush.root.get_by_label("Clear").click()
    assert (brush.ids() == CLASSES.find("sky").id).all() and brush.value == ""
