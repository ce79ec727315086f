"""The label painter on a plain page: the files that it reads and uploads, its values, and the reach of its events."""

import io
import re
import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from gan_models import labels

from ..comfyui.server import PACK
from .painter_page import DATA, opened_page

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
ROCK = CLASSES.find("rock").id
PHOTO = PACK / "pictures" / "mountains.jpg"
UPLOADED = r"gan_atelier/[0-9a-f]{32}\.png \[input\]"


@pytest.fixture(scope="module")
def any_page():
    """A page on a high-density touch screen."""
    with opened_page(DATA, scale=2, touch=True) as page:
        yield page


def drawing(ids, taxonomy="landscape"):
    return labels.to_png(torch.as_tensor(ids), taxonomy)


def noise(height=96, width=128, classes=19):
    return np.random.default_rng(0).integers(0, classes, (height, width), dtype=np.uint8)


def read(data, tmp_path, taxonomy="landscape"):
    (tmp_path / "read.png").write_bytes(data)
    picture = labels.LabelPicture.open(tmp_path / "read.png")
    return labels.read(picture, labels.taxonomy(taxonomy)).ids[0].numpy()


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


def test_pictures_of_paint_programs_are_read_by_their_colours(page):
    ids = noise()
    colors = labels.encode(torch.as_tensor(ids)[None], labels.palette("landscape"))[0].numpy()
    buffer = io.BytesIO()
    Image.fromarray(colors).save(buffer, "PNG")
    page.put("painted.png [input]", buffer.getvalue())
    assert np.array_equal(page.painter("painted.png [input]").ids(), ids)


def test_every_filter_of_png_is_undone(page):
    ids = noise(10, 37)
    before = np.pad(ids, ((1, 0), (1, 0))).astype(int)
    rows = b""
    for y in range(10):
        row, up, left, corner = before[y + 1, 1:], before[y, 1:], before[y + 1, :-1], before[y, :-1]
        guess = left + up - corner
        nearest = np.argmin([abs(guess - left), abs(guess - up), abs(guess - corner)], axis=0)
        paeth = np.choose(nearest, [left, up, corner])
        filtered = [row, row - left, row - up, row - (left + up) // 2, row - paeth][y % 5]
        rows += bytes([y % 5]) + (filtered % 256).astype(np.uint8).tobytes()

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    palette = bytes(value for entry in CLASSES.classes for value in entry.color)
    header = struct.pack(">IIBBBBB", 37, 10, 8, 3, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"PLTE", palette)
    data += chunk(b"tEXt", b"Taxonomy\0landscape")
    data += chunk(b"IDAT", zlib.compress(rows)[:20]) + chunk(b"IDAT", zlib.compress(rows)[20:]) + chunk(b"IEND", b"")
    assert np.array_equal(np.array(Image.open(io.BytesIO(data))), ids)
    page.put("filtered.png [input]", data)
    assert np.array_equal(page.painter("filtered.png [input]", width=37, height=10).ids(), ids)


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


def test_other_files_are_refused(page):
    page.put("noise.png [input]", b"not a picture")
    assert "not a picture" in page.painter("noise.png [input]").root.locator(".message").inner_text()
    page.put("photo.png [input]", PHOTO.read_bytes())
    assert "is this a photo" in page.painter("photo.png [input]").root.locator(".message").inner_text()
    page.put("lossy.png [input]", jpeg_of_ids())
    assert "JPEG changes them." in page.painter("lossy.png [input]").root.locator(".message").inner_text()


def jpeg_of_ids():
    buffer = io.BytesIO()
    Image.fromarray(noise(12, 16).repeat(8, 0).repeat(8, 1)).save(buffer, "JPEG")
    return buffer.getvalue()


def shapes(height=96, width=128, classes=19):
    return noise(height // 8, width // 8, classes).repeat(8, 0).repeat(8, 1)


def behind_a_palette(ids):
    image = Image.fromarray(ids).convert("P")
    image.putdata(ids.flatten().tolist())
    image.putpalette(np.random.default_rng(1).integers(0, 256, 768).tolist())
    return image


def in_colours(ids, taxonomy="landscape"):
    return Image.fromarray(labels.encode(torch.from_numpy(ids)[None], labels.palette(taxonomy))[0].numpy())


PICTURES = {
    "grey ids": Image.fromarray,
    "grey ids of 16 bits": lambda ids: Image.fromarray(ids.astype(np.uint16)),
    "grey ids with alpha": lambda ids: Image.fromarray(np.dstack([ids, np.full_like(ids, 255)]), "LA"),
    "ids in three channels": lambda ids: Image.fromarray(np.dstack([ids] * 3)),
    "ids behind a palette": behind_a_palette,
    "colours": in_colours,
    "colours in an index palette": lambda ids: in_colours(ids).quantize(64),
}


@pytest.mark.parametrize("kind", PICTURES)
def test_pictures_are_read_as_the_nodes_read_them(page, tmp_path, kind):
    ids = shapes()
    PICTURES[kind](ids).save(tmp_path / "mine.png")
    brush = page.painter()
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.page.wait_for_function("painter => painter.value !== ''", arg=brush.painter)
    assert np.array_equal(brush.ids(), ids) and brush.root.locator(".message").is_hidden()
    page.put("mine.png [input]", (tmp_path / "mine.png").read_bytes())
    assert np.array_equal(page.painter("mine.png [input]").ids(), ids)


def test_a_picture_that_is_no_label_map_leaves_the_drawing_as_it_is(page):
    brush = page.painter("example:lake")
    before = brush.ids()
    brush.root.locator("input[type=file]").set_input_files(PHOTO)
    brush.root.locator(".message:visible", has_text="is this a photo").wait_for()
    page.page.evaluate("() => { serverAnswers = false; }")
    brush.root.locator("input[type=file]").set_input_files([])
    brush.root.locator("input[type=file]").set_input_files(PHOTO)
    brush.root.locator(".message:visible", has_text="Is the server running?").wait_for()
    assert brush.value == "example:lake" and np.array_equal(brush.ids(), before)


def test_a_picture_that_is_mostly_unknown_is_loaded_with_a_warning(page, tmp_path):
    ids = np.full((96, 128), CLASSES.unknown_id, np.uint8)
    ids[:20] = CLASSES.find("sky").id
    Image.fromarray(ids).save(tmp_path / "unknown.png")
    brush = page.painter()
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "unknown.png")
    brush.root.locator(".message:visible", has_text="of the pixels are unknown in 'landscape'").wait_for()
    assert np.array_equal(brush.ids(), ids)
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    assert brush.value and brush.root.locator(".message").is_hidden()
    page.put("unknown.png [input]", (tmp_path / "unknown.png").read_bytes())
    assert "unknown in 'landscape'" in page.painter("unknown.png [input]").root.locator(".message").inner_text()


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


def test_clear_is_empty_and_can_be_undone(page):
    brush = page.painter("example:lake")
    before = brush.ids()
    brush.root.get_by_label("Clear").click()
    assert brush.value == "" and (brush.ids() == CLASSES.find("sky").id).all()
    brush.root.get_by_label("Undo").click()
    assert brush.value == "example:lake" and np.array_equal(brush.ids(), before)


def test_a_layout_is_chosen_from_the_list(page):
    brush = page.painter()
    brush.root.get_by_label("Start from a layout").click()
    brush.root.get_by_role("menuitem", name="valley").click()
    assert brush.root.get_by_role("menu").is_hidden()
    page.page.wait_for_timeout(200)
    assert brush.value == "example:valley" and len(np.unique(brush.ids())) > 6
    assert brush.values() == ["example:valley"]


def test_a_picture_is_opened_and_the_map_downloaded(page, tmp_path):
    brush = page.painter()
    ids = noise()
    (tmp_path / "mine.png").write_bytes(drawing(ids))
    brush.root.locator("input[type=file]").set_input_files(tmp_path / "mine.png")
    page.page.wait_for_timeout(200)
    assert np.array_equal(brush.ids(), ids) and re.fullmatch(UPLOADED, brush.value)
    with page.page.expect_download() as waiting:
        brush.root.get_by_label("Download").click()
    assert waiting.value.suggested_filename == "label_map.png"
    assert np.array_equal(read(waiting.value.path().read_bytes(), tmp_path), ids)


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


def test_two_painters_do_not_disturb_each_other(page):
    first, second = page.painter("example:lake"), page.painter("example:valley", "ade20k", 64, 64)
    before = second.ids()
    first.use("brush", "rock", 20)
    first.click(50, 50)
    assert np.array_equal(second.ids(), before) and second.value == "example:valley"
    second.use("brush", "wall", 20)
    second.click(20, 20)
    first.press("Control+z")
    assert first.value != "example:lake"  # the keys go to the painter that was clicked last
    assert second.value == "example:valley" and np.array_equal(second.ids(), before)


def test_search_finds_a_class_by_its_name(page):
    brush = page.painter(taxonomy="coco_stuff")
    search = brush.root.get_by_label("Search classes")
    search.fill("sand")
    assert {chip.inner_text() for chip in brush.root.locator(".chip:visible").all()} >= {"sand", "sandwich"}
    search.press("Enter")
    assert "sand" in brush.root.locator(".current").inner_text()
    assert brush.root.locator(".chip:visible").count() == 183


def test_nothing_reaches_the_page_around_it(page):
    brush = page.painter()
    brush.use("brush", "rock", 20)
    brush.drag([(30, 30), (60, 60)])
    for keys in ("Control+z", "Control+y", "b", "Delete", "Control+c", "Control+v", "Control+a", "[", " ", "Escape"):
        brush.press(keys)
    search = brush.root.get_by_label("Search classes")
    search.fill("ro")
    search.press("Backspace")
    assert page.page.evaluate("leaked") == []
    for name in ("Fill everything", "Eraser", "Size of the brush"):
        brush.root.get_by_label(name).or_(brush.root.get_by_title(name)).first.click()
        assert page.page.evaluate("document.activeElement.tagName") in ("TEXTAREA", "INPUT")
        brush.press("Control+z")
    assert brush.value == ""
    assert page.page.evaluate("leaked") == []
    brush.press("Control+Enter")
    assert "keydown Enter" in page.page.evaluate("leaked")


def test_keys_choose_tools_and_sizes(page):
    brush = page.painter()
    brush.use("brush", "rock", 20)
    brush.click(50, 50)
    for key, tool in zip("eirlghpb", ("eraser", "line", "rectangle", "lasso", "fill", "hand", "picker", "brush"),
                         strict=True):  # fmt: skip
        brush.press(key)
        assert brush.get("painter.tool") == tool
        assert brush.root.locator("button.tool[aria-pressed=true]").count() == 1
    brush.press("]")
    assert brush.get("painter.size") == 25
    for _ in range(40):
        brush.press("[")
    assert brush.get("painter.size") == 1


def test_a_finger_paints_and_two_zoom(page):
    brush = page.painter()
    brush.use("rectangle", "rock")
    session = page.page.context.new_cdp_session(page.page)

    def touch(kind, *places):
        points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(brush.at(*p) for p in places)]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (20.5, 20.5))
    touch("touchMove", (60.5, 50.5))
    touch("touchEnd")
    expected = np.zeros((96, 128), bool)
    expected[20:51, 20:61] = True
    assert np.array_equal(brush.ids() == ROCK, expected)
    touch("touchStart", (50, 48))
    touch("touchStart", (50, 48), (78, 48))
    for step in range(1, 6):
        touch("touchMove", (50 - step, 48), (78 + step, 48))
    touch("touchEnd")
    assert brush.get("painter.view.zoom") > 1.5
    assert np.array_equal(brush.ids() == ROCK, expected)


def test_a_pens_pressure_is_the_size(page):
    brush = page.painter()
    brush.use("brush", "rock", 40)
    x, y = brush.at(60, 48)
    press = """(painter, [x, y, pressure]) => {
        const { canvas } = painter.view;
        canvas.setPointerCapture = () => {};
        for (const type of ["pointerdown", "pointerup"]) canvas.dispatchEvent(new PointerEvent(type, {
            clientX: x, clientY: y, pressure, pointerType: "pen", pointerId: 7, bubbles: true }));
    }"""
    brush.painter.evaluate(press, [x, y, 0.25])
    assert np.ptp(np.flatnonzero((brush.ids() == ROCK).any(0))) + 1 == 10
    brush.root.locator("button.form:visible").nth(2).click()
    brush.painter.evaluate(press, [x, y, 0.25])
    assert np.ptp(np.flatnonzero((brush.ids() == ROCK).any(0))) + 1 == 40
