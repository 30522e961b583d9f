"""How long a step of a network takes here, from a training that is ended soon."""

from __future__ import annotations

import statistics
import time
from itertools import pairwise

from further.train.callbacks.callback import Callback
from further.train.loop import Loop

SECONDS_TO_TIME, STEPS_TO_TIME = 0.7, (3, 50)


class StepClock(Callback):
    """Times the steps of a loop, and ends it."""

    def __init__(self) -> None:
        self._times: list[float] = []

    def on_step(self, loop: Loop) -> None:
        """Take the time after a step."""
        self._times.append(time.perf_counter())
        enough = self._times[-1] - self._times[0] > SECONDS_TO_TIME
        least, most = STEPS_TO_TIME
        n = len(self._times)
        loop.stopped = loop.stopped or n >= most or (enough and n >= least)

    @property
    def seconds_a_step(self) -> float:
        """The median: whatever else runs lengthens some."""
        return statistics.median(after - before for before, after in pairwise(self._times))
