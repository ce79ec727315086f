"""A workflow in the editor's format, with its subgraphs flattened and its links resolved.

Some nodes of the editor never reach the server: notes, reroutes, primitives, subgraphs, and nodes that are muted or
bypassed. ``SavedGraph.source`` looks through them and returns the real origin of an input's value.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from .errors import WorkflowError

_NOTES = {"Note", "MarkdownNote"}
_VIRTUAL = _NOTES | {"Reroute", "PrimitiveNode"}

_MUTED = 2
_BYPASSED = 4
_OFF = (_MUTED, _BYPASSED)

# Ids that links inside a subgraph use for the subgraph's own inputs and outputs.
_SUBGRAPH_INPUT = "-10"
_SUBGRAPH_OUTPUT = "-20"
_HOST = "-1"


@dataclass
class SavedNode:
    """One node of the file. ``id`` is "7", or "12:7" for node 7 of the subgraph behind node 12."""

    id: str
    type: str
    title: str | None
    mode: int
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    widgets_values: Any
    """A list in widget order; the nodes of a few packs have a dict by name."""
    overrides: dict[str, Any] = field(default_factory=dict)
    """Widget values that are set outside the node's subgraph, by name."""


@dataclass(frozen=True)
class Link:
    """An input that another node's output feeds."""

    node_id: str
    slot: int


@dataclass(frozen=True)
class Constant:
    """An input that a primitive, or a subgraph's widget, feeds."""

    value: Any


class SavedGraph:
    """All nodes of a saved workflow by id, including those in subgraphs.

    Raises WorkflowError if the dict is not a saved workflow.
    """

    def __init__(self, workflow: dict[str, Any]) -> None:
        self.nodes: dict[str, SavedNode] = {}
        # (node, input slot) -> (node, output slot), as drawn.
        self._feeds: dict[tuple[str, int], tuple[str, int]] = {}
        # (inside of a subgraph, its input) -> the slot or the widget value of the node that contains it.
        self._entrances: dict[tuple[str, int], int | Constant] = {}
        try:
            definitions = (workflow.get("definitions") or {}).get("subgraphs") or []
            self._subgraphs = {subgraph["id"]: subgraph for subgraph in definitions}
            self._add_level(workflow, prefix="", mode=0, overrides={}, within=())
        except (KeyError, TypeError, IndexError, AttributeError) as error:
            raise WorkflowError(f"This is not a workflow that the editor saved ({error!r}).") from error

    def running_nodes(self) -> Iterator[SavedNode]:
        """Yields the nodes that reach the server, in the order of the file."""
        for node in self.nodes.values():
            if node.mode not in _OFF and node.type not in _VIRTUAL and node.type not in self._subgraphs:
                yield node

    def source(self, node_id: str, slot: int) -> Link | Constant | None:
        """Returns the origin of an input slot behind reroutes, bypassed nodes and subgraphs.

        Returns None if the slot has no link, or if the link comes from a muted node. Raises WorkflowError if such
        links form a cycle.
        """
        wanted = self.nodes[node_id].inputs[slot].get("type", "*")
        origin = self._feeds.get((node_id, slot))
        visited = set()
        while origin is not None:
            if origin in visited:
                raise WorkflowError(f"The links through node {origin[0]} form a cycle.")
            visited.add(origin)
            here, output = origin
            host, _, end = here.rpartition(":")
            if end == _SUBGRAPH_INPUT:
                entrance = self._entrances.get(origin)
                if not isinstance(entrance, int):
                    return entrance
                origin = self._feeds.get((host, entrance))
                continue
            node = self.nodes.get(here)
            if node is None or node.mode == _MUTED or node.type in _NOTES:
                return None
            if node.mode == _BYPASSED:
                origin = self._feeds.get((here, _bypass_slot(node, output, wanted)))
            elif node.type in self._subgraphs:
                origin = self._feeds.get((f"{here}:{_SUBGRAPH_OUTPUT}", output))
            elif node.type == "Reroute":
                origin = self._feeds.get((here, 0))
            elif node.type == "PrimitiveNode":
                return Constant(node.widgets_values[0]) if node.widgets_values else None
            else:
                return Link(here, output)
        return None

    def _add_level(
        self,
        level: dict[str, Any],
        prefix: str,
        mode: int,
        overrides: dict[str, dict[str, Any]],
        within: tuple[str, ...],
    ) -> None:
        """Adds the nodes and links of the workflow, or of one subgraph.

        ``mode`` is the mode of the node that contains the subgraph: the nodes of a muted subgraph are muted.
        """
        for raw in level["nodes"]:
            node = SavedNode(
                id=f"{prefix}{raw['id']}",
                type=raw["type"],
                title=raw.get("title"),
                mode=mode if mode in _OFF else raw.get("mode", 0),
                inputs=raw.get("inputs") or [],
                outputs=raw.get("outputs") or [],
                widgets_values=raw.get("widgets_values") or [],
                overrides=overrides.get(str(raw["id"]), {}),
            )
            self.nodes[node.id] = node
            if node.type in self._subgraphs:
                self._enter(node, raw, within)
        for link in level.get("links") or []:
            origin, origin_slot, target, target_slot = _read_link(link)
            self._feeds[f"{prefix}{target}", target_slot] = (f"{prefix}{origin}", origin_slot)

    def _enter(self, host: SavedNode, raw: dict[str, Any], within: tuple[str, ...]) -> None:
        """Adds the inside of the subgraph that ``host`` contains."""
        if host.type in within:
            raise WorkflowError(f"The subgraph of node {host.id} contains itself.")
        overrides: dict[str, dict[str, Any]] = {_HOST: dict(host.overrides)}
        for inner, name, value in _promoted_values(host, raw):
            value = host.overrides.get(name, value)
            if value is not None:
                overrides.setdefault(inner, {})[name] = value

        subgraph = self._subgraphs[host.type]
        self._add_level(subgraph, f"{host.id}:", host.mode, overrides, (*within, host.type))
        linked = {e["name"]: slot for slot, e in enumerate(host.inputs) if e.get("link") is not None}
        for position, entry in enumerate(subgraph.get("inputs") or []):
            key = (f"{host.id}:{_SUBGRAPH_INPUT}", position)
            if entry["name"] in linked:
                self._entrances[key] = linked[entry["name"]]
            elif entry["name"] in overrides[_HOST]:
                self._entrances[key] = Constant(overrides[_HOST][entry["name"]])


def _promoted_values(host: SavedNode, raw: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Yields the widgets on the node of a subgraph: the inner node that owns the widget, its name and its value.

    The inner node "-1" stands for the subgraph's input of that name. Depending on its version, the editor stores the
    values by name, by position in ``proxyWidgets``, or by position among the inputs that are widgets. The oldest
    versions store them in the inner nodes; the value is then None.
    """
    named = raw.get("widgets_values_named")
    if named:
        for name, value in named.items():
            yield _HOST, name, value
        return
    proxies = (raw.get("properties") or {}).get("proxyWidgets")
    if proxies is None:
        proxies = [(_HOST, entry["name"]) for entry in host.inputs if "widget" in entry]
    for (inner, name), value in zip_longest(proxies, host.widgets_values[: len(proxies)]):
        yield str(inner), name, value


def _read_link(link: list[Any] | dict[str, Any]) -> tuple[Any, int, Any, int]:
    """Returns the origin node and slot, and the target node and slot, from either format of a link."""
    if isinstance(link, dict):
        return link["origin_id"], link["origin_slot"], link["target_id"], link["target_slot"]
    return link[1], link[2], link[3], link[4]


def _bypass_slot(node: SavedNode, output: int, wanted: str) -> int:
    """Returns the input that a bypassed node forwards to an output.

    This is the same slot if its type fits, else the first slot of exactly the wanted type, else the first that fits;
    -1 if none fits.
    """
    types = [entry.get("type", "*") for entry in node.inputs]
    if output < len(types) and types_fit(types[output], wanted):
        return output
    if wanted in types:
        return types.index(wanted)
    return next((slot for slot, kind in enumerate(types) if types_fit(kind, wanted)), -1)


def types_fit(offered: str, wanted: str) -> bool:
    """Returns whether an output of one type may feed an input of the other. "A,B" accepts both, "*" everything."""
    ours, theirs = set(offered.split(",")), set(wanted.split(","))
    return "*" in ours | theirs or bool(ours & theirs)
