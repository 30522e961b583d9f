"""A finding, and what every condition is made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from further.trust.doctor.features import Features


@dataclass(frozen=True)
class Finding:
    """A condition that is there.

    Attributes
    ----------
    condition : str
        Its name.
    confidence : float
        How far the evidence is beyond what a sound training shows, from 0 to 1.
    epoch : float or None
        Where it begins, in the unit of the history.
    summary : str
        A sentence for the headline.
    evidence : tuple of str
        What was seen, with epochs and values.
    values : dict
        The same as numbers.
    causes : tuple of str
        What usually makes it, the likeliest first.
    next_steps : tuple of str
        What to try, the cheapest first; ``try`` in JSON.
    references : tuple of str
        Where to read on.
    """

    condition: str
    confidence: float
    epoch: float | None
    summary: str
    evidence: tuple[str, ...]
    values: dict[str, float] = field(default_factory=dict)
    causes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    references: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """The name of the condition for people."""
        return self.condition.replace("non_finite", "not finite").replace("_", " ")

    def to_json(self) -> dict[str, Any]:
        """Return the finding as JSON has it."""
        return {
            "condition": self.condition,
            "confidence": round(self.confidence, 3),
            "epoch": self.epoch,
            "summary": self.summary,
            "evidence": list(self.evidence),
            "values": self.values,
            "causes": list(self.causes),
            "try": list(self.next_steps),
            "references": list(self.references),
        }


@dataclass(frozen=True)
class Sign:
    """What a rule saw.

    Attributes
    ----------
    strength : float
        How far beyond its threshold: 1 at it.
    epoch : float or None
        Where it begins.
    summary : str
        A sentence for the headline.
    evidence : tuple of str
        With epochs and values.
    values : dict
        The same as numbers.
    most : float, default=0.95
        Confidence in what is far beyond the threshold.
    causes : tuple of str
        Likelier here than those of the condition.
    """

    strength: float
    epoch: float | None
    summary: str
    evidence: tuple[str, ...]
    values: dict[str, float] = field(default_factory=dict)
    most: float = 0.95
    causes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """A rule with what is known of the condition that it looks for.

    Attributes
    ----------
    name : str
        Of the condition.
    look : callable
        Takes the features of a history; returns what it saw, or None.
    causes, next_steps, references : tuple of str
        See :class:`Finding`.
    unless : tuple of str
        Conditions that explain it away.
    """

    name: str
    look: Callable[[Features], Sign | None]
    causes: tuple[str, ...]
    next_steps: tuple[str, ...]
    references: tuple[str, ...] = ()
    unless: tuple[str, ...] = ()

    def find(self, features: Features) -> Finding | None:
        """Return the finding if the condition is there.

        Parameters
        ----------
        features : Features
            Of a history.

        Returns
        -------
        Finding or None
            With its confidence.
        """
        sign = self.look(features)
        if sign is None:
            return None
        return Finding(
            self.name,
            confidence(sign.strength, sign.most),
            sign.epoch,
            sign.summary,
            sign.evidence,
            sign.values,
            tuple(dict.fromkeys((*sign.causes, *self.causes))),
            self.next_steps,
            self.references,
        )


def confidence(strength: float, most: float = 0.95) -> float:
    """Return the confidence in what is so far beyond its threshold.

    Parameters
    ----------
    strength : float
        1 at the threshold.
    most : float, default=0.95
        What it comes to far beyond.

    Returns
    -------
    float
        Half of ``most`` at the threshold.

    Examples
    --------
    >>> confidence(1.0), round(confidence(3.0), 2)
    (0.475, 0.89)
    """
    if math.isnan(strength):
        return most / 2
    return most * (1 - 0.5 * math.exp(-(max(strength, 1.0) - 1)))


def shown(value: float) -> str:
    """Return a number as a person would write it.

    Parameters
    ----------
    value : float
        Any.

    Returns
    -------
    str
        With three digits that matter.

    Examples
    --------
    >>> shown(0.12345), shown(12.0), shown(123456.0)
    ('0.123', '12', '123,456')
    """
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "infinity" if value > 0 else "-infinity"
    if value == int(value) and abs(value) < 1e7:
        return f"{int(value):,}"
    return f"{value:.3g}" if abs(value) < 1000 or abs(value) >= 1e7 else f"{value:,.0f}"


def per_cent(share: float) -> str:
    """Return a share in per cent, without decimals where it is large."""
    return f"{100 * share:.1f} %" if abs(share) < 0.1 else f"{100 * share:,.0f} %"
