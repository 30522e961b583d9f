"""The published schema of ``evaluation.json``, made from the types that write it.

``python -m further.evaluate.schema > docs/evaluation.schema.json`` writes it again.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import types
from typing import Any, Literal, Union, get_args, get_origin

from further.evaluate.clustering.record import ClusteringEvaluation
from further.evaluate.record import Evaluation, MemberEvaluation
from further.evaluate.typed_json import hints_of


def evaluation_schema() -> dict[str, Any]:
    """Return the schema of every ``evaluation.json``."""
    return schema_of(Evaluation, MemberEvaluation, ClusteringEvaluation)


def schema_of(*kinds: type) -> dict[str, Any]:
    """Return the JSON Schema of a file that holds one of these classes."""
    definitions: dict[str, Any] = {}
    choices = [_of(kind, definitions) for kind in kinds]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": choices,
        "$defs": dict(sorted(definitions.items())),
    }


_SCALARS = {int: "integer", float: "number", str: "string", bool: "boolean", type(None): "null"}


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint in _SCALARS:
        return {"type": _SCALARS[hint]}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of(one, definitions) for one in arguments]}
    if origin is tuple:
        return {"type": "array", "items": _of(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": _of(arguments[1], definitions)}
    if hint.__name__ not in definitions:
        definitions[hint.__name__] = {}  # it may hold others of itself
        definitions[hint.__name__] = _of_class(hint, definitions)
    return {"$ref": f"#/$defs/{hint.__name__}"}


def _of_class(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    told, fields = _described(kind), dataclasses.fields(kind)
    hints = hints_of(kind)
    return {
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "type": "object",
        "properties": {
            field.name: _of(hints[field.name], definitions)
            | ({"description": told[field.name]} if field.name in told else {})
            for field in fields
        },
        "required": [field.name for field in fields if not field.metadata.get("optional")],
        "additionalProperties": False,
    }


def _described(kind: type) -> dict[str, str]:
    """Return what the docstring of a class says of its attributes."""
    entries = re.findall(
        r"^(\w+(?:, \w+)*) : .*\n((?:    .*\n?)+)", inspect.getdoc(kind) or "", flags=re.M
    )
    return {name: " ".join(text.split()) for names, text in entries for name in names.split(", ")}


if __name__ == "__main__":
    print(json.dumps(evaluation_schema(), indent=1, ensure_ascii=False))
