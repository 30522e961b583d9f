r"""Holm's adjustment of p-values for testing several hypotheses at once.

Of p-values in ascending order :math:`p_{(1)} \le \ldots \le p_{(m)}` the adjusted ones are

.. math:: \tilde p_{(i)} = \max_{j \le i} \min(1, (m - j + 1) \, p_{(j)}).

Rejecting where :math:`\tilde p_{(i)} \le \alpha` rejects a true hypothesis with a probability of at
most :math:`\alpha`, whatever the dependence between the tests.

References
----------
Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of
Statistics 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def holm(p: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return p-values adjusted by Holm's method.

    Use it where any of several tests may reject and none must do so by chance. It fails to see much
    where there are very many tests: the smallest p-value is multiplied by their number.

    Parameters
    ----------
    p : array of shape (m,)
        One a hypothesis, each from 0 to 1.

    Returns
    -------
    array of shape (m,), float64
        In the order of ``p``; at most 1.

    Examples
    --------
    In ascending order, 3 · 0.01, 2 · 0.03 and 1 · 0.04, of which the last is raised to 0.06:

    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    order = np.argsort(p, kind="stable")
    factors = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(factors * p[order]))
    return adjusted
