"""Checkpoints: the whole state of the loop, often enough to lose seconds, and back again."""

from __future__ import annotations

import io
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from further.errors import RunError
from further.train.callbacks.callback import Callback
from further.train.files import write_bytes
from further.train.processes import is_first

if TYPE_CHECKING:
    from further.train.loop import Loop

# Work that an interruption may cost.
SECONDS_BETWEEN = 10.0


class Checkpoint(Callback):
    """Write ``checkpoints/last.pt`` every few seconds and start from it where it exists.

    Parameters
    ----------
    folder : Path
        The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "checkpoints" / "last.pt"
        self._written = time.monotonic()

    def on_start(self, loop: Loop) -> None:
        """Resume from the last checkpoint, if there is one."""
        if self.path.is_file():
            loop.load_state_dict(read_checkpoint(self.path))
        self._written = time.monotonic()

    def on_step(self, loop: Loop) -> None:
        """Write when it is time."""
        if time.monotonic() - self._written >= SECONDS_BETWEEN:
            self._write(loop)

    def on_end(self, loop: Loop) -> None:
        """Write the last state, from which a finished run is finished again at once."""
        self._write(loop)

    def _write(self, loop: Loop) -> None:
        if is_first():
            buffer = io.BytesIO()
            torch.save(loop.state_dict(), buffer)
            write_bytes(self.path, buffer.getvalue())
        self._written = time.monotonic()


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint; tensors and plain values only, never code.

    Raises
    ------
    RunError
        If the file is damaged.
    """
    try:
        state: dict[str, Any] = torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:  # zip, pickle and torch each raise their own
        raise RunError(f"{path} is damaged ({error}); remove it to start again.") from error
    return state
