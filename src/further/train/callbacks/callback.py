"""The base of what may be added to the loop: checkpoints, progress, early stopping, history."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from further.train.loop import Loop


class Callback:
    """Hooks that do nothing; a subclass overrides those that it needs."""

    def on_start(self, loop: Loop) -> None:
        """Act before the first step."""

    def on_step(self, loop: Loop) -> None:
        """Act after a step."""

    def on_row(self, loop: Loop) -> None:
        """Act after a row was added to the history."""

    def on_end(self, loop: Loop) -> None:
        """Act after the last step."""
