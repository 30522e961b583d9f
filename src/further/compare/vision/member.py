"""One model in a comparison: fit it, find what is in held-out pictures, keep the evidence.

The same code serves a model that was trained alone. A run of a member holds the model,
``predictions.json`` with what it found (of masks, a picture each in ``predictions``),
``stages.json`` with the way to the boxes of one picture, and ``scores.npz``, by which members are
paired.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from further.compare import candidate
from further.compare.scores import figures_of, write_scores
from further.compare.vision.cost import MemberCost, measure_cost
from further.compare.vision.held_out import write_predictions
from further.compare.vision.predictions import find_in, time_predictions
from further.compare.vision.setting import Setting
from further.compare.vision.stages import steps_of, write_stages
from further.data.dataset import Dataset
from further.evaluate.record import NetworkRecord
from further.evaluate.typed_json import to_json
from further.evaluate.vision.judged import evidence, judge
from further.evaluate.vision.record import VisionMember, VisionRecord
from further.registry import ModelEntry
from further.train.callbacks.progress import Progress
from further.train.files import write_json
from further.train.load import load as load_model
from further.train.network import NetworkEstimator
from further.train.run import Run
from further.trust.doctor.diagnosis import doctor

#: Called with the share of the training that is done, and the loss.
Report = Callable[[float, float], None]


class Candidate(candidate.Candidate[Setting]):
    """A model that is fitted to training pictures and judged on others."""

    @classmethod
    def make(
        cls, setting: Setting, name: str, parameters: Any, repeat: int = 0, **given: Any
    ) -> Self:
        """Return a candidate, with the budget of the setting if it has no other; see the base."""
        given = {"budget": setting.budget, **given}
        return super().make(setting, name, parameters, repeat, **given)

    def measure_cost(self) -> MemberCost:
        """Return what training and judging it takes here."""
        return measure_cost(self.setting, self.estimator())

    def fit(self, run: Run, report: Report | None = None) -> None:
        """Fit to the training pictures, unless the run holds the model already.

        Parameters
        ----------
        run : Run
            Where the training is kept.
        report : callable, optional
            Called with the share of the training that is done, and the loss.
        """
        if (run.path / "model.json").is_file():
            return
        rows = self.setting.dataset.take(self.setting.train)
        callbacks = [] if report is None else [Progress(report)]
        self.estimator().fit(rows, run=run, callbacks=callbacks)

    def judge(self, folder: Path) -> VisionRecord:
        """Find what is in held-out pictures, judge it, and write all that was found.

        Parameters
        ----------
        folder : Path
            The run.

        Returns
        -------
        VisionRecord
            The entry in ``evaluation.json``, without flags.
        """
        setting = self.setting
        model = load_model(folder, device=setting.device)
        pictures = setting.dataset.take(setting.test)
        record = judge_model(model, self.line, folder, pictures, setting)
        if (folder / "history.csv").is_file():
            record = replace(record, diagnosis=doctor(folder).to_json())
        write_json(folder / "evaluation.json", to_json(VisionMember(model=record)))
        return record


def judge_model(
    model: Any, line: ModelEntry, folder: Path, pictures: Dataset, setting: Setting
) -> VisionRecord:
    """Judge a fitted model on pictures, and keep in a folder what it found.

    Parameters
    ----------
    model : estimator
        Fitted.
    line : ModelEntry
        Its line.
    folder : Path
        For predictions and scores.
    pictures : Dataset
        That it never saw.
    setting : Setting
        What is in them, their rows and the seed.

    Returns
    -------
    VisionRecord
        Without the diagnosis of a training.
    """
    found: Any = find_in(model, pictures)
    write_predictions(folder, found, setting.test)
    row = int(setting.test[setting.fullest])
    if steps := steps_of(model, setting.dataset.take(np.array([row]))):
        write_stages(folder, row, steps)
    judged = judge(
        setting.truth, found, sizes=pictures.sizes, groups=pictures.groups, seed=setting.seed
    )
    by_class = judged.scores_by_class()
    seconds, energy_wh = time_predictions(model, pictures)
    scores = {**judged.scores(), "seconds_per_picture": seconds}
    write_scores(folder, scores)
    return replace(
        VisionRecord(
            name=line.name,
            label=line.label,
            family=line.family,
            role=line.role,
            parameters=getattr(model, "n_parameters_", None),
            network=_network(model, setting.dataset),
            metrics=figures_of(scores),
            by_class={metric: figures_of(of_class) for metric, of_class in by_class.items()},
            notes=tuple(getattr(model, "notes_", ())),
            seconds_per_picture=seconds.value,
            energy_wh_per_picture=energy_wh,
        ),
        **model.cost_,
        **evidence(judged, rows=setting.test, files=pictures.files),
    )


def _network(model: Any, dataset: Dataset) -> NetworkRecord | None:
    if not isinstance(model, NetworkEstimator):
        return None
    return NetworkRecord(model.n_parameters_, model.operations_per_row(dataset))
