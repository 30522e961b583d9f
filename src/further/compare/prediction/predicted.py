"""What the models of all folds say of the rows that they never saw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.compare.prediction.setting import Setting
from further.data.dataset import Dataset
from further.errors import InputError
from further.evaluate.prediction.classes import ClassPredictions, floored
from further.evaluate.prediction.numbers import COVERAGE, NumberPredictions
from further.train.predictions import write_predictions

Floats = NDArray[np.floating[Any]]
Predictions = ClassPredictions | NumberPredictions


def predict_with(setting: Setting, models: list[Any], n_train: int | None = None) -> Predictions:
    """Return what each fold's model says of its held-out rows, fold by fold.

    Parameters
    ----------
    setting : Setting
        Rows and folds.
    models : list of estimators
        Fitted, one for each fold.
    n_train : int, optional
        Rows that each was fitted to; default: those of its fold.

    Returns
    -------
    ClassPredictions or NumberPredictions
        As the target is.
    """
    data = setting.dataset
    groups = None if data.groups is None else np.asarray(data.groups)[setting.held_out]
    parts: list[Floats] = []
    ends: list[Floats | None] = []
    for model, fold in zip(models, setting.folds, strict=True):
        rows = data.take(fold.test)
        if data.classes is not None:
            parts.append(floored(aligned(model, rows), n_train or len(fold.train)))
            continue
        parts.append(np.asarray(model.predict(rows), dtype=np.float64))
        ends.append(interval_of(model, rows))
    if data.classes is not None:
        codes = data.classes.codes[setting.held_out]
        every = np.concatenate(parts)
        names, fold_of = data.classes.names, setting.fold_of
        return ClassPredictions(codes, every, names, groups, fold_of, setting.seed)
    known = [end for end in ends if end is not None]
    interval = np.concatenate(known) if len(known) == len(ends) else None
    values = setting.values[setting.held_out]
    return NumberPredictions(values, np.concatenate(parts), interval, groups, setting.seed)


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


def interval_of(model: Any, rows: Dataset) -> Floats | None:
    """Return the ends between which 90 % of such rows lie.

    Parameters
    ----------
    model : estimator
        Fitted.
    rows : Dataset
        What to predict.

    Returns
    -------
    array of shape (n, 2), or None
        None where too few rows were held out of the training.
    """
    try:
        return np.asarray(model.predict_interval(rows, coverage=COVERAGE))
    except InputError:  # too few rows were held out of the training
        return None


def write_predicted(folder: Path, setting: Setting, found: Predictions) -> None:
    """Write ``predictions.parquet``: a row a held-out example.

    Parameters
    ----------
    folder : Path
        The run.
    setting : Setting
        Rows and folds.
    found : ClassPredictions or NumberPredictions
        Of the held-out rows.
    """
    rows = setting.dataset.take(setting.held_out)
    fold = 1 + setting.fold_of if setting.is_crossed else None
    if isinstance(found, ClassPredictions):
        names = np.asarray(found.names, dtype=object)
        write_predictions(
            folder, rows, setting.held_out, prediction=names[found.predicted],
            score=found.probabilities.max(axis=1), probabilities=dict(
                zip(found.names, found.probabilities.T, strict=True)
            ), fold=fold,
        )  # fmt: skip
        return
    write_predictions(
        folder, rows, setting.held_out, prediction=found.predicted, interval=found.interval,
        fold=fold,
    )  # fmt: skip
