"""Every node has a help page that names its inputs and shows pictures that exist; every workflow has a thumbnail."""

import re
from pathlib import Path

import pytest
from PIL import Image

import headless

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "web" / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
PICTURES = sorted(
    {(page, target) for page in PAGES for target in re.findall(r"!\[[^]]*\]\(([^)]+)\)", page.read_text("utf-8"))}
)


def test_every_node_has_a_page_that_names_its_inputs(pack):
    unnamed = []
    for node_id, node_class in headless.pack_nodes(pack).items():
        text = (DOCS / f"{node_id}.md").read_text("utf-8")
        schema = node_class.GET_SCHEMA()
        assert text.startswith(f"# {schema.display_name}\n"), node_id
        words = set(re.findall(r"\w+", text))
        unnamed += [f"{node_id}: {entry.id}" for entry in schema.inputs if entry.id not in words]
    assert unnamed == []


def test_every_page_belongs_to_a_node(pack):
    assert {page.relative_to(DOCS).parts[0].removesuffix(".md") for page in PAGES} == set(headless.pack_nodes(pack))


@pytest.mark.parametrize(("page", "target"), PICTURES, ids=lambda value: getattr(value, "stem", value))
def test_pictures_of_help_pages_exist(page, target):
    # The editor looks for them in the folder of all pages, also for the translated ones, which lie deeper.
    with Image.open(DOCS / target) as picture:
        picture.verify()


def test_every_page_has_a_picture():
    assert [page.name for page in PAGES if page not in dict(PICTURES)] == []


@pytest.mark.parametrize("path", sorted((ROOT / "workflows").glob("*.json")), ids=lambda path: path.stem)
def test_workflows_have_a_thumbnail(path):
    with Image.open(path.with_suffix(".jpg")) as picture:
        assert picture.format == "JPEG"
