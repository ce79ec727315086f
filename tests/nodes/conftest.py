"""What tests of SinGAN's nodes share."""

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
