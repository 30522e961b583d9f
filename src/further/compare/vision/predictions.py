"""What a model finds in pictures, and ``predictions.json``, which other tools read.

The file is a list of results in the format of COCO. The identifier of a picture is its file below
the data's source, or its row where it has none; categories count from 1, in the order of the
classes. Of masks there is a picture each, whose values are the places of the classes.
"""

from __future__ import annotations

import inspect
import io
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.target import Boxes, Instances, Mask, Target
from further.evaluate.estimate import Score
from further.evaluate.repeats import measured_score
from further.train import energy
from further.train.files import write_bytes, write_json

FILE = "predictions.json"
#: How often predictions are timed, and of how many pictures.
TIMES, PICTURES_TIMED = 5, 8


def find_in(model: Any, pictures: Dataset, threshold: float | None = 0.0) -> Target:
    """Return what a model finds in pictures.

    Parameters
    ----------
    model : estimator
        Fitted.
    pictures : Dataset
        Their target is not looked at.
    threshold : float, optional
        The least score; default: all that there is. None for the model's own.

    Returns
    -------
    Target
        Of the kind that the model finds.
    """
    own = inspect.signature(model.predict).parameters
    options = {} if threshold is None or "threshold" not in own else {"threshold": threshold}
    found: Target = model.predict(pictures, **options)
    return found


def time_predictions(model: Any, pictures: Dataset) -> tuple[Score, float]:
    """Return the seconds and the watt-hours that predicting one picture takes.

    Parameters
    ----------
    model : estimator
        Fitted, and warmed up by a prediction.
    pictures : Dataset
        Some of them are taken, again and again.

    Returns
    -------
    tuple of Score and float
        Seconds with an interval, and energy.
    """
    some = pictures.take(np.arange(min(len(pictures), PICTURES_TIMED)))
    # A wall clock would count what other members do meanwhile.
    beside = energy.runs_side_by_side
    clock = time.process_time if beside else time.perf_counter
    meter, seconds = energy.EnergyMeter(), []
    for _ in range(TIMES):
        start = clock()
        find_in(model, some, threshold=None)
        seconds.append((clock() - start) / len(some))
    spent = meter.read().watt_hours / (TIMES * len(some))
    told = "processor time" if beside else "time"
    method = f"{told} of {TIMES} predictions of {len(some)} pictures, t-interval of their mean"
    return measured_score(seconds, len(some), method), spent


def identifiers(pictures: Dataset, rows: NDArray[Any] | None = None) -> list[str | int]:
    """Return what pictures are called: their files, or else their rows."""
    if pictures.files is not None:
        return [str(file) for file in pictures.files]
    return [int(row) for row in (np.arange(len(pictures)) if rows is None else rows)]


def write_found(folder: Path, found: Target, names: Sequence[str | int]) -> None:
    """Write boxes and instances as ``predictions.json``, masks as pictures in ``masks``.

    Parameters
    ----------
    folder : Path
        Of the run.
    found : Target
        What was found, with scores.
    names : sequence of str or int
        What the pictures are called.
    """
    if isinstance(found, Boxes | Instances):
        write_json(folder / FILE, results(found, names))
    elif isinstance(found, Mask):
        for name, codes in zip(names, found.codes, strict=True):
            stem = str(Path(str(name)).with_suffix("")).replace("/", "-")
            write_bytes(folder / "masks" / f"{stem}.png", _png(codes))


def _png(codes: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(codes).save(buffer, format="PNG")
    return buffer.getvalue()


def results(found: Target, names: Sequence[str | int]) -> list[dict[str, Any]]:
    """Return objects as COCO's list of results; none of a mask.

    Parameters
    ----------
    found : Target
        What was found, with scores.
    names : sequence of str or int
        What the pictures are called.

    Returns
    -------
    list of dict
        With ``image_id``, ``category_id``, ``bbox`` (x, y, width, height) and ``score``.
    """
    if not isinstance(found, Boxes | Instances):
        return []
    corners = found.corners if isinstance(found, Boxes) else found.as_boxes().corners
    scores = np.ones(len(found.codes)) if found.scores is None else found.scores
    picture = np.repeat(np.arange(len(found.counts)), found.counts)
    sides = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
    return [
        {
            "image_id": names[row],
            "category_id": int(code) + 1,
            "bbox": [round(float(v), 2) for v in box],
            "score": round(float(score), 5),
        }
        for row, code, box, score in zip(picture, found.codes, sides, scores, strict=True)
    ]
