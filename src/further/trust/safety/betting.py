r"""Betting against the claim that rows are exchangeable: a test that may be read at any time.

Score by score (:math:`s_1, s_2, \ldots`, the larger, the stranger) the conformal p-value

.. math:: p_t = \frac{\#\{i \le t: s_i > s_t\} + u_t\, \#\{i \le t: s_i = s_t\}}{t}

places the t-th among all rows until then, calibration rows included; :math:`u_t` is uniform. If the
rows are exchangeable the p-values are independent and uniform, and no bet on them wins in the long
run: with :math:`\int_0^1 f(p)\, dp = 1` for every bet f, a player's wealth is a martingale that
starts at 1, and it ever reaches 1/α with a probability of at most α (Ville 1939). The player bets
by

.. math:: f(p) \in \{ 1,\; \tfrac32 - p,\; \tfrac12 + p,\; \kappa p^{\kappa - 1} \},
          \qquad \kappa \in \{0.2, 0.5, 0.8\},

on nothing, on stranger rows, on less strange ones, and on very strange ones. Before each row a
share J of the wealth is taken from all bets and divided equally among them (the Simple Jumper), so
that bets which lost can win again; the wealth is the mean of the players with J from 0.0001 to 1.

References
----------
Ville 1939, "Étude critique de la notion de collectif". Vovk, Nouretdinov and Gammerman 2003,
"Testing exchangeability on-line". Vovk, Petej, Nouretdinov, Ahlberg, Carlsson and Gammerman 2021,
"Retrain or not retrain: conformal test martingales for change-point detection".
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
JUMPS = (1e-4, 1e-3, 1e-2, 1e-1, 1.0)
POWERS = (0.2, 0.5, 0.8)


def conformal_p_values(calibration: Floats, new: Floats, rng: np.random.Generator) -> Floats:
    """Return the p-value of each new score among all before it.

    Parameters
    ----------
    calibration : array of shape (n,)
        Scores of rows that are known to be alike.
    new : array of shape (m,)
        Scores in the order in which rows arrived; the larger, the stranger.
    rng : Generator
        Of what ties are broken with.

    Returns
    -------
    array of shape (m,)
        In (0, 1]; independent and uniform if all rows are exchangeable.

    Examples
    --------
    >>> p = conformal_p_values(np.arange(99.0), np.array([200.0]), np.random.default_rng(0))
    >>> bool(0 < p[0] <= 0.01)
    True
    """
    known = np.sort(calibration).tolist()
    u = 1 - rng.random(len(new))
    found = np.empty(len(new))
    for t, score in enumerate(new.tolist()):
        insort(known, score)
        above = len(known) - bisect_right(known, score)
        equal = len(known) - above - bisect_left(known, score)
        found[t] = (above + u[t] * equal) / len(known)
    return found


def wealth_path(p_values: Floats) -> Floats:
    """Return what a player owns after each p-value who starts with 1 and bets against uniform ones.

    Parameters
    ----------
    p_values : array of shape (m,)
        In (0, 1].

    Returns
    -------
    array of shape (m,)
        Of large and many bets infinite.

    Examples
    --------
    >>> wealth_path(np.full(3, 0.01)).round(1).tolist()
    [3.0, 14.4, 88.5]
    """
    powers = np.array(POWERS)
    jump = np.array(JUMPS)[:, None]
    n_bets = 3 + len(POWERS)
    shares = np.full((len(JUMPS), n_bets), 1 / n_bets)
    # Shares are of each player's wealth, and the wealth is kept as a logarithm, or it overflows.
    logarithm = np.zeros(len(JUMPS))
    path = np.empty(len(p_values))
    for t, p in enumerate(p_values):
        bets = np.concatenate([[1.0, 1.5 - p, 0.5 + p], powers * p ** (powers - 1)])
        shares = ((1 - jump) * shares + jump / n_bets) * bets
        won = shares.sum(axis=1)
        shares /= won[:, None]
        logarithm += np.log(won)
        path[t] = np.logaddexp.reduce(logarithm) - np.log(len(JUMPS))
    with np.errstate(over="ignore"):
        wealth: Floats = np.exp(path)
    return wealth
