"""Drawings that are part of the workflow, on a plain page."""

import base64
import io

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models import labels

from ..comfyui.server import PACK

pytestmark = pytest.mark.browser

EMBEDDED = "data:image/png;base64,"
LAYOUTS = sorted((PACK / "web" / "layouts").glob("*.png"))


def contained(value, folder, taxonomy="landscape"):
    """The ids in a value, read as the node does."""
    assert value.startswith(EMBEDDED)
    path = folder / "contained.png"
    path.write_bytes(base64.b64decode(value.removeprefix(EMBEDDED), validate=True))
    picture = labels.LabelPicture.open(path)
    assert picture.drawing == taxonomy
    return labels.read(picture, labels.taxonomy(taxonomy)).ids[0].numpy()


@pytest.mark.parametrize("taxonomy", labels.TAXONOMIES)
def test_a_drawing_is_part_of_its_value(page, tmp_path, taxonomy):
    brush = page.painter("", taxonomy)
    for count, name in enumerate(labels.taxonomy(taxonomy).names[-3:]):
        brush.use("brush", name, 20)
        brush.drag([(20, 20 + 20 * count), (100, 80)])
    assert np.array_equal(contained(brush.get("painter.portable"), tmp_path, taxonomy), brush.ids())


def test_another_page_shows_the_drawing_without_its_file(page):
    brush = page.painter()
    brush.use("rectangle", "rock")
    brush.drag([(10, 10), (50, 50)])
    value, ids = brush.get("painter.portable"), brush.ids()
    page.reload()
    other = page.painter(value)
    assert np.array_equal(other.ids(), ids) and other.value == other.get("painter.portable") == value
    assert other.get("painter.settled().then(() => painter.state.is('clean'))")
    other.use("rectangle", "water")
    other.drag([(60, 60), (70, 70)])
    assert other.get("painter.portable") != value
    other.root.get_by_label("Undo").click()
    assert other.value == value and page.page.evaluate("sent.length") == 1


def test_its_own_value_changes_nothing(page):
    brush = page.painter()
    brush.use("rectangle", "rock")
    brush.drag([(10, 10), (50, 50)])
    brush.get("painter.setValue(painter.portable)")
    assert brush.get("painter.drawing.history.past.length") == 1 and brush.value.startswith("gan_atelier/")


@pytest.mark.parametrize("value", [EMBEDDED, f"{EMBEDDED}A", f"{EMBEDDED}?", f"{EMBEDDED}AAAA"])
def test_a_damaged_drawing_is_said(page, value):
    brush = page.painter(value)
    said = "This file is not a picture; a label map is a PNG with ids or colours. The painting starts over."
    assert said in brush.root.inner_text()


def test_values_of_earlier_versions_and_layouts_stay_as_they_are(page):
    page.put("gan_atelier/old.png [input]", labels.to_png(torch.zeros(96, 128, dtype=torch.uint8), "landscape"))
    for value in ("gan_atelier/old.png [input]", "example:lake", ""):
        assert page.painter(value).get("painter.portable") == value


def test_a_drawing_that_is_too_large_stays_a_file(page):
    brush = page.painter(width=512, height=512)
    brush.painter.evaluate("""painter => {
        const ids = new Uint8Array(512 * 512);
        for (let i = 0; i < ids.length; i++) ids[i] = (i * 2654435761 >>> 16) % 19;
        painter.drawing.paste(ids);
        painter.commit();
    }""")
    value = brush.value
    assert value.startswith("gan_atelier/") and brush.get("painter.portable") == value


@pytest.mark.parametrize("path", LAYOUTS, ids=lambda path: path.stem)
def test_a_landscape_is_a_few_kilobytes(page, tmp_path, path):
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        ids = np.asarray(picture.resize((512, 512), Image.Resampling.NEAREST))
    page.put("mine.png [input]", labels.to_png(torch.tensor(ids), "landscape"))
    brush = page.painter("mine.png [input]", width=512, height=512)
    brush.use("rectangle", "rock")
    brush.drag([(3, 3), (9, 9)])
    value = brush.get("painter.portable")
    print(f"{path.stem}: {len(value)} letters")
    assert len(value) < 30_000 and np.array_equal(contained(value, tmp_path), brush.ids())
