"""What fitting a rung to every fold takes here, as far as it can be said beforehand."""

from __future__ import annotations

from typing import Any

from further.compare.forecast import Cost
from further.compare.prediction.setting import Setting
from further.compare.timing import classical_seconds, time_network
from further.errors import InputError
from further.train.network import NetworkEstimator

BYTES_A_VALUE = 24.0
#: Judging is reckoned as this share of all trainings.
JUDGING = 0.3


def measure_cost(setting: Setting, estimator: Any) -> Cost:
    """Return what a rung takes, from a short training.

    Parameters
    ----------
    setting : Setting
        Rows and folds.
    estimator : estimator
        Not fitted.

    Returns
    -------
    Cost
        Of all folds and the model that is kept.
    """
    data = setting.dataset
    n_fits = 1 + len(setting.folds) * setting.is_crossed
    n_bytes = BYTES_A_VALUE * len(data) * max(1, data.values.shape[1])
    rows = data.take(setting.folds[0].train)
    try:
        if isinstance(estimator, NetworkEstimator):
            seconds = time_network(estimator, rows).seconds
        else:
            seconds = classical_seconds(estimator, rows, setting.seed)
    except InputError:  # it is refused again where it is trained, and marked as failed there
        seconds = 0.0
    return Cost(n_fits * seconds, JUDGING * n_fits * seconds, n_bytes)
