"""Classes of few rows, and what a split makes of them, in sentences."""

from __future__ import annotations

import numpy as np

from further.data.preparation.columns import quoted
from further.data.splits import FEWEST_OF_A_CLASS, PARTS, Split
from further.data.target import Classes


def too_few_rows(classes: Classes) -> list[str]:
    """Say which classes have fewer rows than a split has parts.

    Parameters
    ----------
    classes : Classes
        Of all rows.

    Returns
    -------
    list of str
        A sentence, or none.

    Examples
    --------
    >>> too_few_rows(Classes("y", np.array([0, 0, 0, 1]), ("a", "b")))
    ['Too few rows for training, validation and test sets: "b" (1).']
    """
    counts = classes.counts()
    few = np.flatnonzero((counts > 0) & (counts < FEWEST_OF_A_CLASS))
    if len(few) == 0:
        return []
    by_count = [
        f"{quoted([classes.names[i] for i in few if counts[i] == count])} ({count})"
        for count in np.unique(counts[few])
    ]
    return [f"Too few rows for training, validation and test sets: {', '.join(by_count)}."]


def without_rows(classes: Classes, split: Split) -> list[str]:
    """Say which classes have no row in some part of a split.

    Parameters
    ----------
    classes : Classes
        Of all rows.
    split : Split
        Of the same rows.

    Returns
    -------
    list of str
        The ends of a sentence, one for all parts that lack the same classes.
    """
    there, found = classes.counts() > 0, dict[str, list[str]]()
    for part in PARTS:
        rows = getattr(split, part)
        counts = np.bincount(classes.codes[rows], minlength=len(there))
        absent = [classes.names[i] for i in np.flatnonzero(there & (counts == 0))]
        if len(rows) and absent:
            found.setdefault(quoted(absent), []).append(part)
    return [f"no {' or '.join(parts)} row of {names}" for names, parts in found.items()]
