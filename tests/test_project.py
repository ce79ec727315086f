"""The files that say what the project needs agree with each other."""

import re
from pathlib import Path

import pytest
import tomllib
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = SETTINGS["project"]


def lines(name: str) -> list[str]:
    """The lines of a requirements file, less comments."""
    text = (ROOT / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def canonical(requirement: str) -> str:
    """The distribution's name, as package indexes normalise it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[<>=!~\[; ]", requirement, maxsplit=1)[0]).lower()


def test_requirements_are_the_projects_dependencies():
    assert lines("requirements.txt") == PROJECT["dependencies"]


def test_development_requirements_are_the_dev_extra():
    assert lines("requirements-dev.txt") == ["-r requirements.txt", *PROJECT["optional-dependencies"]["dev"]]


def test_nothing_has_an_upper_bound():
    assert not [requirement for requirement in PROJECT["dependencies"] if re.search(r"[<~]|==", requirement)]


@pytest.mark.parametrize("requirement", PROJECT["dependencies"] + PROJECT["optional-dependencies"]["dev"])
def test_constraints_pin_what_we_use(requirement):
    pinned = {canonical(line) for line in lines("constraints.txt") if "==" in line}
    assert canonical(requirement) in pinned


def test_icon_and_banner_have_the_shapes_that_the_registry_wants():
    for key, widest, aspect in (("Icon", 400, 1), ("Banner", 2100, 21 / 9)):
        _, file = SETTINGS["tool"]["comfy"][key].split("/main/")
        with Image.open(ROOT / file) as picture:
            width, height = picture.size
        assert width <= widest and width / height == pytest.approx(aspect, rel=0.01), key
