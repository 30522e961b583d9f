"""Early stopping: no better validation loss for so many rows of the history (Prechelt 1998)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from further.train.callbacks.callback import Callback

if TYPE_CHECKING:
    from further.train.loop import Loop


class EarlyStopping(Callback):
    """Stop the loop after ``patience`` rows of the history without a better validation loss.

    Parameters
    ----------
    patience : int
        Rows of the history.
    """

    def __init__(self, patience: int) -> None:
        self.patience = patience

    def on_row(self, loop: Loop) -> None:
        """Stop when patience has run out."""
        since = sum(row["step"] > loop.best_step for row in loop.history)
        loop.stopped = loop.stopped or since >= self.patience
