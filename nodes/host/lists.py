"""Nodes that take some of their inputs as lists."""

import functools
import inspect
from collections.abc import Callable
from typing import Any


def takes_lists(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """For the methods of a node with ``is_input_list``, to which ComfyUI gives every input as a list.

    The inputs ``names`` stay lists, and one value is made a list of one. The others become their first value.

    Raises:
        ValueError (when the method is called): the list of another input is empty.
    """

    def decorate(method: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(method)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            given = bound.arguments
            for name, parameter in signature.parameters.items():
                if name == "cls" or name not in given:
                    continue
                if parameter.kind is parameter.VAR_KEYWORD:
                    given[name] = {key: value if key in names else _first(key, value)
                                   for key, value in given[name].items()}  # fmt: skip
                elif name not in names:
                    given[name] = _first(name, given[name])
                elif given[name] is not None and not isinstance(given[name], list):
                    given[name] = [given[name]]
            return method(*bound.args, **bound.kwargs)

        return call

    return decorate


def _first(name: str, value: Any) -> Any:
    # ComfyUI gives fingerprint_inputs a tuple with None for an input that is linked.
    if not isinstance(value, list | tuple):
        return value
    if not value:
        raise ValueError(f"{name} is an empty list; connect at least one value")
    return value[0]
