"""Sets of classes, one a row, of which a promised share holds the right one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from further.errors import InputError
from further.evaluate.share import share_intervals

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PredictionSets:
    """The classes that are not ruled out, row by row.

    A set of several classes says that the row is hard. A *full* set rules nothing out: too little
    is known of such rows, or there are too few to calibrate with. An *empty* set says that every
    class would make the row stranger than the promised share of the calibration rows: where the
    model is better than the coverage that is asked for, some rows are left over and have to be
    missed; in far greater number than one less the coverage, such rows are unlike the others.

    Attributes
    ----------
    included : array of shape (n, classes), bool
        Whether the class is in the set of the row.
    classes : array of shape (classes,)
        The classes.
    coverage : float
        The promised share of sets that hold the right class.
    notes : tuple of str
        What a reader has to know, in sentences.
    """

    included: Flags
    classes: NDArray[Any]
    coverage: float
    notes: tuple[str, ...] = ()

    @property
    def sizes(self) -> NDArray[np.int64]:
        """Number of classes in the set of each row."""
        return self.included.sum(axis=1).astype(np.int64)

    @property
    def told(self) -> str:
        """Say it in a sentence."""
        sizes, k = self.sizes, len(self.classes)
        one, none, full = (int((sizes == size).sum()) for size in (1, 0, k))
        several = len(sizes) - one - none - full
        return (
            f"Of {len(sizes)} rows, {one} have one class, {several} several, {full} all {k} "
            f"(nothing is ruled out) and {none} none (every class would be unusual); "
            f"{self.coverage:.4g} of the sets are promised to hold the right one."
        )

    def to_lists(self) -> list[list[Any]]:
        """Return the classes of each row's set."""
        return [self.classes[inside].tolist() for inside in self.included]

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each row: its set in words, the size, and each class in or out."""
        frame = pd.DataFrame({"size": self.sizes})
        frame.insert(0, "set", [", ".join(map(str, found)) for found in self.to_lists()])
        return frame.join(pd.DataFrame(self.included, columns=[str(c) for c in self.classes]))

    def covered(self, y: ArrayLike) -> Flags:
        """Return whether the set of each row holds the right class.

        Parameters
        ----------
        y : array of shape (n,)
            The right classes.

        Returns
        -------
        array of shape (n,), bool
            False for a class that is not known.

        Raises
        ------
        InputError
            If there is not one class a row.
        """
        y = np.asarray(y)
        if len(y) != len(self.included):
            raise InputError(f"y has {len(y)} classes, but there are {len(self.included)} sets.")
        codes = pd.Index(self.classes).get_indexer(pd.Index(y))
        return self.included[np.arange(len(y)), codes] & (codes >= 0)

    def measured(self, y: ArrayLike, by: ArrayLike | None = None) -> pd.DataFrame:
        """Return which share of the sets holds the right class, with its interval.

        Parameters
        ----------
        y : array of shape (n,)
            The right classes.
        by : array of shape (n,), optional
            For each value of this, such as an attribute; by default for each class.

        Returns
        -------
        DataFrame
            A row for all rows and for each value: ``n``, ``coverage``, ``low``, ``high`` and the
            mean ``size`` of the sets.
        """
        covered = self.covered(y)
        rows = pd.DataFrame({"covered": covered, "size": self.sizes})
        rows["of"] = np.asarray(y if by is None else by, dtype=object)
        grouped = pd.concat([rows.assign(of="all rows"), rows]).groupby("of", sort=False)
        found = grouped.agg(n=("covered", "size"), k=("covered", "sum"), size=("size", "mean"))
        share = share_intervals(found["k"], found["n"])
        found["coverage"], found["low"], found["high"] = share.values, share.low, share.high
        return found[["n", "coverage", "low", "high", "size"]].reset_index()
