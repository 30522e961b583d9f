"""What a member takes here, as far as it can be said beforehand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from further.compare.forecast import Cost
from further.compare.timing import NetworkTime, classical_seconds, time_network
from further.compare.vision.setting import Setting
from further.errors import InputError
from further.train.budget import Budget
from further.train.network import NetworkEstimator

#: Training pictures that a step is timed on.
PICTURES = 64
#: A picture is predicted in this share of the time that training on it takes.
PREDICTING = 0.5
#: Seconds to judge what was found.
JUDGING = 5.0
#: Bytes of a value of a picture: as it is given and as a network sees it.
BYTES_A_VALUE = 8.0


@dataclass(frozen=True)
class MemberCost:
    """What a member takes."""

    time: Annotated[NetworkTime | None, "Of a network; None for a model without steps."]
    fitting: Annotated[float, "Seconds of a fit without steps."]
    setting: Annotated[Setting, "The pictures."]
    batch: Annotated[int, "Pictures of a step."] = 1

    def total(self, budget: Budget | None = None) -> Cost:
        """Return what it takes with a budget; default: its own."""
        pictures = self.setting.dataset.values.shape
        n_bytes = BYTES_A_VALUE * float(np.prod(pictures))
        if self.time is None:
            return Cost(self.fitting, JUDGING, n_bytes)
        budget = budget or self.time.budget
        steps = self.time.steps(budget)
        per_picture = self.time.seconds_a_step / self.batch * PREDICTING
        asked_for = budget.unit in ("epochs", "steps")
        return Cost(
            steps * self.time.seconds_a_step,
            JUDGING + per_picture * len(self.setting.test),
            n_bytes,
            None if asked_for else steps / self.time.steps_an_epoch,
        )


def measure_cost(setting: Setting, estimator: Any) -> MemberCost:
    """Return what a member takes, from a short training.

    Parameters
    ----------
    setting : Setting
        The pictures.
    estimator : estimator
        Not fitted.

    Returns
    -------
    MemberCost
        Of training and judging.
    """
    n = len(setting.train)
    some = np.sort(np.random.default_rng(setting.seed).permutation(setting.train)[:PICTURES])
    rows = setting.dataset.take(some)
    try:
        if isinstance(estimator, NetworkEstimator):
            batch = estimator.training_settings().batch_size
            return MemberCost(time_network(estimator, rows, n), 0.0, setting, min(batch, n))
        return MemberCost(None, classical_seconds(estimator, rows, setting.seed), setting)
    except InputError:  # it is refused again where it is trained, and marked as failed there
        return MemberCost(None, 0.0, setting)
