"""Predictions for every picture by a detector that never saw it.

The pictures are divided into folds; for each fold a detector learns from the others and predicts
it. What a detector learnt by heart it would repeat, errors included; of pictures that it never saw
it can only say what their like have taught it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, KFold

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.errors import InputError
from further.train.callbacks.progress import Progress
from further.train.files import write_bytes
from further.train.run import Run
from further.vision.detector import Detector, joined

PREDICTIONS = "predictions.npz"
#: Takes the fold, the share of its training that is done, and the loss.
Report = Callable[[int, float, float], None]


def fold_of(dataset: Dataset, folds: int, seed: int) -> NDArray[np.int64]:
    """Return the fold of each picture, of about equal sizes; groups stay together.

    Parameters
    ----------
    dataset : Dataset
        Of pictures.
    folds : int
        How many.
    seed : int
        Of the order.

    Returns
    -------
    array of shape (n,), int64
        From 0 on.

    Raises
    ------
    InputError
        With fewer pictures or groups than folds.
    """
    groups = dataset.groups
    n = len(dataset) if groups is None else len(np.unique(groups))
    if not 2 <= folds <= n:
        what = "pictures" if groups is None else "groups of pictures"
        raise InputError(
            f"folds={folds}, but {dataset.name} has {n} {what}; choose 2 to {n} folds."
        )
    kind = KFold if groups is None else GroupKFold
    parts = kind(folds, shuffle=True, random_state=seed).split(
        np.arange(len(dataset)), None, groups
    )
    fold = np.empty(len(dataset), dtype=np.int64)
    for k, (_, rows) in enumerate(parts):
        fold[rows] = k
    return fold


def out_of_fold(
    estimator: Detector,
    dataset: Dataset,
    folds: int = 3,
    seed: int = 0,
    *,
    run: str | Path | None = None,
    report: Report | None = None,
) -> Boxes:
    """Return predictions for every picture by a detector that never saw it.

    When to use: before an audit of labels, or wherever a model is judged on all the pictures there
    are. When it fails: pictures that depend on each other (frames of one film, slides of one
    patient) lie in different folds unless the groups of the data say so, and then errors are
    learnt from their neighbours. The data's own split is left aside.

    Parameters
    ----------
    estimator : Detector
        Not fitted; each fold fits a copy.
    dataset : Dataset
        Pictures with boxes, or instances where the estimator needs them.
    folds : int, default=3
        How many; each detector learns from all but one.
    seed : int, default=0
        Of the folds, and of the detectors where the estimator has no seed of its own.
    run : path, optional
        A folder of a run: each fold has a run of its own in ``models/fold_K``, so that what was
        interrupted is resumed, and finished folds are read.
    report : callable, optional
        Takes the fold, the share of its training that is done, and the loss.

    Returns
    -------
    Boxes
        With scores, all that there are, in the order of the pictures.

    Raises
    ------
    InputError
        For data without boxes, and fewer pictures or groups than folds.
    """
    fold = fold_of(dataset, folds, seed)
    # A detector would hold back the pictures that the data's own split tests on.
    dataset = replace(dataset, official_split=None)
    parts: list[Boxes] = []
    order: list[NDArray[np.int64]] = []
    for k in range(folds):
        own = None if run is None else Path(run) / "models" / f"fold_{k}"
        rows = np.flatnonzero(fold == k)
        learns = dataset.take(np.flatnonzero(fold != k))
        parts.append(_predicted(estimator, learns, dataset.take(rows), seed, k, own, report))
        order.append(rows)
    return joined(parts).take(np.argsort(np.concatenate(order)))


def _predicted(
    estimator: Detector,
    learns: Dataset,
    judged: Dataset,
    seed: int,
    k: int,
    run: Path | None,
    report: Report | None,
) -> Boxes:
    if run is not None and (run / PREDICTIONS).is_file():
        if Run(run).record["data"]["fingerprint"] != learns.fingerprint:
            raise InputError(
                f'"{run}" was made from other pictures, labels or folds; choose another folder.'
            )
        return read_boxes(run / PREDICTIONS)
    detector: Any = clone(estimator)
    if detector.random_state is None:
        detector.set_params(random_state=seed)
    callbacks = [] if report is None else [Progress(lambda share, loss: report(k, share, loss))]
    detector.fit(learns, run=run, callbacks=callbacks)
    # A detector of masks says where the boxes around them are.
    found = detector.predict(judged, threshold=0.0).seen_as("boxes")
    if run is not None:
        write_boxes(run / PREDICTIONS, found)
    return found


def write_boxes(path: Path, boxes: Boxes) -> Path:
    """Write boxes as NPZ, without pickle.

    Parameters
    ----------
    path : Path
        The file.
    boxes : Boxes
        With scores or without.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    import io

    file = io.BytesIO()
    np.savez_compressed(file, names=np.array(boxes.names), **boxes.arrays())  # type: ignore[arg-type]
    return write_bytes(path, file.getvalue())


def read_boxes(path: Path) -> Boxes:
    """Return what :func:`write_boxes` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    names = tuple(str(name) for name in arrays.pop("names"))
    return Boxes("boxes", names=names, **arrays)
