"""Executes the program that a pickle is, and builds only plain containers and stand-ins.

Python's own unpickler trusts what a program says: one index of its memo reserves gigabytes, and a key that is made of
nested tuples takes hours to hash. This machine has budgets of bytes and of instructions, so that a program takes at
most about a second and 200 MB, and it accepts only keys that are cheap to hash.
"""

from collections.abc import Callable
from typing import Any, BinaryIO, Protocol

from ..quoting import plain
from .errors import RefusedError
from .operands import Operands

MOST_INSTRUCTIONS = 1_000_000

LARGEST_KEY = 1 << 60
"""Python computes the hash of a number modulo 2**61 - 1, so larger numbers could all have one hash."""

_CONSTANTS: dict[int, Any] = {0x4E: None, 0x88: True, 0x89: False, 0x29: ()}
_NUMBERS = {0x4B: "<B", 0x4D: "<H", 0x4A: "<i", 0x47: ">d"}
_INTEGERS = {0x8A: "<B", 0x8B: "<i"}
_BYTES = {0x42: "<I", 0x43: "<B", 0x8E: "<Q", 0x96: "<Q", 0x54: "<i", 0x55: "<B"}
_LATIN = (0x54, 0x55)
_TEXTS = {0x58: "<I", 0x8C: "<B", 0x8D: "<Q"}
_PUTS, _GETS = {0x71: "<B", 0x72: "<I"}, {0x68: "<B", 0x6A: "<I"}
_SKIPPED = {0x80: 1, 0x95: 8}
"""The version of the protocol and the length of a frame, and how many bytes each takes."""


class World(Protocol):
    """What the names in a pickle stand for."""

    def named(self, module: str, name: str) -> Any:
        """A stand-in for what the pickle would import."""

    def call(self, function: Any, arguments: tuple[Any, ...]) -> Any:
        """The result of a call. Raises RefusedError for what is not allowed."""

    def made(self, kind: Any, arguments: tuple[Any, ...]) -> Any:
        """A new object of a class that is not initialized."""

    def filled(self, thing: Any, state: Any) -> None:
        """Give an object its state."""

    def stored(self, reference: Any) -> Any:
        """What lies outside of the pickle, such as the numbers of a tensor."""


class Machine:
    """Runs one pickle.

    Args:
        file: it is read from its present position to the end of the pickle.
        world: what names, calls and stored data stand for.
    """

    def __init__(self, file: BinaryIO, world: World):
        self.operands = Operands(file)
        self.world = world
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The object that the pickle describes.

        Raises:
            RefusedError: a budget is exhausted, or ``world`` refused something.
            Exception: the pickle is damaged.
        """
        operands = self.operands
        for _ in range(MOST_INSTRUCTIONS):
            code = operands.read(1)[0]
            if code == 0x2E:  # STOP
                return self.stack.pop()
            if code in _CONSTANTS:
                self.stack.append(_CONSTANTS[code])
            elif code in _NUMBERS:
                self.stack.append(operands.number(_NUMBERS[code]))
            elif code in _TEXTS:
                self.stack.append(str(operands.sized(_TEXTS[code]), "utf-8", "surrogatepass"))
            elif code in _BYTES:
                data = operands.sized(_BYTES[code])
                self.stack.append(data.decode("latin1") if code in _LATIN else data)
            elif code in _INTEGERS:
                self.stack.append(operands.integer(_INTEGERS[code]))
            elif code in _PUTS:
                self.memo[operands.number(_PUTS[code])] = self.stack[-1]
            elif code in _GETS:
                self.stack.append(self.memo[operands.number(_GETS[code])])
            elif code in _SKIPPED:
                operands.read(_SKIPPED[code])
            elif code in _INSTRUCTIONS:
                _INSTRUCTIONS[code](self)
            else:
                raise TypeError(f"unknown instruction {code}")
        raise RefusedError(f"it has more than {MOST_INSTRUCTIONS} instructions, far more than a list of networks needs")

    def _mark(self) -> None:
        self.marks.append(len(self.stack))

    def _marked(self) -> list[Any]:
        """Take what lies above the last mark from the stack."""
        start = self.marks.pop()
        things = self.stack[start:]
        del self.stack[start:]
        return things

    def _pop(self) -> None:
        if self.marks and self.marks[-1] == len(self.stack):
            self.marks.pop()
        else:
            self.stack.pop()

    def _pop_mark(self) -> None:
        self._marked()

    def _duplicate(self) -> None:
        self.stack.append(self.stack[-1])

    def _list(self) -> None:
        self.stack.append(self._marked())

    def _tuple(self, count: int | None = None) -> None:
        things = self._marked() if count is None else [self.stack.pop() for _ in range(count)][::-1]
        self.stack.append(tuple(things))

    def _dict(self) -> None:
        flat = self._marked()
        self.stack.append({})
        self._set_items(flat)

    def _set_items(self, flat: list[Any]) -> None:
        target = self.stack[-1]
        for key, value in zip(flat[::2], flat[1::2], strict=True):
            if isinstance(target, dict) and is_cheap(key):
                target[key] = value

    def _set_item(self) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._set_items([key, value])

    def _append(self, things: list[Any]) -> None:
        if isinstance(self.stack[-1], list):
            self.stack[-1].extend(things)

    def _add_items(self) -> None:
        things = self._marked()
        if isinstance(self.stack[-1], set):
            self.stack[-1].update(filter(is_cheap, things))

    def _frozen_set(self) -> None:
        self.stack.append(frozenset(filter(is_cheap, self._marked())))

    def _put(self) -> None:
        self.memo[int(self.operands.line())] = self.stack[-1]

    def _get(self) -> None:
        self.stack.append(self.memo[int(self.operands.line())])

    def _memoize(self) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _global(self) -> None:
        module, name = self.operands.line(), self.operands.line()
        self.stack.append(self.world.named(module.decode(), name.decode()))

    def _stack_global(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise TypeError("a name is no text")
        self.stack.append(self.world.named(module, name))

    def _reduce(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        self.stack.append(self.world.call(function, _arguments(arguments)))

    def _instance(self) -> None:
        module, name = self.operands.line(), self.operands.line()
        self.stack.append(self.world.call(self.world.named(module.decode(), name.decode()), tuple(self._marked())))

    def _object(self) -> None:
        function, *arguments = self._marked()
        self.stack.append(self.world.call(function, tuple(arguments)))

    def _new_object(self) -> None:
        arguments, kind = self.stack.pop(), self.stack.pop()
        self.stack.append(self.world.made(kind, _arguments(arguments)))

    def _new_object_by_names(self) -> None:
        self.stack.pop()
        self._new_object()

    def _build(self) -> None:
        state = self.stack.pop()
        self.world.filled(self.stack[-1], state)

    def _stored(self) -> None:
        self.stack.append(self.world.stored(self.stack.pop()))


def is_cheap(key: Any) -> bool:
    """Whether a key is hashed at once, and to another value than most others. Entries with other keys are left out."""
    if isinstance(key, int | float):
        return -LARGEST_KEY < key < LARGEST_KEY
    return key is None or isinstance(key, str | bytes)


def _arguments(things: Any) -> tuple[Any, ...]:
    if not isinstance(things, tuple):
        raise TypeError(f"arguments are {plain(type(things).__name__)}")
    return things


_INSTRUCTIONS: dict[int, Callable[[Machine], None]] = {
    ord("I"): lambda machine: machine.stack.append(machine.operands.integer_line()),
    ord("L"): lambda machine: machine.stack.append(machine.operands.integer_line()),
    ord("F"): lambda machine: machine.stack.append(float(machine.operands.line())),
    ord("S"): lambda machine: machine.stack.append(machine.operands.quoted_line()),
    ord("V"): lambda machine: machine.stack.append(machine.operands.line().decode("raw_unicode_escape")),
    ord("("): Machine._mark,
    ord("0"): Machine._pop,
    ord("1"): Machine._pop_mark,
    ord("2"): Machine._duplicate,
    ord("]"): lambda machine: machine.stack.append([]),
    ord("}"): lambda machine: machine.stack.append({}),
    0x8F: lambda machine: machine.stack.append(set()),
    ord("l"): Machine._list,
    ord("t"): Machine._tuple,
    0x85: lambda machine: machine._tuple(1),
    0x86: lambda machine: machine._tuple(2),
    0x87: lambda machine: machine._tuple(3),
    ord("d"): Machine._dict,
    ord("s"): Machine._set_item,
    ord("u"): lambda machine: machine._set_items(machine._marked()),
    ord("a"): lambda machine: machine._append([machine.stack.pop()]),
    ord("e"): lambda machine: machine._append(machine._marked()),
    0x90: Machine._add_items,
    0x91: Machine._frozen_set,
    ord("p"): Machine._put,
    ord("g"): Machine._get,
    0x94: Machine._memoize,
    ord("c"): Machine._global,
    0x93: Machine._stack_global,
    ord("R"): Machine._reduce,
    ord("i"): Machine._instance,
    ord("o"): Machine._object,
    0x81: Machine._new_object,
    0x92: Machine._new_object_by_names,
    ord("b"): Machine._build,
    ord("Q"): Machine._stored,
    ord("P"): lambda machine: machine.stack.append(machine.world.stored(machine.operands.line())),
}
