"""``history.csv``: a row an epoch or a fiftieth of the budget, whichever is shorter."""

from __future__ import annotations

import csv
import io
import time
from pathlib import Path
from typing import TYPE_CHECKING

from further.train.callbacks.callback import Callback
from further.train.files import write_text

if TYPE_CHECKING:
    from further.train.loop import Loop

_SECONDS_BETWEEN = 2.0


class HistoryFile(Callback):
    """Keep the history on disk, so that it can be looked at while the training runs.

    Parameters
    ----------
    folder : Path
        The run's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "history.csv"
        self._written = -_SECONDS_BETWEEN

    def on_row(self, loop: Loop) -> None:
        """Write, at most every two seconds."""
        if time.monotonic() - self._written >= _SECONDS_BETWEEN:
            self.on_end(loop)

    def on_end(self, loop: Loop) -> None:
        """Write the whole history."""
        write_text(self.path, to_csv(loop.history))
        self._written = time.monotonic()


def to_csv(rows: list[dict[str, float]]) -> str:
    """Return rows as CSV, with the columns in order of first appearance."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: f"{value:.8g}" for name, value in row.items()} for row in rows)
    return buffer.getvalue()
