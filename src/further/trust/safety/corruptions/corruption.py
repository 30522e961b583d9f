"""A corruption: a small function of rows with five severities in a stated unit.

The function takes rows, the amount of a severity and a random generator, and returns rows of the
same shape and type; rows are never changed in place. One of your own is
``Corruption("fog", "share", (0.1, 0.2, 0.3, 0.4, 0.5), add_fog)``.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np

from further.errors import InputError

Apply = Callable[[Any, float, np.random.Generator], Any]


@dataclass(frozen=True)
class Corruption:
    """One way in which rows get worse."""

    name: Annotated[str, "What it is called."]
    unit: Annotated[str, "What an amount is, in words."]
    amounts: Annotated[tuple[float, ...], "That of each severity, from the mildest on."]
    apply: Annotated[Apply, "Takes rows, an amount and a generator; returns rows."]

    def __call__(self, X: Any, severity: int, seed: int = 0) -> Any:
        """Return corrupted rows.

        Parameters
        ----------
        X : DataFrame or array of shape (n, ...)
            Rows.
        severity : int
            From 1 on.
        seed : int
            The same seed gives the same rows.

        Returns
        -------
        DataFrame or array of shape (n, ...)
            As many.

        Raises
        ------
        InputError
            If there is no such severity.
        """
        if not 1 <= severity <= len(self.amounts):
            raise InputError(f"{self.name}: severity={severity} must be 1 to {len(self.amounts)}.")
        rng = np.random.default_rng([seed, zlib.crc32(self.name.encode()), severity])
        return self.apply(X, self.amounts[severity - 1], rng)
