"""A run of models that predict: what ladders and single models have in common."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from further.compare.prediction.advice import embarrassing
from further.compare.prediction.held_out import write_held_out
from further.compare.prediction.setting import Setting, read_setting
from further.compare.source import describe_data
from further.compare.task import TaskRun
from further.evaluate.prediction.record import (
    LadderRecord,
    PredictionEvaluation,
    PredictorRecord,
)
from further.evaluate.record import DataRecord, EnergyRecord, HeldOutRecord
from further.evaluate.typed_json import to_json
from further.train.files import write_json
from further.train.power.grid import grid_intensity
from further.train.run import machine, versions


class PredictionRun(TaskRun):
    """A run of models that predict."""

    @cached_property
    def setting(self) -> Setting:
        """Rows, target, folds, seed and device; to be set where they are known already."""
        return read_setting(self.run)

    def _write(
        self,
        models: Sequence[PredictorRecord],
        seconds: float,
        *,
        controls: tuple[PredictorRecord, ...] = (),
        recommendation: LadderRecord | None = None,
    ) -> None:
        """Write ``evaluation.json``: what was found of models, and what stands around it."""
        run, setting, found = self.run, self.setting, versions()
        data, question = setting.dataset, setting.question
        every = [*models, *controls]
        constant = next((m for m in every if m.role == "control" and m.metrics), None)
        left_out = [f'"{name}" is left out: {why}.' for name, why in question.left_out.items()]
        evaluation = PredictionEvaluation(
            task="classification" if setting.task == "classification" else "regression",
            command=run.record["command"],
            run=str(run.path),
            further=found["further-ml"],
            data=DataRecord(
                **describe_data(data),
                shape=tuple(data.values.shape[1:]),
                levels=data.levels,
                classes=data.classes.names if data.classes is not None else (),
                rows={"all": len(data), "held out": len(setting.held_out)},
                notes=(*data.notes, question.told, *left_out),
            ),
            seed=setting.seed,
            held_out=HeldOutRecord(setting.method, len(setting.folds), len(setting.held_out)),
            left_out=question.left_out,
            embarrassing=embarrassing(constant),
            models=tuple(models),
            controls=controls,
            recommendation=recommendation,
            energy=EnergyRecord(
                next((m.energy_method for m in every if m.energy_method), "no training"),
                *grid_intensity(),
            ),
            machine=machine(),
            versions=found,
            seconds=seconds,
        )
        write_held_out(run.path, setting)
        write_json(run.path / "evaluation.json", to_json(evaluation))
