"""A node's entry in the server's /object_info."""

from __future__ import annotations

import json
from typing import Any

from .api.node import ComfyNode


def object_info(node_class: type[ComfyNode]) -> dict[str, Any]:
    """Returns the JSON of ``/object_info/<id>`` for the node: tuples are lists, enums are their values."""
    info: dict[str, Any] = json.loads(json.dumps(node_class.GET_NODE_INFO_V1()))
    return info
