"""Columns of a table: what each is, and which a model can use."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Table:
    """A table that a model can use, and what was decided about its columns."""

    frame: pd.DataFrame
    notes: tuple[str, ...]


def tidy_table(frame: pd.DataFrame, *, name: str) -> Table:
    """Return a frame with text column names."""
    result = frame.reset_index(drop=True)
    result.columns = [str(column) for column in frame.columns]
    return Table(result, (f"{len(frame)} rows of {frame.shape[1]} columns.",))
