"""Progress: how far, and the loss."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from further.train.callbacks.callback import Callback

if TYPE_CHECKING:
    from further.train.loop import Loop

_SECONDS_BETWEEN = 0.2


class Progress(Callback):
    """Report the share of the budget that is spent and the current loss.

    Parameters
    ----------
    report : callable
        Takes the share in [0, 1] and the loss.
    """

    def __init__(self, report: Callable[[float, float], None]) -> None:
        self.report = report
        self._reported = 0.0

    def on_step(self, loop: Loop) -> None:
        """Report, a few times a second."""
        if time.monotonic() - self._reported >= _SECONDS_BETWEEN:
            self.report(loop.progress, loop.last_loss)
            self._reported = time.monotonic()

    def on_end(self, loop: Loop) -> None:
        """Report the end."""
        self.report(1.0, loop.last_loss)
