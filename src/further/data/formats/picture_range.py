"""The scale of pictures: one for all files, found from what they store."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.data.arrays import MOST_LEVELS, grey_levels, is_whole, single_precision
from further.errors import InputError

#: Where the brightest values of two pictures lie further apart, a note says so.
FAR_APART = 20


@dataclass
class Range:
    """Lowest and highest value of some pictures, and how they are stored.

    Attributes
    ----------
    low, high : float
        Over all pictures.
    whole : bool
        Whether all values are whole numbers.
    """

    low: float = np.inf
    high: float = -np.inf
    whole: bool = True
    _types: dict[np.dtype[Any], Path] = field(default_factory=dict)
    _dimmest: tuple[float, str] = (np.inf, "")
    _brightest: tuple[float, str] = (0.0, "")

    def add(self, path: Path, pixels: NDArray[Any], stored: np.dtype[Any]) -> None:
        """Take a picture into account.

        Parameters
        ----------
        path : Path
            Its file.
        pixels : array
            Its values.
        stored : dtype
            Of the values in the file.
        """
        low, high = float(pixels.min()), float(pixels.max())
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.whole = self.whole and is_whole(pixels)
        self._types.setdefault(stored, path)
        if high > 0:
            self._dimmest = min(self._dimmest, (high, path.name))
            self._brightest = max(self._brightest, (high, path.name))

    @property
    def levels(self) -> int | None:
        """The number of grey levels; None for continuous values."""
        return grey_levels(self.low, self.high, whole=self.whole)

    def check(self) -> None:
        """Refuse pictures without a common scale, and values that single precision cannot hold.

        Bytes beside deeper values, and whole numbers beside decimal ones, have none: what is 255 in
        one and 1 in another may be the same white.
        """
        if self.levels is not None:
            return
        kinds = {_kind(stored): (stored, path) for stored, path in self._types.items()}
        if len(kinds) > 1:
            (one, first), (other, second) = list(kinds.values())[:2]
            raise InputError(
                f"{second} stores {_written(other)}, but {first.name} stores {_written(one)}, and "
                "nothing says how their scales belong together; save all pictures in one way."
            )
        single_precision(np.array([self.low, self.high]), str(self._brightest[1]))

    @property
    def notes(self) -> list[str]:
        """What the values are, in sentences, where they are not simply bytes."""
        between = f"from {self.low:.6g} to {self.high:.6g}"
        deep = [_written(stored) for stored in self._types if stored != np.uint8]
        stored = f", stored as {' and '.join(deep)}" if deep else ""
        if self.low == self.high:
            return [f"Every value of every picture is {self.low:.6g}; there is nothing to learn."]
        if self.levels is not None:
            if self.levels == MOST_LEVELS and not deep:
                return []
            return [f"Values {between}{stored}: {self.levels} grey levels."]
        notes = [f"Values {between}{stored}: continuous, on one scale for all pictures."]
        (least, dim), (most, bright) = self._dimmest, self._brightest
        if most > FAR_APART * least:
            notes.append(
                f"{dim} ends at {least:.6g} and {bright} at {most:.6g}; where these are not on one "
                "scale, bring them to one before."
            )
        return notes


def _kind(stored: np.dtype[Any]) -> str:
    return "bytes" if stored == np.uint8 else "decimal" if stored.kind == "f" else "whole"


def _written(stored: np.dtype[Any]) -> str:
    words = {"bytes": "bytes", "decimal": "decimal numbers", "whole": "whole numbers"}
    kind = _kind(stored)
    return words[kind] + (f" of {8 * stored.itemsize} bits" if kind != "bytes" else "")
