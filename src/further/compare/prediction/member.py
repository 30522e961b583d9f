"""One rung of a ladder: fit it to every fold, predict what is held out, keep the evidence.

The same code serves a model that was trained alone. A run of a rung holds the model that is kept
(``model.json``; fitted to all rows where the validation is crossed), ``predictions.parquet`` with
a row a held-out example, and ``scores.npz``, by which rungs are paired.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.compare.forecast import Cost
from further.compare.prediction.cost import measure_cost
from further.compare.prediction.evidence import Evidence
from further.compare.prediction.setting import Setting
from further.compare.scores import write_scores
from further.compare.source import describe_data
from further.data.dataset import Dataset
from further.evaluate.estimate import Score
from further.evaluate.prediction.classes import ClassPredictions, floored
from further.evaluate.prediction.numbers import COVERAGE, NumberPredictions
from further.evaluate.prediction.record import PredictionMember, PredictorRecord
from further.evaluate.record import Figure, NetworkRecord
from further.evaluate.typed_json import from_json, to_json
from further.registry import ModelEntry, find_model
from further.train.callbacks.progress import Progress
from further.train.energy import EnergyMeter
from further.train.files import write_json
from further.train.load import load as load_model
from further.train.network import NetworkEstimator
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.predictions import read_predictions, write_predictions
from further.train.run import Run
from further.train.seeds import seed_of

Floats = NDArray[np.floating[Any]]
#: Called with the share of all trainings that is done, and the loss.
Report = Callable[[float, float], None]
Predictions = ClassPredictions | NumberPredictions


@dataclass(frozen=True)
class Candidate:
    """A rung that is fitted and judged in a setting."""

    setting: Annotated[Setting, "Rows, target, folds, seed and device."]
    line: Annotated[ModelEntry, "Its line in the table of models."]
    parameters: Annotated[dict[str, Any], "Hyperparameters."]

    @classmethod
    def make(cls, setting: Setting, name: str, parameters: Any, **given: Any) -> Candidate:
        """Return a candidate, its seed that of the comparison.

        Parameters
        ----------
        setting : Setting
            Seed and device.
        name : str
            The model.
        parameters : mapping or None
            Hyperparameters, as they stand in JSON.
        **given
            What is taken where they say nothing.

        Returns
        -------
        Candidate
            Not fitted.
        """
        line = find_model(name)
        own = dict(parameters_from_json(parameters or {}))
        known = line.load()._parameter_constraints
        if "random_state" in known:
            own.setdefault("random_state", seed_of(setting.seed, "model") % (2**31 - 1))
        if line.family == "network":
            own.setdefault("device", setting.device)
        for key, value in given.items():
            if key in known:
                own.setdefault(key, value)
        return cls(setting, line, own)

    def estimator(self) -> Any:
        """Return the estimator, not fitted."""
        return self.line.load()(**self.parameters)

    def measure_cost(self) -> Cost:
        """Return what fitting and judging it takes here."""
        return measure_cost(self.setting, self.estimator())

    def begin(self, folder: Path) -> Run:
        """Return the run of a member of a ladder, new or as it was left."""
        return Run.create(
            folder,
            command="train",
            model=self.line.name,
            parameters=parameters_to_json(self.parameters),
            seed=int(self.parameters.get("random_state", self.setting.seed)),
            data=describe_data(self.setting.dataset),
        )

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
        if (path / "model.json").is_file():
            return
        meter, started = EnergyMeter(), time.monotonic()
        rows = self.setting.dataset.take(fold.train)
        self.estimator().fit(rows, run=path, callbacks=callbacks)
        spent = {"seconds": time.monotonic() - started, "energy_wh": meter.read().watt_hours}
        write_json(path / "spent.json", spent)

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
        predictions = self._predict(models)
        scores = predictions.scores()
        write_scores(folder, scores)
        _write_predictions(folder, setting, predictions)
        kept = load_model(folder, device=setting.device)
        evidence = Evidence(setting, self.line, models, kept, predictions)
        record = replace(
            PredictorRecord(
                name=self.line.name,
                label=self.line.label,
                family=self.line.family,
                role=self.line.role,
                parameters=getattr(kept, "n_parameters_", None),
                network=self._network(kept),
                metrics=_figures(scores),
                transparency=self.line.transparency,
                notes=tuple(getattr(kept, "notes_", ())),
            ),
            **_spent(folder, kept),
            **evidence.entries(folder),
        )
        write_json(folder / "evaluation.json", to_json(PredictionMember(model=record)))
        return record

    def _predict(self, models: list[Any]) -> Predictions:
        """Return what each fold's model says of its held-out rows, fold by fold."""
        setting, data = self.setting, self.setting.dataset
        groups = None if data.groups is None else np.asarray(data.groups)[setting.held_out]
        parts, ends = [], []
        for model, fold in zip(models, setting.folds, strict=True):
            rows = data.take(fold.test)
            if setting.task == "classification":
                parts.append(floored(aligned(model, rows), len(fold.train)))
                continue
            parts.append(np.asarray(model.predict(rows), dtype=np.float64))
            ends.append(_interval(model, rows))
        if setting.task == "classification":
            assert data.classes is not None
            return ClassPredictions(
                data.classes.codes[setting.held_out], np.concatenate(parts), data.classes.names,
                groups, setting.seed,
            )  # fmt: skip
        interval = None if any(end is None for end in ends) else np.concatenate(ends)
        values = setting.values[setting.held_out]
        return NumberPredictions(values, np.concatenate(parts), interval, groups, setting.seed)

    def _network(self, kept: Any) -> NetworkRecord | None:
        if not isinstance(kept, NetworkEstimator):
            return None
        operations = kept.operations_per_row(self.setting.dataset)
        return NetworkRecord(kept.n_parameters_, operations)


def aligned(model: Any, rows: Dataset) -> Floats:
    """Return the probabilities of rows in the order of the data's classes.

    Parameters
    ----------
    model : estimator
        Fitted to rows that may lack a class.
    rows : Dataset
        What to predict.

    Returns
    -------
    array of shape (n, classes)
        0 for a class that the training rows lack.
    """
    assert rows.classes is not None
    found = np.asarray(model.predict_proba(rows), dtype=np.float64)
    names = [str(name) for name in model.classes_]
    if names == list(rows.classes.names):
        return found
    every = np.zeros((len(found), len(rows.classes.names)))
    every[:, [rows.classes.names.index(name) for name in names]] = found
    return every


def _interval(model: Any, rows: Dataset) -> Floats | None:
    from further.errors import InputError

    try:
        return np.asarray(model.predict_interval(rows, coverage=COVERAGE))
    except InputError:  # too few rows were held out of the training
        return None


def _figures(scores: Mapping[str, Score | None]) -> dict[str, Figure]:
    return {
        name: Figure(method="not defined")
        if score is None
        else replace(from_json(Figure, score.estimate.to_dict()), detail=score.detail)
        for name, score in scores.items()
    }


def _spent(folder: Path, kept: Any) -> dict[str, Any]:
    """Return what all trainings took, with the steps of the one that is kept."""
    from further.compare.source import EventHandler  # noqa: F401
    from further.train.energy import carbon_of
    from further.train.files import read_json

    spent = dict(kept.cost_)
    for file in sorted((folder / "folds").glob("*/spent.json")):
        fold = read_json(file)
        for name in ("seconds", "energy_wh"):
            spent[name] = (spent[name] or 0.0) + fold[name]
    spent["carbon_g"] = carbon_of(spent["energy_wh"])
    return spent


def _write_predictions(folder: Path, setting: Setting, found: Predictions) -> None:
    rows = setting.dataset.take(setting.held_out)
    if isinstance(found, ClassPredictions):
        names = np.asarray(found.names, dtype=object)
        write_predictions(
            folder, rows, setting.held_out, prediction=names[found.predicted],
            score=found.probabilities.max(axis=1), probabilities=dict(
                zip(found.names, found.probabilities.T, strict=True)
            ),
        )  # fmt: skip
        return
    write_predictions(
        folder, rows, setting.held_out, prediction=found.predicted, interval=found.interval
    )
