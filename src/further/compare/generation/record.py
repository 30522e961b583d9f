"""What stands around the figures in every ``evaluation.json``: data, budget, protocol, machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from further.compare.generation.setting import Setting
from further.compare.source import describe_data
from further.data import near_duplicates
from further.evaluate.metrics import GOALS
from further.train.budget import Budget
from further.train.energy import grid_intensity
from further.train.run import Run, machine, versions


def evaluation_record(
    run: Run,
    setting: Setting,
    models: Sequence[dict[str, Any]],
    seconds: float,
    **more: Any,
) -> dict[str, Any]:
    """Return ``evaluation.json`` for models that have been judged.

    Parameters
    ----------
    run : Run
        The run, of a comparison or of one model.
    setting : Setting
        Rows, split, judge and budget.
    models : sequence of dict
        An entry a model, from :func:`further.compare.generation.member.judge_member`, with flags
        and notes.
    seconds : float
        What all of it took.
    **more
        Further entries, such as the recommendation.
    """
    grid, source = grid_intensity()
    found = versions()
    method = next((m["energy_method"] for m in models if m["family"] == "network"), "no training")
    return {
        "schema": 1,
        "task": run.record["task"],
        "command": run.record["command"],
        "run": str(run.path),
        "further": found["further-ml"],
        "data": _data(setting),
        "seed": setting.seed,
        "repeats": run.record.get("repeats", 1),
        "budget": _budget(setting),
        "conditional": setting.conditional,
        "protocol": {
            **setting.judge.protocol,
            "goals": {goal.name: [m.name for m in goal.metrics] for goal in GOALS},
        },
        "models": list(models),
        **more,
        "energy": {"method": method, "grid_g_per_kwh": grid, "grid_source": source},
        "machine": machine(),
        "versions": found,
        "seconds": seconds,
    }


def _data(setting: Setting) -> dict[str, Any]:
    dataset, split = setting.dataset, setting.split
    found = near_duplicates(setting.part("train"), setting.part("test"))
    return {
        **describe_data(dataset),
        "shape": list(setting.encoding.spec.shape),
        "levels": dataset.levels,
        "classes": list(dataset.classes.names) if dataset.classes is not None else [],
        "rows": {
            "train": len(split.train),
            "validation": len(split.validation),
            "test": len(split.test),
        },
        "split": split.describe(),
        "near_duplicates": found.to_json(),
        "notes": list(dataset.notes),
    }


def _budget(setting: Setting) -> dict[str, Any]:
    budget = Budget.parse(setting.budget, setting.encoding.spec)
    return {
        "text": str(budget),
        "flops": budget.amount if budget.unit == "flop" else None,
        "reproducible": budget.reproducible,
    }
