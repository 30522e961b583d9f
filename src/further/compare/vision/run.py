"""A run of models that find something in pictures: what comparisons and single models share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from further.compare.source import describe_data
from further.compare.task import TaskRun
from further.compare.vision.held_out import kept_rows, write_held_out
from further.compare.vision.setting import Setting, read_setting
from further.evaluate.record import (
    BudgetRecord,
    DataRecord,
    EnergyRecord,
    HeldOutRecord,
    SplitRecord,
)
from further.evaluate.typed_json import from_json, to_json
from further.evaluate.vision.record import (
    VisionEvaluation,
    VisionRecommendation,
    VisionRecord,
)
from further.train.files import write_json
from further.train.power.grid import grid_intensity
from further.train.run import Run, machine, versions


class VisionRun(TaskRun):
    """A run of models that find something in pictures."""

    @cached_property
    def setting(self) -> Setting:
        """Pictures, task, seed and device; to be set where they are known already."""
        return read_setting(self.run)

    def _write(
        self,
        models: Sequence[VisionRecord],
        seconds: float,
        *,
        controls: tuple[VisionRecord, ...] = (),
        recommendation: VisionRecommendation | None = None,
        budget: BudgetRecord | None = None,
    ) -> None:
        """Write ``evaluation.json``: what was found of models, and what stands around it."""
        record = self.run.record
        left_out = [
            f"{name} is left out: {why}" for name, why in record.get("left_out", {}).items()
        ]
        write_evaluation(
            self.run, self.setting, self.setting.held_out, models,
            controls=controls, recommendation=recommendation, budget=budget, seconds=seconds,
            notes=(*left_out, *record.get("notes", ())),
        )  # fmt: skip


def write_evaluation(
    run: Run,
    setting: Setting,
    held_out: str,
    models: Sequence[VisionRecord],
    *,
    controls: Sequence[VisionRecord] = (),
    recommendation: VisionRecommendation | None = None,
    budget: BudgetRecord | None = None,
    seconds: float | None = None,
    notes: Sequence[str] = (),
) -> None:
    """Write ``evaluation.json``, and the held-out pictures that a report shows.

    Parameters
    ----------
    run : Run
        Where to.
    setting : Setting
        The pictures.
    held_out : str
        How they were held out.
    models, controls : sequence of VisionRecord
        What was found.
    recommendation : VisionRecommendation, optional
        Of several models.
    budget : BudgetRecord, optional
        Of each network.
    seconds : float, optional
        What all of it took.
    notes : sequence of str
        Besides those of the data.
    """
    data, found = setting.dataset, versions()
    names = getattr(setting.truth, "names", ())
    methods = [model.energy_method for model in (*models, *controls) if model.energy_method]
    evaluation = from_json(VisionEvaluation, {"task": setting.task})
    values = {
        "command": run.record["command"],
        "run": str(run.path),
        "further": found["further-ml"],
        "data": DataRecord(
            **describe_data(data),
            shape=tuple(data.values.shape[1:]),
            levels=data.levels,
            classes=tuple(names),
            rows={
                "all": len(data),
                "train": len(setting.train),
                "held out": len(setting.test),
            },
            split=from_json(SplitRecord, setting.split.describe()),
            notes=(*data.notes, *notes),
        ),
        "seed": setting.seed,
        "repeats": run.record.get("repeats", 1),
        "budget": budget,
        "held_out": HeldOutRecord(held_out, 1, len(setting.test)),
        "models": tuple(models),
        "controls": tuple(controls),
        "recommendation": recommendation,
        "energy": EnergyRecord(next(iter(methods), "no training"), *grid_intensity()),
        "machine": machine(),
        "versions": found,
        "seconds": seconds,
    }
    place = {row: i for i, row in enumerate(setting.test.tolist())}
    worst = [place[one.row] for model in models for one in model.worst]
    kept = kept_rows(len(setting.test), [setting.fullest, *worst], setting.seed)
    write_held_out(run.path, setting.seen, setting.test, kept)
    write_json(run.path / "evaluation.json", to_json(replace(evaluation, **values)))
