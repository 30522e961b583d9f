"""The rows behind the counts of each group, some drawn at random, for whoever asks who they are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from further.trust.audit.comparison import Compared
from further.trust.audit.groups import named
from further.trust.audit.predictions import Predictions

#: So many rows of each cell of each group.
MOST = 12
#: Long texts are no help in a table.
LONGEST = 60
CELLS = ("tn", "fp", "fn", "tp")


def behind(predictions: Predictions, by: Sequence[Compared], seed: int = 0) -> dict[str, Any]:
    """Return rows behind the cells of the confusion matrix of each group.

    Parameters
    ----------
    predictions : Predictions
        Of two classes.
    by : sequence of Compared
        Groups by single columns.
    seed : int
        Of the draw.

    Returns
    -------
    dict
        ``head`` and ``rows``, the table; ``places``: by column and group, the rows of each cell.
    """
    p = predictions
    assert p.decisions is not None
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(p.truth))
    cell = p.truth.astype(np.int64) * 2 + p.decisions
    chosen: dict[int, int] = {}
    places: dict[str, dict[str, dict[str, list[int]]]] = {}
    for compared in by:
        family = compared.family
        of_group = places.setdefault(family.name, {})
        key = (family.codes * 4 + cell)[order]
        by_key = np.argsort(key, kind="stable")
        starts = np.searchsorted(key[by_key], np.arange(4 * len(family.groups) + 1))
        for g, group in enumerate(family.groups):
            of_cell = of_group.setdefault(named(group), {})
            for c, name in enumerate(CELLS):
                start, end = starts[4 * g + c], starts[4 * g + c + 1]
                rows = order[by_key[start : min(end, start + MOST)]].tolist()
                of_cell[name] = [chosen.setdefault(row, len(chosen)) for row in rows]
    kept = np.array(list(chosen), dtype=np.int64)
    table = p.columns.iloc[kept]
    extra: dict[str, Any] = {
        "true": np.array(p.classes, dtype=object)[p.truth[kept].astype(np.int64)]
    }
    if p.scores is not None:
        extra["score"] = [f"{score:.4g}" for score in p.scores[kept]]
    columns = {**extra, **{str(name): table[name].tolist() for name in table}}
    texts = [[_text(value) for value in column] for column in columns.values()]
    rows_shown = [list(row) for row in zip(*texts, strict=True)]
    return {"head": list(columns), "rows": rows_shown, "places": places}


def _text(value: Any) -> str:
    if pd.isna(value):
        return ""
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
