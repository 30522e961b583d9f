"""Which parameter goes with the figure: a rank correlation of numbers, a rank test of choices.

Spearman's correlation sees whether more of a parameter goes with a higher or a lower figure; the
Kruskal-Wallis test sees whether values of a choice differ. p-values are those of one parameter, and
``p_adjusted`` those of all of them together (Holm 1979).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from further.evaluate.holm import holm
from further.trust.safety.neighbourhood import Entry, Setting

Floats = NDArray[np.floating[Any]]


@dataclass(frozen=True)
class ParameterEffect:
    """How one parameter goes with the figure over the neighbourhood."""

    name: Annotated[str, "The parameter."]
    measure: Annotated[str, '"rank correlation" of a number, "rank eta squared" of a choice.']
    value: Annotated[
        float | None, "The measure; None where the parameter or the figure is constant."
    ]
    p: Annotated[float | None, "p-value of no association."]
    p_adjusted: Annotated[float | None, "Corrected for the number of parameters (Holm)."] = None

    @property
    def told(self) -> str:
        """The measure in words."""
        return f"{self.measure} {self.value:.2f}, adjusted p = {self.p_adjusted:.3g}"


def main_effects(
    names: Mapping[str, Entry], settings: Sequence[Setting], figures: Floats
) -> tuple[ParameterEffect, ...]:
    """Return the effect of each parameter, the strongest first.

    Parameters
    ----------
    names : mapping
        Parameters, as they vary.
    settings : sequence of Setting
        Points of the neighbourhood.
    figures : array of shape (settings,)
        The mean figure of each.

    Returns
    -------
    tuple of ParameterEffect
        In ascending order of p-values.
    """
    places = np.array([setting.places for setting in settings])
    found = [
        _of_choice(name, places[:, j], figures)
        if isinstance(entry, Sequence)
        else _of_number(name, places[:, j], figures)
        for j, (name, entry) in enumerate(names.items())
    ]
    found.sort(key=lambda e: (e.p is None, e.p or 0.0, e.name))
    # Those without a p-value stand last.
    adjusted = holm(np.array([e.p for e in found if e.p is not None])).tolist()
    known = [replace(e, p_adjusted=p) for e, p in zip(found, adjusted, strict=False)]
    return (*known, *found[len(known) :])


def _of_number(name: str, places: Floats, figures: Floats) -> ParameterEffect:
    measure = "rank correlation"
    if np.ptp(places) == 0 or np.ptp(figures) == 0:
        return ParameterEffect(name, measure, None, None)
    found = stats.spearmanr(places, figures)
    return ParameterEffect(name, measure, float(found.statistic), float(found.pvalue))


def _of_choice(name: str, places: Floats, figures: Floats) -> ParameterEffect:
    measure = "rank eta squared"
    parts = [figures[places == value] for value in np.unique(places)]
    if len(parts) < 2 or np.ptp(figures) == 0:
        return ParameterEffect(name, measure, None, None)
    found = stats.kruskal(*parts)
    return ParameterEffect(
        name, measure, float(found.statistic / (len(figures) - 1)), float(found.pvalue)
    )
