"""What stands around the figures in every ``evaluation.json``: data, budget, protocol, machine."""

from __future__ import annotations

from collections.abc import Sequence

from further.compare.generation.setting import Setting
from further.compare.source import describe_data
from further.data import near_duplicates
from further.evaluate.metrics import GOALS
from further.evaluate.record import (
    BudgetRecord,
    DataRecord,
    EnergyRecord,
    Evaluation,
    ModelRecord,
    NearDuplicates,
    Recommendation,
    SplitRecord,
)
from further.evaluate.typed_json import from_json
from further.train.budget import Budget
from further.train.energy import grid_intensity
from further.train.run import Run, machine, versions


def evaluation_record(
    run: Run,
    setting: Setting,
    models: Sequence[ModelRecord],
    seconds: float,
    *,
    controls: tuple[ModelRecord, ...] = (),
    recommendation: Recommendation | None = None,
) -> Evaluation:
    """Return ``evaluation.json`` for models that have been judged.

    Parameters
    ----------
    run : Run
        The run, of a comparison or of one model.
    setting : Setting
        Rows, split, evaluator and budget.
    models : sequence of ModelRecord
        From :func:`further.compare.generation.member.evaluate_member`, with flags and notes.
    seconds : float
        What all of it took.
    controls : tuple of ModelRecord
        What a single model is compared with.
    recommendation : Recommendation, optional
        Of a comparison.

    Returns
    -------
    Evaluation
        What ``evaluation.json`` holds.
    """
    found = versions()
    methods = [model.energy_method for model in models if model.family == "network"]
    goals = {goal.name: [metric.name for metric in goal.metrics] for goal in GOALS}
    return Evaluation(
        task=run.record["task"],
        command=run.record["command"],
        run=str(run.path),
        further=found["further-ml"],
        data=_data(setting),
        seed=setting.seed,
        repeats=run.record.get("repeats", 1),
        budget=_budget(setting),
        conditional=setting.conditional,
        protocol={**setting.evaluator.protocol, "goals": goals},
        models=tuple(models),
        controls=controls,
        recommendation=recommendation,
        energy=EnergyRecord(methods[0] if methods else "no training", *grid_intensity()),
        machine=machine(),
        versions=found,
        seconds=seconds,
    )


def _data(setting: Setting) -> DataRecord:
    dataset, split = setting.dataset, setting.split.describe()
    found = near_duplicates(setting.part("train"), setting.part("test"))
    return DataRecord(
        **describe_data(dataset),
        shape=setting.encoding.spec.shape,
        levels=dataset.levels,
        classes=tuple(map(str, dataset.classes.names)) if dataset.classes is not None else (),
        rows=split["rows"],
        split=from_json(SplitRecord, split),
        near_duplicates=from_json(NearDuplicates, found.to_json()),
        notes=tuple(dataset.notes),
    )


def _budget(setting: Setting) -> BudgetRecord:
    budget = Budget.parse(setting.budget, setting.encoding.spec)
    flops = budget.amount if budget.unit == "flop" else None
    return BudgetRecord(str(budget), flops, budget.reproducible)
