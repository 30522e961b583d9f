"""One rung of a ladder: fit it to every fold, predict what is held out, keep the evidence.

The same code serves a model that was trained alone. A run of a rung holds the model that is kept
(``model.json``; fitted to all rows where the validation is crossed), ``predictions.parquet`` with
a row a held-out example, and ``scores.npz``, by which rungs are paired.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from further.compare import candidate
from further.compare.forecast import Cost
from further.compare.prediction.cost import measure_cost
from further.compare.prediction.evidence import Evidence
from further.compare.prediction.predicted import predict_with, write_predicted
from further.compare.prediction.setting import Setting
from further.compare.scores import figures_of, write_scores
from further.evaluate.prediction.record import PredictionMember, PredictorRecord
from further.evaluate.record import NetworkRecord
from further.evaluate.typed_json import to_json
from further.train.callbacks.progress import Progress
from further.train.files import write_json
from further.train.load import load as load_model
from further.train.network import NetworkEstimator
from further.train.run import Run

#: Called with the share of all trainings that is done, and the loss.
Report = Callable[[float, float], None]


class Candidate(candidate.Candidate[Setting]):
    """A rung that is fitted to every fold and judged on what it left out."""

    def measure_cost(self) -> Cost:
        """Return what fitting and judging it takes here."""
        return measure_cost(self.setting, self.estimator())

    def fit(self, run: Run, report: Report | None = None) -> None:
        """Fit the model that is kept, then one for each fold, and predict what is held out.

        Parameters
        ----------
        run : Run
            Where they are kept; what is there already is not done again.
        report : callable, optional
            Called with the share of the trainings that is done, and the loss.
        """
        setting = self.setting
        n_fits = 1 + len(setting.folds) * setting.is_crossed

        def callbacks(done: int) -> list[Any]:
            if report is None:
                return []
            return [Progress(lambda share, loss: report((done + share) / n_fits, loss))]

        if not (run.path / "model.json").is_file():
            rows = setting.dataset.take(setting.final)
            self.estimator().fit(rows, run=run, callbacks=callbacks(0))
        for i, fold in enumerate(setting.folds):
            if setting.is_crossed:
                self._fit_fold(run, i, fold, callbacks(i + 1))

    def _fit_fold(self, run: Run, i: int, fold: Any, callbacks: list[Any]) -> None:
        """Fit to a fold's training rows, into a run of its own below the rung's."""
        path = run.path / "folds" / str(i + 1)
        if not (path / "model.json").is_file():
            rows = self.setting.dataset.take(fold.train)
            self.estimator().fit(rows, run=path, callbacks=callbacks)

    def models(self, folder: Path) -> list[Any]:
        """Return the fitted model of each fold."""
        if not self.setting.is_crossed:
            return [load_model(folder, device=self.setting.device)]
        paths = [folder / "folds" / str(i + 1) for i in range(len(self.setting.folds))]
        return [load_model(path, device=self.setting.device) for path in paths]

    def judge(self, folder: Path) -> PredictorRecord:
        """Predict the held-out rows, score them, and write what was found.

        Parameters
        ----------
        folder : Path
            The run.

        Returns
        -------
        PredictorRecord
            The entry in ``evaluation.json``, without flags.
        """
        setting = self.setting
        models = self.models(folder)
        predictions = predict_with(setting, models)
        scores = predictions.scores()
        write_scores(folder, scores)
        write_predicted(folder, setting, predictions)
        kept = load_model(folder, device=setting.device) if setting.is_crossed else models[0]
        evidence = Evidence(setting, self.line, models, kept, predictions)
        record = replace(
            PredictorRecord(
                name=self.line.name,
                label=self.line.label,
                family=self.line.family,
                role=self.line.role,
                parameters=getattr(kept, "n_parameters_", None),
                network=self._network(kept),
                metrics=figures_of(scores),
                transparency=self.line.transparency,
                notes=tuple(getattr(kept, "notes_", ())),
            ),
            **_spent(kept, models if setting.is_crossed else []),
            **evidence.entries(folder),
        )
        write_json(folder / "evaluation.json", to_json(PredictionMember(model=record)))
        return record

    def _network(self, kept: Any) -> NetworkRecord | None:
        if not isinstance(kept, NetworkEstimator):
            return None
        operations = kept.operations_per_row(self.setting.dataset)
        return NetworkRecord(kept.n_parameters_, operations)


def _spent(kept: Any, others: list[Any]) -> dict[str, Any]:
    """Return what all trainings took, with the steps of the one that is kept."""
    spent = dict(kept.cost_)
    added = ("cpu_seconds", "energy_wh", "energy_low_wh", "energy_high_wh", "carbon_g")
    for name in ("seconds", "training_flops", *added):
        if spent.get(name) is not None:
            spent[name] += sum(model.cost_.get(name) or 0.0 for model in others)
    return spent
