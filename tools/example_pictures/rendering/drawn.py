"""Companions of the pictures: with a paper balloon or boat pasted in, with a balloon copied, crudely painted."""

from collections.abc import Callable

import numpy as np

from . import balloons, film, morning, mountains, noise

Paint = Callable[[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]

PASTED_PLACE = (0.264, 0.434)  # middle of the envelope, as shares of width and height
PASTED_SIZE = 0.21  # envelope height as a share of the picture's height; the basket adds a quarter

BOAT_PLACE = (0.60, 0.73)  # middle of the waterline, as shares of width and height
BOAT_SIZE = 0.42  # height as a share of the picture's height

COPIED_FROM, COPIED_TO = (0.701, 0.617), (0.625, 0.448)  # middles of the copied piece, as shares of width and height
COPIED_PIECE = (0.061, 0.104)  # half its width and height at its new place, likewise
COPIED_SCALE = 0.8


def _flat(red: int, green: int, blue: int) -> np.ndarray:
    """An sRGB colour 0..255 as float32 [3] in 0..1."""
    return np.array([red, green, blue], np.float32) / 255


def paper_balloon(right: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A balloon as a child would cut it out of paper: two flat colours, no light, no folds, no ropes.

    right, up: coordinates in envelope heights from its middle, [H, W]. Returns sRGB [H, W, 3] and coverage.
    """
    level = up + 0.5
    radius = balloons.radius_at(np.clip(level, 0, 1), girth=0.96)
    envelope = (level >= 0) & (level <= 1) & (np.abs(right) < radius)
    angle = np.arcsin(np.clip(right / np.maximum(radius, 1e-3), -1, 1))
    stripe = np.floor((angle / np.pi + 0.5) * 4.999).astype(int)
    colour = np.stack([_flat(225, 80, 50), _flat(240, 205, 90)])[stripe % 2]
    basket = (np.abs(right) < 0.09) & (level > -0.2) & (level < -0.06)
    colour = np.where(basket[..., None], _flat(150, 80, 30), colour)
    rope = (np.abs(np.abs(right) - 0.07) < 0.012) & (level >= -0.06) & (level < 0.02)
    colour = np.where(rope[..., None], _flat(90, 50, 30), colour)
    return colour, (envelope | basket | rope).astype(np.float32)


def pasted(width: int, height: int, seed: int = 7) -> np.ndarray:
    """The balloons picture with a paper balloon pasted in, float32 [height, width, 4] in 0..1.

    Alpha is 0 on the pasted balloon and 1 elsewhere; the colours under it are kept.
    """
    return _with_object(morning.render(width, height, seed), paper_balloon, PASTED_PLACE, PASTED_SIZE)


def paper_boat(right: np.ndarray, up: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A sailing boat in flat green and magenta, with stripes on its sails.

    right, up: coordinates in boat heights from the middle of its waterline, [H, W]. Returns sRGB [H, W, 3] and
    coverage.
    """
    hull = (up >= -0.02) & (up < 0.16) & (np.abs(right) < 0.36 + 0.7 * (up + 0.02))
    rim = hull & (up > 0.12)
    mast = (np.abs(right) < 0.012) & (up >= 0.16) & (up < 0.98)
    main = (right > 0.02) & (up > 0.2) & (right < 0.42 * (0.95 - up) / 0.75)
    jib = (right < -0.02) & (up > 0.2) & (-right < 0.34 * (0.8 - up) / 0.6)
    stripes = np.floor(up * 11) % 2 == 0
    colour = np.where((main & stripes)[..., None], _flat(60, 214, 90), _flat(224, 250, 120))
    colour = np.where(jib[..., None], _flat(250, 70, 190), colour)
    colour = np.where(hull[..., None], _flat(150, 10, 150), colour)
    colour = np.where(rim[..., None], _flat(90, 240, 110), colour)
    colour = np.where(mast[..., None], _flat(70, 0, 80), colour)
    return colour, (hull | mast | main | jib).astype(np.float32)


def sailed(width: int, height: int, seed: int = 23) -> np.ndarray:
    """The mountains picture with a paper boat pasted in, float32 [height, width, 4] in 0..1, alpha as in ``pasted``.

    The picture has none of the boat's colours.
    """
    return _with_object(mountains.render(width, height, seed), paper_boat, BOAT_PLACE, BOAT_SIZE)


def _with_object(picture: np.ndarray, paint: Paint, place: tuple[float, float], size: float) -> np.ndarray:
    """A picture with an object that ``paint`` draws in coordinates of its own, as ``pasted`` returns it."""
    height, width = picture.shape[:2]
    detail = 4
    rows, columns = np.mgrid[: height * detail, : width * detail].astype(np.float32) / detail
    scale = size * height
    right = (columns - place[0] * width) / scale
    up = (place[1] * height - rows) / scale
    colour, cover = paint(right, up)
    share = film.shrink(cover[..., None], detail)
    colour = film.shrink(colour * cover[..., None], detail)
    picture = picture * (1 - share) + colour
    hidden = np.clip(film.blur(share, 0.6) * 1.6, 0, 1)  # a soft edge that covers the whole object
    return np.concatenate([picture, 1 - hidden], axis=2)


def edited(width: int, height: int, seed: int = 7) -> np.ndarray:
    """The balloons picture with an oval piece of it copied, smaller, to another place: float32 [height, width, 4].

    Alpha is 0 on the copy and 1 elsewhere; the copy brings its own sky along, and so a visible seam.
    """
    picture = morning.render(width, height, seed)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    right, down = columns - COPIED_TO[0] * width, rows - COPIED_TO[1] * height
    inside = np.hypot(right / (COPIED_PIECE[0] * width), down / (COPIED_PIECE[1] * height)) < 1
    x = COPIED_FROM[0] * width + right[inside] / COPIED_SCALE
    y = COPIED_FROM[1] * height + down[inside] / COPIED_SCALE
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    across, along = (x - left)[:, None], (y - top)[:, None]
    upper = picture[top, left] * (1 - across) + picture[top, left + 1] * across
    lower = picture[top + 1, left] * (1 - across) + picture[top + 1, left + 1] * across
    copied = picture.copy()
    copied[inside] = upper * (1 - along) + lower * along
    return np.concatenate([copied, 1 - inside[..., None].astype(np.float32)], axis=2)


def _wobble(rows: np.ndarray, columns: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Moves picture coordinates (shares of the height) about, as an unsteady hand would."""
    shift = [0.014 * noise.fractal(columns * 7, rows * 7, seed + k, 2, 0.35) for k in (0, 1)]
    return rows + shift[0], columns + shift[1]


def painted(width: int, height: int, seed: int = 7) -> np.ndarray:
    """A crude painting of balloons over hills in flat blobs of colour, float32 [height, width, 3] in 0..1."""
    detail = 2
    rows, columns = np.mgrid[: height * detail, : width * detail].astype(np.float32) / (height * detail)
    y, x = _wobble(rows, columns, seed)
    picture = np.broadcast_to(_flat(74, 122, 178), (*x.shape, 3)).copy()

    def fill(where: np.ndarray, colour: np.ndarray) -> None:
        picture[where] = colour

    fill(y > 0.28, _flat(128, 156, 190))
    fill(y > 0.48, _flat(182, 184, 199))
    fill(y > 0.64, _flat(228, 218, 209))
    for middle_x, middle_y, long, thick in (
        (0.22, 0.16, 0.20, 0.035), (0.95, 0.10, 0.16, 0.03), (0.70, 0.36, 0.22, 0.03),
        (1.20, 0.43, 0.18, 0.03), (0.12, 0.52, 0.20, 0.025), (0.80, 0.60, 0.26, 0.022),
    ):  # fmt: skip
        fill(np.hypot((x - middle_x) / long, (y - middle_y) / thick) < 1, _flat(224, 218, 216))
    fill(y > 0.785 + 0.020 * np.sin(x * 7 + 1), _flat(202, 194, 184))
    fill(y > 0.835 + 0.016 * np.sin(x * 5), _flat(176, 169, 150))
    fill(y > 0.885 + 0.020 * np.sin(x * 4 + 2), _flat(192, 184, 165))
    fill(y > 0.945 + 0.022 * np.sin(x * 6 + 4), _flat(118, 116, 90))

    blobs = (  # middle x and y, height, two colours
        (0.27, 0.36, 0.38, _flat(196, 34, 42), _flat(228, 218, 210)),
        (0.64, 0.20, 0.25, _flat(232, 196, 40), _flat(26, 116, 116)),
        (0.88, 0.50, 0.33, _flat(38, 58, 104), _flat(214, 212, 212)),
        (1.16, 0.24, 0.28, _flat(228, 190, 36), _flat(40, 34, 44)),
        (0.53, 0.57, 0.17, _flat(206, 74, 30), _flat(228, 178, 60)),
        (1.18, 0.60, 0.19, _flat(74, 124, 172), _flat(220, 216, 216)),
    )
    for middle_x, middle_y, size, first, second in blobs:
        right, level = (x - middle_x) / size, (middle_y - y) / size + 0.5
        inside = np.abs(right) < balloons.radius_at(level, girth=0.94)
        fill(inside, first)
        stripe = np.floor(right / np.maximum(balloons.radius_at(np.clip(level, 0, 1), 0.94), 0.02) * 2.5 + 0.5)
        fill(inside & (stripe % 2 == 1), second)
        fill((np.abs(right) < 0.075) & (np.abs(level + 0.20) < 0.06), _flat(120, 84, 44))
    return film.shrink(picture, detail)
