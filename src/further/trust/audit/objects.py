"""Objects in pictures as rows of an audit: each true one, found or not, and each false alarm.

An object counts as found if a prediction of its class with at least the threshold overlaps it by
half or more (IoU), as for AP50. Of one that was not found the miss is known; how often nothing was
rightly seen is not, so there is no false positive rate: precision tells of false alarms. Objects of
one picture depend on each other.
"""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from further.evaluate.vision.detection import AT_50, ObjectPredictions
from further.evaluate.vision.matching import RANGES, pictures_of, scores_of
from further.evaluate.vision.overlap import Objects, areas
from further.trust.audit.predictions import Predictions

#: Columns that every object has.
CLASS, SIZE = "class", "size"


def predictions_of_objects(
    found: ObjectPredictions,
    threshold: float,
    name: str,
    *,
    of_objects: pd.DataFrame | None = None,
    of_pictures: pd.DataFrame | None = None,
    group: tuple[str, ...] = (),
    notes: tuple[str, ...] = (),
) -> Predictions:
    """Return objects as rows of an audit.

    Parameters
    ----------
    found : ObjectPredictions
        True objects and predictions of the same pictures.
    threshold : float
        From which score on a prediction counts.
    name : str
        Of the data.
    of_objects : DataFrame of shape (objects, ...), optional
        Attributes of each true object.
    of_pictures : DataFrame of shape (pictures, ...), optional
        Attributes of each picture.
    group : tuple of str
        The columns by which the rows are to be divided: where one is known of true objects only,
        false alarms are left out.
    notes : tuple of str
        On how they were read.

    Returns
    -------
    Predictions
        A row for each true object and each false alarm, with ``class``, ``size`` and attributes.
    """
    truth, predicted = found.truth, found.predicted
    counted = found.matches.counted[0, AT_50] & (scores_of(predicted) >= threshold)
    match = found.matches.match[0, AT_50]
    is_found = np.zeros(len(truth.codes), dtype=bool)
    is_found[match[counted & (match >= 0)]] = True
    alarms = np.flatnonzero(counted & (match < 0))
    columns = _described(truth)
    false = _described(predicted).iloc[alarms]
    pictures = pictures_of(truth), pictures_of(predicted)[alarms]
    if of_pictures is not None:
        columns, false = (
            table.join(of_pictures.iloc[where].set_axis(table.index))
            for table, where in zip((columns, false), pictures, strict=True)
        )
    if of_objects is not None:
        kept = of_objects.drop(columns=columns.columns, errors="ignore")
        columns = columns.join(kept.set_axis(columns.index))
    alone = [column for column in group if column in columns and column not in false]
    if alone:
        false, pictures = false.iloc[:0], (pictures[0], pictures[1][:0])
        notes += (
            f"{len(alarms):,} false alarms have no {' or '.join(alone)}, so precision is not told.",
        )
    objects, more = len(columns), len(false)
    notes += (
        f"{objects:,} objects in {len(truth.counts):,} pictures, {int(is_found.sum()):,} of them "
        f"found with a score of at least {threshold:g} and an overlap of at least a half; "
        f"{len(alarms):,} false alarms.",
    )
    return Predictions(
        name=name,
        kind="objects",
        truth=np.repeat([True, False], [objects, more]),
        scores=None,
        decisions=np.concatenate([is_found, np.ones(more, dtype=bool)]),
        classes=("no object", "object"),
        columns=pd.concat([columns, false], ignore_index=True),
        clusters=np.concatenate(pictures),
        threshold=threshold,
        notes=notes,
    )


def _described(objects: Objects) -> pd.DataFrame:
    """Return class and size of each object."""
    area = areas(objects)
    size = np.full(len(area), "large", dtype=object)
    for name, (low, high) in RANGES.items():
        if name != "all" and not math.isinf(high):
            size[(low <= area) & (area <= high) & (size == "large")] = name
    names = np.array(objects.names, dtype=object)
    return pd.DataFrame({CLASS: names[objects.codes], SIZE: size})
