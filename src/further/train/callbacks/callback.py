"""The base of what may be added to the loop: checkpoints, progress, early stopping, history."""

from __future__ import annotations

from typing import Any, Protocol


class LoopState(Protocol):
    """What a callback may know of the loop, and change in it.

    Attributes
    ----------
    history : list of dict
        A row an epoch or a fiftieth of the budget.
    step, best_step : int
        Steps done, and when the weights came that are kept.
    progress : float
        Share of the budget that is spent.
    last_loss : float
        In the last row.
    stopped : bool
        Set it to end the training.
    """

    history: list[dict[str, float]]
    step: int
    best_step: int
    progress: float
    last_loss: float
    stopped: bool

    def state_dict(self) -> dict[str, Any]:
        """Return all that the rest of the training depends on."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from a state."""


class Callback:
    """Hooks that do nothing; a subclass overrides those that it needs."""

    def on_start(self, loop: LoopState) -> None:
        """Act before the first step."""

    def on_step(self, loop: LoopState) -> None:
        """Act after a step."""

    def on_row(self, loop: LoopState) -> None:
        """Act after a row was added to the history."""

    def on_end(self, loop: LoopState) -> None:
        """Act after the last step."""
