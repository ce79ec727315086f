"""The tools of the label painter on a plain page: the pixels that they paint, and undo."""

import numpy as np
import pytest
from skimage.segmentation import flood

from gan_models import labels

from .painter_page import DATA, opened_page, reloaded

pytestmark = pytest.mark.browser

CLASSES = labels.taxonomy("landscape")
SKY, ROCK, SEA = (CLASSES.find(name).id for name in ("sky", "rock", "sea"))


@pytest.fixture(scope="module")
def page():
    with opened_page(DATA) as page:
        yield page


@pytest.fixture
def brush(page):
    """An empty painter, 128 x 96, all sky."""
    with reloaded(page):
        yield page.painter()


def grid(height=96, width=128):
    """The centres of all pixels, y and x."""
    return np.mgrid[:height, :width] + 0.5


def disc(x, y, size):
    """The pixels that a round brush covers, which is centred on whole pixels if its size is odd."""
    row, column = grid()
    x, y = (np.floor(v - size / 2 + 0.5) + size / 2 for v in (x, y))
    return (row - y) ** 2 + (column - x) ** 2 <= (size / 2) ** 2


@pytest.mark.parametrize("size", [1, 2, 5, 8, 31])
def test_a_dab_of_the_round_brush_is_a_disc(brush, size):
    brush.use("brush", "rock", size)
    brush.click(60.5, 40.5)
    ids = brush.ids()
    assert set(np.unique(ids)) == {SKY, ROCK}
    assert np.array_equal(ids == ROCK, disc(60.5, 40.5, size))


def test_a_stroke_is_the_union_of_its_dabs(brush):
    brush.use("brush", "rock", 15)
    brush.drag([(20.5, 30.5), (100.5, 30.5), (100.5, 70.5)], steps=3)
    expected = np.zeros((96, 128), bool)
    for x in range(20, 101):
        expected |= disc(x + 0.5, 30.5, 15)
    for y in range(30, 71):
        expected |= disc(100.5, y + 0.5, 15)
    assert np.array_equal(brush.ids() == ROCK, expected)


def test_a_steep_stroke_has_no_holes_and_no_soft_edge(brush):
    brush.use("brush", "rock", 9)
    brush.drag([(30, 10), (47, 85)], steps=1)
    painted = brush.ids() == ROCK
    rows = [np.flatnonzero(row) for row in painted[12:83]]
    assert all(len(row) and row[-1] - row[0] == len(row) - 1 for row in rows)
    assert set(np.unique(brush.ids())) == {SKY, ROCK}


def test_the_square_brush_and_the_eraser(brush):
    brush.root.locator("button.form").nth(1).click()
    brush.use("brush", "rock", 20)
    brush.drag([(40, 40), (60, 40)])
    expected = np.zeros((96, 128), bool)
    expected[30:50, 30:70] = True
    assert np.array_equal(brush.ids() == ROCK, expected)
    brush.use("eraser", size=10)
    brush.click(50, 40)
    expected[35:45, 45:55] = False
    assert np.array_equal(brush.ids() == ROCK, expected)


def test_paint_outside_is_cut_off(brush):
    brush.use("brush", "rock", 40)
    brush.drag([(5, 5), (-30, -30)])
    brush.drag([(125, 94), (160, 120)])
    painted = brush.ids() == ROCK
    assert painted[0, 0] and painted[-1, -1] and not painted[48, 64]


def test_rectangle_and_line(brush):
    brush.use("rectangle", "sea")
    brush.drag([(100.5, 80.5), (20.5, 50.5)])
    expected = np.zeros((96, 128), bool)
    expected[50:81, 20:101] = True
    assert np.array_equal(brush.ids() == SEA, expected)
    brush.use("line", "rock", 3)
    brush.drag([(10.5, 20.5), (110.5, 20.5)])
    assert (brush.ids() == ROCK)[19:22, 10:111].all() and (brush.ids() == ROCK).sum() == 3 * 101 + 6


def test_the_lasso_fills_its_inside(brush):
    corners = [(20, 80), (64, 15), (110, 80), (64, 50)]
    brush.use("lasso", "rock")
    brush.drag(corners, steps=1)
    row, column = grid()
    inside = np.zeros((96, 128), bool)
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        crosses = (y0 <= row) != (y1 <= row)
        inside ^= crosses & (column < x0 + (row - y0) / (y1 - y0 + 1e-30) * (x1 - x0))
    different = (brush.ids() == ROCK) != inside
    # The places of the mouse are rounded to a hundredth of a pixel.
    assert different.sum() <= 12 and inside.sum() > 1000


def test_fill_stops_at_borders_and_goes_round_corners(page):
    brush = page.painter("example:valley", width=256, height=256)
    before = brush.ids()
    brush.use("fill", "sea")
    for x, y in ((20, 10), (128, 250), (200, 150)):
        expected = brush.ids()
        expected[flood(expected, (y, x), connectivity=1)] = SEA
        brush.click(x + 0.5, y + 0.5)
        assert np.array_equal(brush.ids(), expected)
    assert not np.array_equal(before, brush.ids())
    for _ in range(3):
        brush.press("Control+z")
    assert np.array_equal(before, brush.ids())


def test_alt_picks_a_class(page):
    brush = page.painter("example:valley", width=128, height=128)
    before = brush.ids()
    brush.use("brush", "rock", 10)
    x, y = 64, 120
    page.page.keyboard.down("Alt")
    brush.click(x + 0.5, y + 0.5)
    page.page.keyboard.up("Alt")
    assert np.array_equal(brush.ids(), before)
    assert brush.get("painter.classId") == before[y, x] == CLASSES.find("river").id
    assert brush.root.locator(".current .name").inner_text() == "river"


def test_sixty_steps_back_and_forth(brush):
    dice = np.random.default_rng(0)
    states, values = [brush.ids()], [brush.value]
    for step in range(60):
        name = CLASSES.names[1 + step % 17]
        brush.use(["brush", "rectangle", "fill"][step % 3], name, int(dice.integers(3, 30)))
        while True:
            x, y = dice.uniform((4, 4), (124, 92))
            if states[-1][int(y), int(x)] != CLASSES.find(name).id:
                break
        brush.drag([(x, y), tuple(dice.uniform((4, 4), (124, 92)))], steps=2)
        states.append(brush.ids())
        values.append(brush.value)
    for expected, value in zip(states[-2::-1], values[-2::-1], strict=True):
        brush.press("Control+z")
        assert np.array_equal(brush.ids(), expected) and brush.value == value
    assert brush.root.get_by_label("Undo").is_disabled()
    for expected, value in zip(states[1:], values[1:], strict=True):
        brush.press("Control+Shift+z")
        assert np.array_equal(brush.ids(), expected) and brush.value == value
    assert brush.root.get_by_label("Redo").is_disabled()


def test_a_new_stroke_ends_what_could_be_redone(brush):
    brush.use("brush", "rock", 10)
    brush.click(30, 30)
    brush.press("Control+z")
    brush.click(60, 60)
    after = brush.ids()
    brush.press("Control+y")
    assert np.array_equal(brush.ids(), after)


def test_history_stays_within_its_budget(page):
    kept, size, last = page.page.evaluate("""async () => {
        const { History } = await import("/painter/history.js");
        const { Drawing } = await import("/painter/drawing.js");
        const drawing = new Drawing({ width: 256, height: 256, ids: new Uint8Array(65536) });
        drawing.history = new History(1e6);
        let noise = 1;
        const random = () => (noise = Math.imul(noise, 1664525) + 1013904223) >>> 28;
        const { atOnce } = await import("/painter/later.js");
        let before;
        for (let step = 0; step < 100; step++) {
            before = drawing.ids.slice();
            drawing.paste(before.map(random));
            atOnce(drawing.commit());
        }
        const kept = drawing.history.past.length, size = drawing.history.bytes;
        drawing.undo();
        return [kept, size, drawing.ids.every((id, i) => id === before[i])];
    }""")
    assert 1 < kept < 100 and size <= 1e6
    assert last


def test_undo_keeps_fifty_steps_of_a_large_detailed_map_in_little_memory(page):
    steps, counted, kept, most = page.page.evaluate("""async () => {
        const { Drawing } = await import("/painter/drawing.js");
        const { History } = await import("/painter/history.js");
        const { atOnce } = await import("/painter/later.js");
        const side = 1024, drawing = new Drawing({ width: side, height: side, ids: new Uint8Array(side * side) });
        for (let step = 0; step < 60; step++) {
            // Stripes of a few pixels each: 60 steps would take 60 MB without compression.
            drawing.paste(Uint8Array.from({ length: side * side }, (_, i) => (i >> 3) + step & 15));
            atOnce(drawing.commit());
        }
        const { past, bytes } = drawing.history;
        const kept = past.flatMap(step => [...step.values()]).reduce((sum, tile) => sum + tile.length, 0);
        const full = new History();
        for (let step = 0; step < 100; step++) full.push(new Map([[0, new Uint8Array(1e6)]]));
        return [past.length, bytes, kept, full.bytes];
    }""")
    assert steps >= 50 and kept <= counted < 64e6
    assert most < 64e6


def test_flat_paint_costs_next_to_nothing_to_remember(brush):
    for name in ("rock", "sea") * 10:
        brush.use("brush", name)
        brush.root.get_by_label("Fill everything").click()
    brush.values()  # waits until the last step is packed
    assert brush.get("painter.drawing.history.past.length") == 20
    assert brush.get("painter.drawing.history.bytes") < 20 * 96 * 128 / 20


def test_escape_takes_back_what_is_being_drawn(brush):
    brush.use("brush", "rock", 10)
    mouse = brush.page.mouse
    mouse.move(*brush.at(30, 30))
    mouse.down()
    mouse.move(*brush.at(60, 30), steps=3)
    assert (brush.ids() == ROCK).any()
    brush.press("Escape")
    mouse.up()
    assert (brush.ids() == SKY).all()
    assert brush.value == "" and brush.values() == []


def test_zoomed_and_moved_paint_lands_where_the_pointer_is(brush):
    brush.use("brush", "rock", 1)
    brush.click(64.5, 48.5)
    brush.page.keyboard.down("Alt")
    for _ in range(8):
        brush.page.mouse.wheel(0, -100)
    brush.page.keyboard.up("Alt")
    assert brush.get("painter.view.zoom") > 4
    x, y = brush.at(64.5, 48.5)
    brush.page.mouse.move(x, y)
    brush.page.keyboard.down(" ")
    brush.page.mouse.down()
    brush.page.mouse.move(x + 90, y + 40, steps=3)
    brush.page.mouse.up()
    brush.page.keyboard.up(" ")
    moved = brush.at(64.5, 48.5)
    assert moved[0] == pytest.approx(x + 90, abs=1) and moved[1] == pytest.approx(y + 40, abs=1)
    brush.click(60.5, 45.5)
    expected = np.full((96, 128), SKY)
    expected[48, 64] = expected[45, 60] = ROCK
    assert np.array_equal(brush.ids(), expected)
    brush.press("0")
    assert brush.get("painter.view.zoom") == 1


def test_what_is_shown_is_what_is_painted(page):
    brush = page.painter("example:valley", width=256, height=128)
    brush.use("brush", "rock", 30)
    brush.drag([(50, 50), (200, 90)])
    page.page.wait_for_timeout(100)
    shown = brush.get("""(() => {
        const { canvas, paint } = painter.view;
        const box = canvas.getBoundingClientRect(), result = [];
        const data = paint.getContext('2d').getImageData(0, 0, paint.width, paint.height).data;
        for (let y = 0; y < paint.height; y += 3) for (let x = 0; x < paint.width; x += 3) {
            const scale = box.width / paint.width;
            const place = painter.view.toDrawing(box.left + (x + 0.5) * scale, box.top + (y + 0.5) * scale);
            result.push([place.x, place.y, ...data.slice(4 * (y * paint.width + x), 4 * (y * paint.width + x) + 4)]);
        }
        return result;
    })()""")
    ids = brush.ids()
    wrong = 0
    for x, y, *color in shown:
        inside = 0 <= x < 256 and 0 <= y < 128
        expected = [*CLASSES.classes[ids[int(y), int(x)]].color, 255] if inside else [0, 0, 0, 0]
        wrong += color != expected
    assert len(shown) > 10000 and wrong <= len(shown) * 0.001
