"""The published schema of ``evaluation.json``, made from the types that write it.

``python -m further.evaluate.schema > docs/evaluation.schema.json`` writes it again.
"""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from further.evaluate.clustering.record import ClusteringEvaluation
from further.evaluate.prediction.record import PredictionEvaluation, PredictionMember
from further.evaluate.record import Evaluation, MemberEvaluation
from further.evaluate.vision.record import VisionEvaluation, VisionMember


def evaluation_schema() -> dict[str, Any]:
    """Return the JSON Schema of every ``evaluation.json``."""
    definitions: dict[str, Any] = {}
    kinds = (
        Evaluation, MemberEvaluation, ClusteringEvaluation, PredictionEvaluation, PredictionMember,
        VisionEvaluation, VisionMember,
    )  # fmt: skip
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "oneOf": [_of(kind, definitions) for kind in kinds],
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
    properties = {}
    for name, hint in get_type_hints(kind, include_extras=True).items():
        told = hint.__metadata__ if get_origin(hint) is Annotated else ()
        own = _of(hint.__origin__ if told else hint, definitions)
        properties[name] = own | ({"description": told[0]} if told else {})
    fields = dataclasses.fields(kind)
    return {
        "description": (inspect.getdoc(kind) or "").partition("\n")[0],
        "type": "object",
        "properties": properties,
        "required": [field.name for field in fields if not field.metadata.get("optional")],
        "additionalProperties": False,
    }


if __name__ == "__main__":
    print(json.dumps(evaluation_schema(), indent=1, ensure_ascii=False))
