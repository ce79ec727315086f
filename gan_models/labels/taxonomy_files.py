"""Reads taxonomies that users write: small JSON or CSV files with the id, the name and the colour of every class."""

import colorsys
import csv
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..quoting import shown
from ..user_files import open_file
from .classes import Color, LabelClass, Taxonomy, from_hex

ENDINGS = (".json", ".csv")
LONGEST = 1 << 20
"""The most bytes of a file."""
HIGHEST = 253
"""The highest id of a class. 255 means unknown in label maps, and 254 is left for the class "unknown"."""
UNKNOWN, UNKNOWN_ID = "unknown", 255

COLUMNS = {
    "id": ("id", "index", "label_id", "labelid"),
    "name": ("name", "class", "label", "class_name"),
    "color": ("color", "colour", "hex", "rgb"),
    "r": ("r", "red"),
    "g": ("g", "green"),
    "b": ("b", "blue"),
}
"""What the columns of a CSV file and the keys of a JSON file may be called, in any case."""


def read_taxonomy(path: str | Path, name: str) -> Taxonomy:
    """The taxonomy in a file, under the name ``name``.

    A JSON file is a list of objects with ``id``, ``name`` and ``color``, or an object with such a list as ``classes``
    and perhaps with ``unknown_id``. A CSV file has these columns, in this order or as its first line says. Without ids,
    the classes are numbered from 0. A colour is ``#rrggbb`` or three numbers from 0 to 255; a class without one gets a
    generated one, and an id without a class the name "class 3". The unknown class is the one called "unknown", or the
    one with the id 255; if there is none, it follows the last class.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file cannot be opened, has another form, an id or a name occurs twice, or an id is too high.
    """
    with open_file(path) as file:
        content = file.read(LONGEST + 1)
    if len(content) > LONGEST:
        raise ValueError(f"it is longer than {LONGEST >> 20} MB, which is too much for a list of classes")
    try:
        text = content.decode("utf-8-sig")
        data = json.loads(text) if Path(path).suffix.lower() == ".json" else _csv_rows(text)
    except UnicodeDecodeError as error:
        raise ValueError("it is not a text in UTF-8") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not valid JSON ({error})") from error
    except csv.Error as error:
        raise ValueError(f"it is not valid CSV ({error})") from error
    rows, unknown_id = (data.get("classes"), data.get("unknown_id")) if isinstance(data, dict) else (data, None)
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it must list the classes, each with id, name and color")
    return _taxonomy([_class(_renamed(row), number) for number, row in enumerate(rows)], unknown_id, name)


def generated_color(index: int) -> Color:
    """A colour for class ``index``, different for each of the first 254: hues at multiples of the golden angle."""
    hue = index * 137.508 % 360 / 360
    red, green, blue = colorsys.hsv_to_rgb(hue, (0.85, 0.6, 0.4)[index % 3], (0.95, 0.75)[index // 3 % 2])
    return round(red * 255), round(green * 255), round(blue * 255)


def _csv_rows(text: str) -> list[dict[str, Any]]:
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("# ")]
    if not lines:
        return []
    delimiter = max(",;\t", key=lines[0].count)
    rows = [[cell.strip() for cell in row] for row in csv.reader(lines, delimiter=delimiter)]
    known = {word for words in COLUMNS.values() for word in words}
    if any(cell.lower() in known for cell in rows[0]) and not any(cell.isdigit() for cell in rows[0]):
        header, rows = rows[0], rows[1:]
    else:
        header = ["id", "name", "color"] if len(rows[0]) <= 3 else ["id", "name", "r", "g", "b"]
    return [dict(zip(header, row, strict=False)) for row in rows]


def _renamed(row: Mapping[str, Any]) -> dict[str, Any]:
    words = {word: key for key, words in COLUMNS.items() for word in words}
    return {words[key.strip().lower()]: value for key, value in row.items() if key.strip().lower() in words}


def _class(row: Mapping[str, Any], number: int) -> LabelClass:
    number = row.get("id", number)
    if not re.fullmatch(r"\d{1,3}", str(number).strip()):
        raise ValueError(f"the id {shown(number)} is not a whole number from 0 to {HIGHEST}")
    label = int(str(number))
    if HIGHEST < label != UNKNOWN_ID:
        raise ValueError(f"the id {label} is too high; ids run from 0 to {HIGHEST}, and {UNKNOWN_ID} is unknown")
    given = row.get("color") if "color" in row else [row[key] for key in "rgb" if key in row]
    default = UNKNOWN if label == UNKNOWN_ID else f"class {label}"
    name = str(row.get("name") or default).strip().lower().replace(",", " ").replace(":", " ")
    return LabelClass(label, " ".join(name.split()), _color(given, label))


def _color(given: Any, label: int) -> Color:
    if not given:
        return generated_color(label)
    if isinstance(given, str) and re.fullmatch(r"#?[0-9a-fA-F]{6}", given.strip()):
        return from_hex(given.strip())
    parts: Sequence[Any] = re.findall(r"\d+", given) if isinstance(given, str) else given
    if not isinstance(parts, list) or len(parts) != 3 or not all(re.fullmatch(r"\d{1,3}", str(p)) for p in parts):
        raise ValueError(f"the colour {shown(given)} is neither like #ff8000 nor three numbers from 0 to 255")
    red, green, blue = (int(part) for part in parts)
    if max(red, green, blue) > 255:
        raise ValueError(f"the colour {shown(given)} has a number above 255")
    return red, green, blue


def _taxonomy(given: Sequence[LabelClass], unknown_id: Any, name: str) -> Taxonomy:
    classes = {entry.id: entry for entry in given}
    names: list[Any] = [entry.name for entry in given]
    ids: list[Any] = [entry.id for entry in given]
    for what, values in (("id", ids), ("name", names)):
        twice = [value for value in values if values.count(value) > 1]
        if twice:
            raise ValueError(f"the {what} {shown(twice[0])} occurs twice")
    unknown = classes.pop(UNKNOWN_ID, None) or LabelClass(UNKNOWN_ID, UNKNOWN, (0, 0, 0))
    if not classes:
        raise ValueError("it must have at least one class besides unknown")
    every = [classes.get(i) or LabelClass(i, f"class {i}", generated_color(i)) for i in range(max(classes) + 1)]
    where = next((entry.id for entry in every if entry.id == unknown_id or entry.name == UNKNOWN), None)
    if where is None:
        where = len(every)
        every.append(LabelClass(where, unknown.name, unknown.color))
    return Taxonomy(name, "A taxonomy of the user.", tuple(every), where)
