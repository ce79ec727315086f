"""Runs prompts: checks them, runs the nodes that output nodes need in order, and reuses unchanged results."""

from __future__ import annotations

import asyncio
import hashlib
import inspect
import json
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import torch

from .api.dynamic import expand_inputs, nest
from .api.node import ComfyNode, NodeOutput, locked_copy, overrides
from .api.schema import Hidden, HiddenHolder
from .checks import check_inputs, constants, execution_order
from .errors import NodeError
from .graph import NodeClasses, Prompt, is_link, label
from .runtime import folders, memory, server, utils

EventKind = Literal["start", "progress", "text", "done", "cached"]


@dataclass(frozen=True)
class Event:
    """An event of a node during a run."""

    kind: EventKind
    node_id: str
    label: str
    position: int
    """1 for the first node of the run."""
    count: int
    """Number of nodes in the run."""
    value: float = 0
    total: float = 0
    preview: Any = None
    """With "progress", ``(format, PIL image, longest side)`` or None."""
    text: str = ""
    seconds: float = 0
    """With "done", the duration of the node."""


@dataclass
class Run:
    """The result of a run."""

    outputs: dict[str, list[list[Any]]] = field(default_factory=dict)
    """By node id: a list of values for each output slot; one value unless nodes with lists are involved."""
    ui: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By node id: the content that the node shows, in the form of the server's history."""
    executed: list[str] = field(default_factory=list)
    cached: list[str] = field(default_factory=list)

    def value(self, node_id: str, slot: int = 0) -> Any:
        """Returns the only value of an output slot."""
        (value,) = self.outputs[node_id][slot]
        return value


def call_node(node_class: type[ComfyNode], unique_id: str = "1", **inputs: Any) -> NodeOutput:
    """Calls a node's ``execute`` as a run does, but without a graph and without checks; for tests."""
    hidden = HiddenHolder({Hidden.unique_id: unique_id, Hidden.prompt: {}})
    with torch.inference_mode():
        return _normalized(_finished(locked_copy(node_class, hidden).execute(**inputs)))


def shown_files(run: Run) -> list[Path]:
    """Returns the pictures that the nodes of a run saved or show, in the order of the run."""
    paths = []
    for shown in run.ui.values():
        for file in shown.get("images", ()):
            folder = folders.get_directory_by_type(file["type"])
            if folder is not None:
                paths.append(Path(folder, file["subfolder"], file["filename"]))
    return paths


@dataclass
class _Result:
    outputs: list[list[Any]]
    ui: dict[str, Any]


class Executor:
    """Runs prompts made of the given node classes, and keeps results from one run to the next.

    Unlike the server, it runs all of a prompt or nothing: one invalid input raises before the first node runs.
    Lazy inputs are always computed; node expansion and blocking do not exist.
    """

    def __init__(self, classes: NodeClasses) -> None:
        self._classes = classes
        self._cache: dict[str, _Result] = {}

    def run(
        self,
        prompt: Prompt,
        extra_pnginfo: dict[str, Any] | None = None,
        on_event: Callable[[Event], None] | None = None,
    ) -> Run:
        """Runs the output nodes and the nodes that they need.

        Args:
            prompt: the API format.
            extra_pnginfo: metadata of the saved pictures; the editor sends ``{"workflow": ...}``.
            on_event: receives the start, the progress and the end of every node.
        Raises:
            WorkflowError: the prompt is not valid, and nothing was run.
            NodeError: a node raised; the results of the nodes before it stay cached.
            InterruptProcessingException: the run was interrupted.
        """
        order = execution_order(prompt, self._classes)
        checked = {node_id: check_inputs(prompt, node_id, self._classes) for node_id in order}
        memory.interrupt_current_processing(False)
        run = Run()
        keys: dict[str, str | None] = {}
        kept: dict[str, _Result] = {}
        with torch.inference_mode():
            for position, node_id in enumerate(order, start=1):
                report = _Reporter(on_event, node_id, label(prompt, node_id), position, len(order))
                key = keys[node_id] = self._key(node_id, prompt, checked[node_id], keys)
                result = self._cache.get(key) if key is not None else None
                if result is not None:
                    run.cached.append(node_id)
                    report("cached")
                else:
                    memory.throw_exception_if_processing_interrupted()
                    result = self._execute(node_id, prompt, checked[node_id], run, extra_pnginfo, report)
                    run.executed.append(node_id)
                if key is not None:
                    kept[key] = self._cache[key] = result
                run.outputs[node_id] = result.outputs
                if result.ui:
                    run.ui[node_id] = result.ui
        self._cache = kept  # results that this prompt does not use are dropped, as on the server
        return run

    def _key(self, node_id: str, prompt: Prompt, inputs: dict[str, Any], keys: dict[str, str | None]) -> str | None:
        """Returns a hash of everything that the node's result depends on; None if that is unknown."""
        node_class = self._classes[prompt[node_id]["class_type"]]
        schema = node_class.GET_SCHEMA()
        ingredients: list[Any] = [schema.node_id, self._fingerprint(node_class, inputs)]
        if schema.not_idempotent or Hidden.unique_id in schema.hidden:
            ingredients.append(node_id)
        for name, value in sorted(inputs.items()):
            if is_link(value):
                origin = keys[str(value[0])]
                if origin is None:
                    return None
                ingredients.append([name, "link", origin, value[1]])
            else:
                ingredients.append([name, "value", value])
        try:
            # NaN as a fingerprint means "always run"; JSON without NaN makes it unhashable here.
            text = json.dumps(ingredients, allow_nan=False)
        except (TypeError, ValueError):
            return None
        return hashlib.sha256(text.encode()).hexdigest()

    def _fingerprint(self, node_class: type[ComfyNode], inputs: dict[str, Any]) -> Any:
        if not overrides(node_class, "fingerprint_inputs"):
            return None
        declared = node_class.GET_SCHEMA().inputs
        values = constants(inputs)
        if node_class.GET_SCHEMA().is_input_list:
            values = {name: (None,) if is_link(inputs[name]) else [value] for name, value in values.items()}
        arguments = nest(values, expand_inputs(declared, inputs), declared)
        try:
            return _finished(locked_copy(node_class, HiddenHolder()).fingerprint_inputs(**arguments))
        except Exception as error:
            logging.warning("%s.fingerprint_inputs failed: %s", node_class.__name__, error)
            return float("nan")

    def _execute(
        self,
        node_id: str,
        prompt: Prompt,
        inputs: dict[str, Any],
        run: Run,
        extra_pnginfo: dict[str, Any] | None,
        report: _Reporter,
    ) -> _Result:
        node_class = self._classes[prompt[node_id]["class_type"]]
        schema = node_class.GET_SCHEMA()
        available = {
            Hidden.unique_id: node_id,
            Hidden.prompt: prompt,
            Hidden.extra_pnginfo: extra_pnginfo,
        }
        hidden = HiddenHolder({name: available.get(name) for name in schema.hidden})
        locked = locked_copy(node_class, hidden)
        lists = {
            name: run.outputs[str(value[0])][value[1]] if is_link(value) else [value] for name, value in inputs.items()
        }
        slots = expand_inputs(schema.inputs, inputs)
        try:
            with report.running():
                returned = [
                    _normalized(_finished(locked.execute(**nest(arguments, slots, schema.inputs))))
                    for arguments in _calls(lists, schema.is_input_list)
                ]
                return _merged(returned, [output.is_output_list for output in schema.outputs])
        except Exception as error:
            raise NodeError(node_id, report.label, error) from error


class _Reporter:
    """Sends a node's events to the listener."""

    def __init__(
        self, on_event: Callable[[Event], None] | None, node_id: str, label: str, position: int, count: int
    ) -> None:
        self._on_event = on_event
        self._about = (node_id, label, position, count)
        self.label = label

    def __call__(self, kind: EventKind, **more: Any) -> None:
        if self._on_event is not None:
            self._on_event(Event(kind, *self._about, **more))

    @contextmanager
    def running(self) -> Iterator[None]:
        """Forwards the progress and the text that the node sends, if there is a listener."""
        if self._on_event is None:
            yield
            return
        self("start")
        started = time.perf_counter()
        instance = server.PromptServer.instance
        instance.on_text = lambda text, node_id: self("text", text=text)
        try:
            with utils.progress_hook(self._progress):
                yield
        finally:
            instance.on_text = None
        self("done", seconds=time.perf_counter() - started)

    def _progress(self, value: float, total: float, preview: Any, node_id: str | None = None) -> None:
        self("progress", value=value, total=total, preview=preview)


def _calls(lists: dict[str, list[Any]], takes_lists: bool) -> list[dict[str, Any]]:
    """Returns the keyword arguments of each call.

    There is one call for each item of the longest list, and shorter lists repeat their last item. A node that takes
    lists is called once with all of them.
    """
    if takes_lists:
        return [dict(lists)]
    length = max((len(values) for values in lists.values()), default=1)
    return [{name: values[min(i, len(values) - 1)] for name, values in lists.items()} for i in range(length)]


def _finished(result: Any) -> Any:
    """Returns the result, awaited if ``execute`` is a coroutine.

    Only coroutines get an event loop, because inside one Ctrl+C would wait for the next await.
    """
    return asyncio.run(_await(result)) if inspect.isawaitable(result) else result


async def _await(result: Any) -> Any:
    return await result


def _normalized(returned: Any) -> NodeOutput:
    if isinstance(returned, NodeOutput):
        return returned
    if returned is None:
        return NodeOutput()
    if isinstance(returned, tuple):
        return NodeOutput(*returned)
    if isinstance(returned, dict):
        return NodeOutput(*returned.get("result", ()), ui=returned.get("ui"))
    raise TypeError(f"execute must return a NodeOutput, not {type(returned).__name__}.")


def _merged(returned: list[NodeOutput], are_lists: list[bool]) -> _Result:
    """Merges the results of all calls: the values of each output slot form one list."""
    outputs: list[list[Any]] = [[] for _ in are_lists]
    shown: dict[str, Any] = {}
    for output in returned:
        if output.args and len(output.args) != len(are_lists):
            raise TypeError(f"execute returned {len(output.args)} results for {len(are_lists)} outputs.")
        for slot, value in enumerate(output.args):
            if are_lists[slot]:
                outputs[slot].extend(value)
            else:
                outputs[slot].append(value)
        if output.ui is not None:
            ui = output.ui if isinstance(output.ui, dict) else output.ui.as_dict()
            for key, values in ui.items():
                shown.setdefault(key, []).extend(values)
    return _Result(outputs, shown)
