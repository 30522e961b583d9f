"""What stands behind the figures of a rung: its own terms, what it depends on, where it errs."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.compare.prediction.predicted import aligned
from further.compare.prediction.setting import Setting
from further.data.dataset import Dataset
from further.errors import InputError
from further.evaluate.interval import score_from_examples
from further.evaluate.prediction.classes import ClassPredictions, floored
from further.evaluate.prediction.numbers import NumberPredictions
from further.evaluate.prediction.record import (
    ConfusionRecord,
    ImportanceRecord,
    SurrogateRecord,
)
from further.evaluate.record import Measured
from further.evaluate.reliability import reliability_bins
from further.evaluate.typed_json import from_json
from further.explain.importance import worse_when_shuffled
from further.explain.surrogate import surrogate_tree
from further.registry import ModelEntry
from further.supervised.explanation import Importance
from further.train.seeds import seed_of
from further.trust.doctor.diagnosis import doctor

Floats = NDArray[np.float64]
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
        if (folder / "history.csv").is_file():
            found["diagnosis"] = doctor(folder).to_json()
        if hasattr(self.kept, "explain"):
            found["explanation"] = self.kept.explain().to_json()
        if found.get("explanation", {}).get("kind") in (None, Importance.kind):
            found["surrogate"] = self.surrogate()
        p = self.predictions
        if isinstance(p, ClassPredictions):
            confidence = p.probabilities.max(axis=1)
            found |= {"confusion": confusion(p),
                      "reliability": reliability_bins(confidence, p.right)}  # fmt: skip
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
            loss = partial(self._losses, model, rows, len(fold.train))
            worse = worse_when_shuffled(loss, rows.frame, SHUFFLES, rng, names)
            for name, of_rows in worse.items():
                lost[name].append(of_rows)
        found = []
        for name, parts in lost.items():
            score = score_from_examples(np.concatenate(parts), seed=setting.seed)
            found.append(ImportanceRecord(name, from_json(Measured, score.estimate.to_dict())))
        return tuple(sorted(found, key=lambda one: -(one.loss.value or 0.0)))

    def _losses(self, model: Any, rows: Dataset, n_train: int, frame: pd.DataFrame) -> Floats:
        """Return the loss of each row: nats, or the distance from the target.

        ``frame`` holds the rows' columns, several times over and with one shuffled.
        """
        every = rows.take(np.tile(np.arange(len(rows)), len(frame) // len(rows)))
        given = dataclasses.replace(every, values=frame)
        if given.codes is not None:
            p = floored(aligned(model, given), n_train)
            found: Floats = -np.log(np.take_along_axis(p, given.codes[:, None], axis=1)[:, 0])
            return found
        target: Any = given.target
        return np.abs(target.values[:, 0] - np.asarray(model.predict(given)))

    def surrogate(self) -> SurrogateRecord | None:
        """Return a small tree that does what an opaque model does, and how often.

        The model of the first fold is imitated on its training rows; rows that it never saw tell
        how well.
        """
        setting, fold = self.setting, self.setting.folds[0]
        if setting.dataset.kind != "table":
            return None
        train, test = (
            dataclasses.replace(setting.dataset.take(rows), target=None)
            for rows in (fold.train, fold.test)
        )
        try:
            found = surrogate_tree(self.models[0], train, test, seed=setting.seed)
        except InputError:  # it says the same of all rows
            return None
        if found is None:
            return None
        fidelity = from_json(Measured, found.fidelity.to_dict())
        return SurrogateRecord(fidelity, found.tree.to_json())


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
