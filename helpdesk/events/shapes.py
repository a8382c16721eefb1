"""JSON Schema in few words, for what events and frames say of their members.

A reader must take members and values that it does not know, so nothing here closes an object: the tests do, to find
what is told and not declared.
"""

from typing import Any, Final

Shape = dict[str, Any]

TEXT: Final[Shape] = {"type": "string"}
INTEGER: Final[Shape] = {"type": "integer"}
NUMBER: Final[Shape] = {"type": "number"}
TRUTH: Final[Shape] = {"type": "boolean"}
MOMENT: Final[Shape] = {"type": "string", "format": "date-time"}
NOTHING: Final[Shape] = {"type": "null"}


def record(**members: Shape) -> Shape:
    """An object with all of these; names that Python reserves are written with a `_` behind them: `from_`."""
    named = {name.rstrip("_"): shape for name, shape in members.items()}
    return {"type": "object", "properties": named, "required": list(named)}


def some_of(**members: Shape) -> Shape:
    """An object with any of these."""
    shape = record(**members)
    del shape["required"]
    return shape


def nullable(shape: Shape) -> Shape:
    return {"anyOf": [shape, NOTHING]}


def list_of(shape: Shape) -> Shape:
    return {"type": "array", "items": shape}


def one_of(values: list[str]) -> Shape:
    return {"type": "string", "enum": list(values)}


def change(shape: Shape) -> Shape:
    return record(from_=shape, to=shape)


# People and rows as they were called when it happened.
USER: Final = record(id=INTEGER, username=TEXT, name=TEXT, role=TEXT)
NAMED: Final = record(id=INTEGER, name=TEXT)
