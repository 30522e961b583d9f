"""How long to train: in floating-point operations, steps, epochs or seconds.

Operations are the default because they make comparisons both fair and reproducible: the same seed
takes the same number of steps on a busy machine.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from further.data.spec import Spec
from further.errors import InputError

Unit = Literal["flop", "steps", "epochs", "seconds"]

_UNITS: dict[str, Unit] = {
    "": "flop", "flop": "flop", "flops": "flop", "step": "steps", "steps": "steps",
    "epoch": "epochs", "epochs": "epochs", "s": "seconds", "sec": "seconds", "seconds": "seconds",
}  # fmt: skip
_FACTORS = {"": 1.0, "k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15}
_PATTERN = re.compile(
    r"^\s*(?P<number>[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?)\s*"
    r"(?:(?P<factor>[kmgtp]?)(?P<flop>flops?)|(?P<minutes>min|minutes?|m)|(?P<unit>[a-z]*))\s*$",
    re.IGNORECASE,
)

# 64 values (the digits) take this many, up to a minute on one thread, and others in proportion;
# beyond ``LARGEST_IN_PROPORTION`` values the budget grows with their fifth root, since networks of
# larger pictures grow as slowly and a laptop must still finish in minutes.
FLOP_AT_64_VALUES = 1.5e12
LEAST_VALUES, LARGEST_IN_PROPORTION = 16, 96
SLOW_GROWTH = 0.2
# What a budget in seconds is taken for where a network is sized.
FLOP_A_SECOND = 3e10


@dataclass(frozen=True)
class Budget:
    """An amount of training.

    Attributes
    ----------
    amount : float
        How much.
    unit : {"flop", "steps", "epochs", "seconds"}
        Of what; only seconds are not reproducible.
    """

    amount: float
    unit: Unit

    @property
    def reproducible(self) -> bool:
        """Whether the same seed gives the same weights whatever else the machine does."""
        return self.unit != "seconds"

    def __str__(self) -> str:
        if self.unit == "flop":
            return f"{self.amount:.3g} floating-point operations"
        return f"{self.amount:g} {self.unit}"

    def steps(self, *, flops_per_step: float, steps_per_epoch: int) -> int | None:
        """Return the number of steps that it buys, at least one; None for a budget in seconds.

        Parameters
        ----------
        flops_per_step : float
            Operations of one step, as measured.
        steps_per_epoch : int
            Batches of the training rows.

        Returns
        -------
        int or None
            Steps.
        """
        if self.unit == "seconds":
            return None
        steps = {
            "flop": self.amount / max(flops_per_step, 1e-12),
            "steps": self.amount,
            "epochs": self.amount * steps_per_epoch,
        }
        return max(1, math.floor(steps[self.unit] + 1e-9))

    def growth(self, spec: Spec) -> float:
        """Return how many times the default it is, at least 1; 1 for steps and epochs."""
        if self.unit not in ("flop", "seconds"):
            return 1.0
        flop = self.amount * (FLOP_A_SECOND if self.unit == "seconds" else 1)
        return max(1.0, flop / _default_flop(spec.size))

    @classmethod
    def parse(cls, text: str | float | Budget, spec: Spec | None = None) -> Budget:
        """Read "2e12", "2Tflop", "60s", "5min", "30 epochs", "500 steps" or "auto".

        Parameters
        ----------
        text : str, float or Budget
            A bare number counts floating-point operations.
        spec : Spec, optional
            What "auto" looks at: it grows with the number of values in a row.

        Raises
        ------
        InputError
            If it cannot be read or is not above 0.

        Examples
        --------
        >>> Budget.parse("2Tflop")
        Budget(amount=2000000000000.0, unit='flop')
        >>> Budget.parse("5min")
        Budget(amount=300.0, unit='seconds')
        """
        if isinstance(text, Budget):
            return text
        if text == "auto":
            return cls(_default_flop(64 if spec is None else spec.size), "flop")
        found = _PATTERN.match(str(text))
        unit = found and _UNITS.get((found["unit"] or "").lower())
        if found is None or (unit is None and not found["minutes"] and not found["flop"]):
            raise InputError(
                f'budget="{text}" cannot be read; write operations ("2e12" or "2Tflop"), '
                'seconds ("60s"), "30 epochs" or "500 steps".'
            )
        amount = float(found["number"])
        if found["minutes"]:
            amount, unit = amount * 60, "seconds"
        elif found["flop"]:
            amount, unit = amount * _FACTORS[(found["factor"] or "").lower()], "flop"
        if not (amount > 0 and math.isfinite(amount)):
            raise InputError(f'budget="{text}" must be above 0.')
        return cls(amount, unit or "flop")


def _default_flop(size: int) -> float:
    """Return the operations of the default budget for rows of that many values."""
    in_proportion = min(max(size, LEAST_VALUES), LARGEST_IN_PROPORTION)
    beyond = max(size / LARGEST_IN_PROPORTION, 1.0) ** SLOW_GROWTH
    return FLOP_AT_64_VALUES * in_proportion / 64 * beyond
