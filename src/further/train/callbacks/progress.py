"""Progress: how far, how long still, and the loss; a bar on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

from further.train.callbacks.callback import Callback, LoopState

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

    def on_step(self, loop: LoopState) -> None:
        """Report, a few times a second."""
        if time.monotonic() - self._reported >= _SECONDS_BETWEEN:
            self.report(loop.progress, loop.last_loss)
            self._reported = time.monotonic()

    def on_end(self, loop: LoopState) -> None:
        """Report the end."""
        self.report(1.0, loop.last_loss)


class ProgressBar(Progress):
    """A bar with time left and the current loss, drawn only on a terminal.

    Parameters
    ----------
    label : str
        What stands before the bar.
    """

    def __init__(self, label: str) -> None:
        super().__init__(self._draw)
        self.label = label
        self._bar: Any = None

    def on_start(self, loop: LoopState) -> None:
        """Open the bar."""
        if not sys.stderr.isatty():
            return
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
        from rich.progress import Progress as Bar

        self._bar = Bar(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f} %"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("loss {task.fields[loss]:.4g}"),
            console=Console(stderr=True),
        )
        self._bar.add_task(self.label, total=1.0, loss=float("nan"))
        self._bar.start()

    def on_end(self, loop: LoopState) -> None:
        """Close the bar."""
        super().on_end(loop)
        if self._bar is not None:
            self._bar.stop()

    def _draw(self, share: float, loss: float) -> None:
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=share, loss=loss)
