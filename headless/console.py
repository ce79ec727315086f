"""Prints the progress of a run on a terminal or to a log."""

from __future__ import annotations

import time
from typing import TextIO

from .executor import Event

_CLEAR = "\r\x1b[K"
_LOG_INTERVAL = 5.0
_LINE_LENGTH = 100


class Console:
    """Prints one line per node. On a terminal the line is rewritten while the node works; elsewhere a long node
    gets a new line every few seconds."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._rewrites = stream.isatty()
        self._percent = ""
        self._text = ""
        self._last_line = 0.0

    def __call__(self, event: Event) -> None:
        if event.kind == "start":
            self._percent = self._text = ""
            self._last_line = time.monotonic()
            if self._rewrites:
                self._show(event)
        elif event.kind == "progress":
            self._percent = f"{100 * event.value / event.total:.0f} %" if event.total else ""
            self._show(event)
        elif event.kind == "text":
            self._text = " ".join(event.text.split())
            self._show(event)
        elif event.kind == "cached":
            self._end(event, "unchanged")
        else:
            self._end(event, f"{event.seconds:.1f} s")

    def interrupt(self) -> None:
        """Ends an unfinished line, so that the next output starts on a new one."""
        if self._rewrites:
            self._write("\n")

    def _show(self, event: Event) -> None:
        line = _line(event, self._percent, self._text)
        if self._rewrites:
            self._write(_CLEAR + line[:_LINE_LENGTH])
        elif time.monotonic() - self._last_line >= _LOG_INTERVAL:
            self._last_line = time.monotonic()
            self._write(line + "\n")

    def _end(self, event: Event, outcome: str) -> None:
        text = self._text if event.kind == "done" else ""
        self._write((_CLEAR if self._rewrites else "") + _line(event, outcome, text) + "\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _line(event: Event, *remarks: str) -> str:
    said = ", ".join(remark for remark in remarks if remark)
    name = f"[{event.position}/{event.count}] {event.label}"
    return f"{name}: {said}" if said else name
