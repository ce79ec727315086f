"""Every translation covers all nodes with all their inputs and outputs, and nothing else."""

import json
import re
from pathlib import Path

import pytest

import headless

LOCALES = Path(__file__).resolve().parents[2] / "locales"


@pytest.mark.parametrize("path", sorted(LOCALES.glob("*/nodeDefs.json")), ids=lambda path: path.parent.name)
def test_a_translation_covers_every_text_of_every_node(pack, path):
    translated = json.loads(path.read_text("utf-8"))
    schemas = {node_id: node_class.GET_SCHEMA() for node_id, node_class in headless.pack_nodes(pack).items()}
    assert list(translated) == list(schemas)
    for node_id, schema in schemas.items():
        texts = translated[node_id]
        assert list(texts) == ["display_name", "description", "inputs", "outputs"], node_id
        assert list(texts["inputs"]) == [entry.id for entry in schema.inputs], node_id
        assert list(texts["outputs"]) == [str(index) for index in range(len(schema.outputs))], node_id
        for socket in [*texts["inputs"].values(), *texts["outputs"].values()]:
            assert list(socket) == ["name", "tooltip"] and all(socket.values()), node_id


@pytest.mark.parametrize("path", sorted(LOCALES.glob("*/*.json")), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_translations_are_plain_text_for_the_editor(path):
    # The editor's i18n gives these characters a meaning.
    values = re.findall(r': "([^"]*)"', path.read_text("utf-8"))
    assert values and [value for value in values if re.search(r"[{}@|]", value)] == []
