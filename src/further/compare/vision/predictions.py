"""What a model finds in pictures, and how long that takes."""

from __future__ import annotations

import inspect
import time
from typing import Any

import numpy as np

from further.data.dataset import Dataset
from further.data.target import Target
from further.evaluate.estimate import Score
from further.evaluate.repeats import measured_score
from further.train import energy

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
    device = model.execution_.device if hasattr(model, "execution_") else "cpu"
    meter, seconds = energy.EnergyMeter(device=device), []
    for _ in range(TIMES):
        start = clock()
        find_in(model, some, threshold=None)
        seconds.append((clock() - start) / len(some))
    spent = meter.read().watt_hours / (TIMES * len(some))
    told = "processor time" if beside else "time"
    method = f"{told} of {TIMES} predictions of {len(some)} pictures, t-interval of their mean"
    return measured_score(seconds, len(some), method), spent
