r"""How unlike a class is to be the right one, by the probabilities of a classifier.

With :math:`\hat p_{(1)} \ge \hat p_{(2)} \ge \ldots` and class c in place :math:`k(c)`, u uniform:

.. math::
   \text{LAC} &= 1 - \hat p_c, \\
   \text{APS} &= \sum_{j < k(c)} \hat p_{(j)} + u\, \hat p_c, \\
   \text{RAPS} &= \text{APS} + \lambda\, (k(c) - k_0)_+ .

LAC gives the smallest sets on average; APS makes them larger where rows are hard and smaller where
they are easy, so that each kind of row is covered better; RAPS keeps long tails of improbable
classes out. u is drawn for every row, which makes the coverage exact, in the mean over u too.

References
----------
Sadinle, Lei and Wasserman 2019, "Least ambiguous set-valued classifiers with bounded error levels".
Romano, Sesia and Candès 2020, "Classification with valid and adaptive coverage". Angelopoulos,
Bates, Malik and Jordan 2021, "Uncertainty sets for image classifiers using conformal prediction".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError, unknown

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class LAC:
    """One less the probability of the class."""

    def of_classes(self, probabilities: Floats, u: Floats) -> Floats:
        """Return the score of each class of each row; the larger, the less likely.

        Parameters
        ----------
        probabilities : array of shape (n, classes)
            By a classifier.
        u : array of shape (n,)
            Uniform random numbers.

        Returns
        -------
        array of shape (n, classes)
            Scores.

        Examples
        --------
        >>> LAC().of_classes(np.array([[0.75, 0.25]]), np.zeros(1)).tolist()
        [[0.25, 0.75]]
        """
        return 1 - probabilities


@dataclass(frozen=True)
class APS(LAC):
    """The probability of all classes that are likelier, and a random part of the class's own."""

    def of_classes(self, probabilities: Floats, u: Floats) -> Floats:
        """Return the score of each class of each row.

        Examples
        --------
        >>> APS().of_classes(np.array([[0.25, 0.75]]), np.array([0.5])).tolist()
        [[0.875, 0.375]]
        """
        order = np.argsort(-probabilities, axis=1, kind="stable")
        descending = np.take_along_axis(probabilities, order, axis=1)
        scores = np.cumsum(descending, axis=1) - (1 - u[:, None]) * descending
        found = np.empty_like(scores)
        np.put_along_axis(found, order, scores + self._penalty(scores.shape[1]), axis=1)
        return found

    def _penalty(self, n_classes: int) -> Floats:
        return np.zeros(n_classes)


@dataclass(frozen=True)
class RAPS(APS):
    """APS with a penalty on places far down.

    Attributes
    ----------
    penalty : float, default=0.01
        λ, for each place beyond the first free ones.
    free : int, default=2
        :math:`k_0`, how many places cost nothing.
    """

    penalty: float = 0.01
    free: int = 2

    def _penalty(self, n_classes: int) -> Floats:
        penalty: Floats = self.penalty * np.maximum(np.arange(1, n_classes + 1) - self.free, 0)
        return penalty


SCORES: dict[str, LAC] = {"lac": LAC(), "aps": APS(), "raps": RAPS()}


def score_of(score: str | LAC) -> LAC:
    """Return a score by its name.

    Raises
    ------
    InputError
        If there is none of that name.
    """
    if isinstance(score, LAC):
        return score
    if score not in SCORES:
        raise InputError(unknown("score", str(score), list(SCORES)))
    return SCORES[score]
