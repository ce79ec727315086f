"""What tests of nodes share."""

import pytest

import headless


@pytest.fixture
def nodes(node_classes, comfy_folders):
    """The pack's and core nodes by id, with empty folders."""
    return node_classes


@pytest.fixture
def call(nodes):
    """``call(id, **inputs)``: the results of one call of a node."""
    return lambda node_id, **inputs: headless.call_node(nodes[node_id], **inputs).result


@pytest.fixture
def said(node_classes, monkeypatch):
    """What nodes have told the user."""
    from server import PromptServer

    lines = []
    monkeypatch.setattr(PromptServer.instance, "on_text", lambda text, node_id: lines.append(text))
    return lines
