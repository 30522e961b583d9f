"""``held_out.parquet``: held-out rows as they were read, for whoever asks what a number is made of.

Beside ``predictions.parquet``, which says what is predicted of all of them, it has their columns.
Of many rows it has some, drawn at random.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.compare.prediction.setting import Setting
from further.train.files import write_bytes

ROWS_FILE, IDENTIFIER = "held_out.parquet", "\0row"
MOST_ROWS = 2000


def shown_rows(n: int, seed: int) -> NDArray[np.int64]:
    """Return which of n held-out rows are kept: all, or some drawn at random.

    Parameters
    ----------
    n : int
        How many there are.
    seed : int
        Of the choice.

    Returns
    -------
    array of int64
        Their places, ascending.
    """
    return np.sort(np.random.default_rng(seed).permutation(n)[:MOST_ROWS])


def write_held_out(folder: Path, setting: Setting) -> None:
    """Write the columns of held-out rows; pictures have none.

    Parameters
    ----------
    folder : Path
        Of the run.
    setting : Setting
        The rows.
    """
    if setting.dataset.kind != "table":
        return
    rows = setting.held_out[shown_rows(len(setting.held_out), setting.seed)]
    frame: Any = setting.dataset.frame.iloc[rows].reset_index(drop=True)
    frame.insert(0, IDENTIFIER, rows)
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    write_bytes(folder / ROWS_FILE, buffer.getvalue())
