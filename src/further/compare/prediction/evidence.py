"""What stands behind the figures of a rung: its own terms, what it depends on, where it errs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.compare.prediction.predicted import aligned
from further.compare.prediction.setting import Setting
from further.data.dataset import Dataset
from further.evaluate.interval import score_from_examples
from further.evaluate.prediction.classes import ClassPredictions, equal_bins, floored
from further.evaluate.prediction.numbers import NumberPredictions
from further.evaluate.prediction.record import (
    ConfusionRecord,
    ImportanceRecord,
    ReliabilityBin,
)
from further.evaluate.record import Measured
from further.evaluate.typed_json import from_json
from further.evaluate.wilson import WILSON, wilson
from further.registry import ModelEntry
from further.train.seeds import seed_of

Floats = NDArray[np.floating[Any]]
Predictions = ClassPredictions | NumberPredictions
#: Held-out rows on which columns are shuffled, how often, and columns at most.
ROWS_SHUFFLED, SHUFFLES, MOST_COLUMNS = 1000, 5, 100


@dataclass(frozen=True)
class Evidence:
    """What is known of a fitted rung besides its figures."""

    setting: Annotated[Setting, "Rows, target and folds."]
    line: Annotated[ModelEntry, "Of the model."]
    models: Annotated[list[Any], "Fitted, one for each fold."]
    kept: Annotated[Any, "The one that is kept."]
    predictions: Annotated[Predictions, "Of the held-out rows."]

    def entries(self, folder: Path) -> dict[str, Any]:
        """Return the entries of :class:`~further.evaluate.prediction.record.PredictorRecord`.

        Parameters
        ----------
        folder : Path
            The run.

        Returns
        -------
        dict
            By field.
        """
        found: dict[str, Any] = {"importance": self.importance()}
        if hasattr(self.kept, "explain"):
            found["explanation"] = self.kept.explain().to_json()
        if isinstance(self.predictions, ClassPredictions):
            found |= {"confusion": confusion(self.predictions),
                      "reliability": reliability(self.predictions)}  # fmt: skip
        return found

    def importance(self) -> tuple[ImportanceRecord, ...]:
        """Return what each column is worth: what shuffling it among held-out rows costs.

        Each fold's model is asked about rows that it never saw. Columns that say much the same
        stand in for each other, so that each alone may look worthless (Breiman 2001; Fisher et
        al. 2019).
        """
        setting = self.setting
        if setting.dataset.kind != "table" or self.line.role == "control":
            return ()
        names = list(setting.dataset.feature_names)[:MOST_COLUMNS]
        lost: dict[str, list[Floats]] = {name: [] for name in names}
        share = min(1.0, ROWS_SHUFFLED / len(setting.held_out))
        for i, (model, fold) in enumerate(zip(self.models, setting.folds, strict=True)):
            rng = np.random.default_rng(seed_of(setting.seed, "importance", i))
            n = max(2, round(share * len(fold.test)))
            rows = setting.dataset.take(np.sort(rng.permutation(fold.test)[:n]))
            before = self._losses(model, rows, len(fold.train))
            orders = [rng.permutation(len(rows)) for _ in range(SHUFFLES)]
            for name in names:
                many = _shuffled(rows, name, orders)
                after = self._losses(model, many, len(fold.train)).reshape(SHUFFLES, -1)
                lost[name].append(after.mean(axis=0) - before)
        found = []
        for name, parts in lost.items():
            score = score_from_examples(np.concatenate(parts), seed=setting.seed)
            found.append(ImportanceRecord(name, from_json(Measured, score.estimate.to_dict())))
        return tuple(sorted(found, key=lambda one: -(one.loss.value or 0.0)))

    def _losses(self, model: Any, rows: Dataset, n_train: int) -> Floats:
        """Return the loss of each row: nats, or the distance from the target."""
        if rows.codes is not None:
            p = floored(aligned(model, rows), n_train)
            found: Floats = -np.log(np.take_along_axis(p, rows.codes[:, None], axis=1)[:, 0])
            return found
        target: Any = rows.target
        return np.abs(target.values[:, 0] - np.asarray(model.predict(rows)))


def _shuffled(rows: Dataset, name: str, orders: list[NDArray[np.int64]]) -> Dataset:
    """Return the rows several times over, one column in another order each time."""
    every = rows.take(np.tile(np.arange(len(rows)), len(orders)))
    frame = every.frame.copy()
    column = rows.frame[name]
    frame[name] = pd.concat([column.iloc[order] for order in orders], ignore_index=True)
    return dataclasses.replace(every, values=frame)


def confusion(p: ClassPredictions) -> ConfusionRecord:
    """Return how often rows of each class were taken for each.

    Parameters
    ----------
    p : ClassPredictions
        Of held-out rows.

    Returns
    -------
    ConfusionRecord
        Counts.
    """
    k = len(p.names)
    counts = np.bincount(p.codes * k + p.predicted, minlength=k * k).reshape(k, k)
    return ConfusionRecord(tuple(tuple(int(n) for n in row) for row in counts))


def reliability(p: ClassPredictions) -> tuple[ReliabilityBin, ...]:
    """Return how often rows of about the same confidence were right.

    Parameters
    ----------
    p : ClassPredictions
        Of held-out rows.

    Returns
    -------
    tuple of ReliabilityBin
        Of equally many rows each, by confidence.
    """
    confidence = p.probabilities.max(axis=1)
    bins = equal_bins(confidence)
    found = []
    for b in range(int(bins.max(initial=-1)) + 1):
        here = bins == b
        n, share = int(here.sum()), float(p.right[here].mean())
        measured = Measured(share, *wilson(share, n), n, WILSON)
        found.append(ReliabilityBin(float(confidence[here].mean()), measured, n))
    return tuple(found)
