"""What commands say of a comparison of generative models, or of one that was trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from further.evaluate.metrics import metrics_for
from further.report.numbers import significant
from further.report.summary import Summary, TextTable

if TYPE_CHECKING:
    from further.compare.result import Result


def summary(result: Result[Any]) -> Summary:
    """Return the table of models between what real rows and noise score, and the answer."""
    evaluation = result.evaluation
    models = [*evaluation["models"], *evaluation["controls"]]
    shown = {
        metric.name: metric.heading
        for metric in metrics_for("generation")
        if metric.heading and _is_defined(models, metric.name)
    }
    rows = [*(_row(model, shown) for model in models), *_ends(models, shown)]
    blocks: list[str | TextTable] = [
        TextTable(["model", *shown.values(), "flags"], rows, numbers=len(shown))
    ]
    if evaluation["recommendation"]:
        blocks.append(evaluation["recommendation"]["sentence"])
    blocks += [
        f"{model['label']}: {note}"
        for model in evaluation["models"]
        if model["role"] == "model"
        for note in model.get("notes", [])
    ]
    return Summary(evaluation, blocks)


def _is_defined(models: Sequence[dict[str, Any]], metric: str) -> bool:
    return any(_value(model, metric) is not None for model in models)


def _value(model: dict[str, Any], metric: str, key: str = "value") -> float | None:
    value: float | None = model["metrics"].get(metric, {}).get(key)
    return value


def _row(model: dict[str, Any], shown: dict[str, str]) -> list[str]:
    cells = [significant(_value(model, metric)) for metric in shown]
    return [model["label"], *cells, ", ".join(model.get("flags", []))]


def _ends(models: Sequence[dict[str, Any]], shown: dict[str, str]) -> list[list[str]]:
    """Return the two ends of the scale: what real rows and what noise score."""
    judged = next((model for model in models if model["metrics"]), None)
    if judged is None:
        return []
    return [
        [f"({end})", *(significant(_value(judged, metric, end)) for metric in shown), ""]
        for end in ("real", "noise")
    ]
