"""A run of this task: what comparisons and trainings of one model have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from further.compare.generation.setting import Setting, read_setting
from further.compare.source import describe_data
from further.compare.task import TaskRun
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
from further.evaluate.typed_json import from_json, to_json
from further.train.budget import Budget
from further.train.files import write_json
from further.train.power.grid import grid_intensity
from further.train.run import machine, versions


class GenerationRun(TaskRun):
    """A run of generative models."""

    @cached_property
    def setting(self) -> Setting:
        """Rows, split, evaluator, seed and budget; to be set where they are known already."""
        return read_setting(self.run)

    @cached_property
    def data(self) -> DataRecord:
        """What ``evaluation.json`` says of the data."""
        return _data(self.setting)

    def _write(
        self,
        models: Sequence[ModelRecord],
        seconds: float,
        *,
        controls: tuple[ModelRecord, ...] = (),
        recommendation: Recommendation | None = None,
        trained: bool = True,
    ) -> None:
        """Write ``evaluation.json``: what was found of models, and what stands around it."""
        run, setting, found = self.run, self.setting, versions()
        methods = [model.energy_method for model in models if model.family == "network"]
        goals = {goal.name: [metric.name for metric in goal.metrics] for goal in GOALS}
        evaluation = Evaluation(
            task=run.record["task"],
            command=run.record["command"],
            run=str(run.path),
            further=found["further-ml"],
            data=replace(self.data, notes=(*self.data.notes, *run.record.get("notes", ()))),
            seed=setting.seed,
            repeats=run.record.get("repeats", 1),
            budget=_budget(setting) if trained else BudgetRecord(),
            conditional=setting.conditional,
            protocol={
                **setting.evaluator.protocol,
                "likelihoods": setting.told_likelihood_rows,
                "goals": goals,
            },
            models=tuple(models),
            controls=controls,
            recommendation=recommendation,
            energy=EnergyRecord(methods[0] if methods else "no training", *grid_intensity()),
            machine=machine(),
            versions=found,
            seconds=seconds,
        )
        write_json(run.path / "evaluation.json", to_json(evaluation))


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
