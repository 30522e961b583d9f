r"""How probable is it that one of two models is better, and that they differ by next to nothing?

A tie says that a difference :math:`\delta` cannot be told from 0; it does not say that there is
none. With a margin m within which a difference does not matter (the *region of practical
equivalence*), three probabilities say more:

.. math:: P(\delta > m), \quad P(|\delta| \le m), \quad P(\delta < -m).

The posterior of :math:`\delta` is made of what the interval of the paired difference is made of.
The resamples of the test rows stand for its draws (Rubin 1981), or where the interval is normal,
the normal distribution with their spread. What varies between trainings is added, independent of
them, as Student's t with the standard error and the degrees of freedom of Welch: under a flat
prior the posterior of a difference of means, as in the correlated Bayesian t-test.

References
----------
Rubin (1981), The Bayesian bootstrap, The Annals of Statistics 9. Corani, Benavoli (2015), A
Bayesian approach for comparing cross-validated algorithms on multiple data sets, Machine Learning
100. Benavoli, Corani, Demšar, Zaffalon (2017), Time for a change: a tutorial for comparing multiple
classifiers through Bayesian analysis, JMLR 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy import stats

from further.evaluate.estimate import Score
from further.evaluate.interval import BOOTSTRAP
from further.evaluate.repeats import difference, welch

#: Quantiles that stand for a normal distribution.
QUANTILES = 2000


@dataclass(frozen=True)
class Practical:
    """How probable it is that a difference a - b lies above, within and below a margin."""

    above: Annotated[float, "That it exceeds the margin."]
    within: Annotated[float, "That it is negligible."]
    below: Annotated[float, "That it lies below minus the margin."]


def practical_difference(a: Score, b: Score, margin: float) -> Practical | None:
    """Return how probable it is that two models' scores differ, by more than a margin or less.

    Use it where two models are tied, to see whether they are known to be alike or only not known to
    differ. It fails where their interval does: with one training each, it speaks of these trainings
    only.

    Parameters
    ----------
    a, b : Score
        The same metric of two models, as :func:`further.evaluate.repeats.difference` takes them.
    margin : float
        The largest difference that does not matter, in units of the metric.

    Returns
    -------
    Practical or None
        None where the difference has no interval.

    Examples
    --------
    >>> from further.evaluate.interval import score_from_examples
    >>> rng = np.random.default_rng(0)
    >>> a, b = (score_from_examples(rng.normal(mean, 1, 400)) for mean in (0.0, 0.05))
    >>> found = practical_difference(a, b, 0.1)
    >>> round(found.above + found.within + found.below, 6)
    1.0
    """
    apart = difference(a, b)
    if apart.low is None:
        return None
    points = np.array([apart.value])
    if a.draws is not None and b.draws is not None:
        points = a.draws - b.draws
        points = points[np.isfinite(points)]
        if BOOTSTRAP not in apart.method:
            places = (np.arange(QUANTILES) + 0.5) / QUANTILES
            points = apart.value + points.std(ddof=1) * stats.norm.ppf(places)
    scale, freedom = (0.0, 1.0)
    if a.repeats is not None and b.repeats is not None:
        scale, freedom = welch(a.repeats, b.repeats)
    if scale == 0.0:
        above, below = (points > margin).mean(), (points < -margin).mean()
    else:
        above = stats.t.sf((margin - points) / scale, freedom).mean()
        below = stats.t.cdf((-margin - points) / scale, freedom).mean()
    return Practical(float(above), float(1.0 - above - below), float(below))
