r"""Predictive multiplicity: models that are equally good and say different things of a row.

With the predictions :math:`h_0(x)` of the best model and those of M others that are tied with it,

.. math:: \text{ambiguity} = \frac1n \sum_i \max_m \bigl[h_m(x_i) \ne h_0(x_i)\bigr], \qquad
          \text{discrepancy} = \max_m \frac1n \sum_i \bigl[h_m(x_i) \ne h_0(x_i)\bigr].

Ambiguity grows with the number of models. The mean share of rows on which two models disagree does
not, so that it stands beside the same figure of models that differ in their seed alone.

References
----------
Marx, Calmon and Ustun 2020, "Predictive multiplicity in classification".
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.record import Measured
from further.evaluate.share import METHOD, share_intervals


@dataclass(frozen=True)
class Multiplicity:
    """How far tied settings disagree about single rows."""

    models: Annotated[int, "Settings that are tied with the best, itself included."]
    ambiguity: Annotated[Measured, "Share of the rows whose class depends on which one is taken."]
    discrepancy: Annotated[float, "The largest share on which one differs from the best."]
    between_settings: Annotated[float | None, "Mean share on which two of them disagree."]
    between_seeds: Annotated[float | None, "Likewise of two seeds at the given settings."]


def multiplicity(tied: NDArray[Any], of_seeds: NDArray[Any]) -> Multiplicity:
    """Return how far predictions disagree.

    Parameters
    ----------
    tied : array of shape (models, n)
        Predicted classes of models that are tied; the best one first.
    of_seeds : array of shape (seeds, n)
        Predicted classes of the given settings with several seeds.

    Returns
    -------
    Multiplicity
        The interval of the ambiguity speaks of other rows, with these models.

    Examples
    --------
    >>> found = multiplicity(np.array([[0, 0, 1, 1], [0, 1, 1, 1]]), np.zeros((2, 4)))
    >>> found.ambiguity.value, found.discrepancy, found.between_seeds
    (0.25, 0.25, 0.0)
    """
    differs = tied[1:] != tied[:1]
    n = tied.shape[1]
    rows = int(differs.any(axis=0).sum())
    share = share_intervals([rows], [n])
    ambiguity = Measured(rows / n, float(share.low[0]), float(share.high[0]), n, METHOD)
    largest = float(differs.mean(axis=1).max()) if len(differs) else 0.0
    return Multiplicity(len(tied), ambiguity, largest, _mean_pair(tied), _mean_pair(of_seeds))


def _mean_pair(predictions: NDArray[Any]) -> float | None:
    pairs = [float((a != b).mean()) for a, b in combinations(predictions, 2)]
    return float(np.mean(pairs)) if pairs else None
