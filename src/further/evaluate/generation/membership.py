r"""Membership inference: what an attacker learns of the training rows from samples or from weights.

The attacker is given equally many training rows (*members*) and test rows (*others*) and scores
each; the figure is the share of members that he names while he wrongly accuses a tenth of the
others: the true positive rate at a false positive rate of 0.10 (Carlini et al. 2022). Guessing
gives 0.10.

From samples alone (black box) a row x is scored by two local density ratios of the samples S to the
reference R, which are validation rows (after DOMIAS, van Breugel et al. 2023),

.. math:: \log \frac{d_k(x, R)}{d_k(x, S)}, \quad k = 1, 5,

with :math:`d_k` the mean distance to the k nearest rows, by the mean of their ranks. Distance to
the training rows, as :mod:`further.evaluate.generation.memorization` takes it, shows who copies; it
does not show what can be inferred. Densities by kernels, mixtures and boosted trees see less: a
kernel density of half the likeliest bandwidth finds from 0.39 (10 columns) to 1.00 (62) of a plain
copy, these two ratios all of it, and averaged with them it hides what they find.

References
----------
Carlini, Chien, Nasr, Song, Terzis, Tramèr (2022), Membership inference attacks from first
principles, IEEE Symposium on Security and Privacy. van Breugel, Sun, Qian, van der Schaar (2023),
Membership inference attacks against synthetic data through overfitting detection, AISTATS.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.evaluate.distance import nearest
from further.evaluate.interval import Score, score_from_resamples

Floats = NDArray[np.floating[Any]]
Places = NDArray[np.intp]

#: The metrics: from samples, and from weights.
MEMBERSHIP, WHITE_BOX = "membership", "membership_white_box"
FALSE_POSITIVES = 0.1
LEAST_ROWS = 50
MOST_ROWS = 2000
NEIGHBOURS = (1, 5)
# More samples see more: twenty a training row twice what one does. What lies beyond is not worth
# the distances.
SAMPLES_A_ROW, MOST_SAMPLES = 20, 20_000
# Of the operations of the training, what samples beyond those that are judged may take: counted in
# operations, not in seconds, so that the same seed draws as many on any machine.
DRAWING_SHARE = 0.1
# Of the median distance to the reference: a sample that equals a row is nearer than any other, and
# where the reference equals it as well it is no evidence.
_SMALLEST = 1e-6


def further_samples(train_rows: int, judged: int, affordable: float) -> int:
    """Return how many samples are drawn for the attack besides those that are judged.

    Parameters
    ----------
    train_rows : int
        Number of training rows.
    judged : int
        Number of samples that are judged.
    affordable : float
        How many take no more operations than :data:`DRAWING_SHARE` of the training.

    Returns
    -------
    int
        0 where enough are judged.
    """
    wanted = min(SAMPLES_A_ROW * train_rows, MOST_SAMPLES) - judged
    return int(max(min(wanted, affordable), 0))


class MembershipInference:
    """An attack on the training rows, the same for every model.

    Use it to say what samples, or weights, give away of single rows. It fails to see what its
    distances do not: a copied part of a row, or rows that stand out in a way that one attribute
    shows. It looks at the average row: a generator that copies a tenth of its training rows, and
    nothing of the others, scores 0.19. A low figure is no guarantee of privacy.

    Parameters
    ----------
    train, validation, test : ndarray of shapes (n, d), (m, d), (k, d)
        Encoded rows.
    train_groups, test_groups : ndarray of shapes (n,) and (k,), optional
        Rows that depend on each other; the interval draws them as wholes.
    seed : int
        Of the choice of rows and of the bootstrap.

    Attributes
    ----------
    members, others : ndarray of int
        The training and the test rows that are looked at, equally many and 2,000 at most.
    copy : float
        What a copy of the training rows scores, of which the attacker has many samples.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> train, validation, test, honest = rng.normal(size=(4, 100, 5))
    >>> attack = MembershipInference(train, validation, test)
    >>> attack.score(np.repeat(train, 5, axis=0)).value > 0.95, attack.score(honest).value < 0.3
    (True, True)
    """

    def __init__(
        self,
        train: Floats,
        validation: Floats,
        test: Floats,
        *,
        train_groups: NDArray[Any] | None = None,
        test_groups: NDArray[Any] | None = None,
        seed: int = 0,
    ) -> None:
        n = min(len(train), len(test), MOST_ROWS)
        rng = np.random.default_rng(seed)
        self.members: Places = rng.permutation(len(train))[:n]
        self.others: Places = rng.permutation(len(test))[:n]
        self._groups = train_groups, test_groups
        self._seed = seed
        self._rows = np.concatenate([train[self.members], test[self.others]]).astype(np.float32)
        self._reference = self._distances(validation)
        self._smallest = _SMALLEST * float(np.median(self._reference[0])) or _SMALLEST
        # Of many copies the five nearest lie where the nearest does.
        copied = nearest(self._rows, np.asarray(train, dtype=np.float32))[1][:, 0]
        self.copy = self._judge(np.stack([copied] * len(NEIGHBOURS)), {}).value

    @classmethod
    def of(
        cls, train: Floats, validation: Floats, test: Floats, **more: Any
    ) -> MembershipInference | None:
        """Return the attack, or None where there are too few rows for one.

        Parameters
        ----------
        train, validation, test, **more
            See the class; of training and test rows it needs 50, of validation rows 5.

        Returns
        -------
        MembershipInference or None
            The attack.
        """
        enough = min(len(train), len(test)) >= LEAST_ROWS and len(validation) >= max(NEIGHBOURS)
        return cls(train, validation, test, **more) if enough else None

    @property
    def protocol(self) -> dict[str, Any]:
        """What was fixed before any model was attacked."""
        return {
            "figure": f"share of members found where {FALSE_POSITIVES:.0%} of others are accused",
            "members": "training rows",
            "others": "test rows",
            "reference": "validation rows",
            "rows": len(self.members),
            "ratios": f"mean distances to the {' and '.join(map(str, NEIGHBOURS))} nearest rows",
            "samples": f"{SAMPLES_A_ROW} a training row and {MOST_SAMPLES:,} at most; those beyond "
            "the samples that are judged take no more operations than "
            f"{DRAWING_SHARE:.0%} of the training did",
        }

    def score(self, samples: Floats, more: Floats | None = None) -> Score:
        """Attack with samples alone.

        Parameters
        ----------
        samples : ndarray of shape (n, d)
            As many as there are; the first 20,000 are looked at.
        more : ndarray of shape (m, d), optional
            Further ones.

        Returns
        -------
        Score
            The share of members found; the detail holds the area under the ROC curve.
        """
        samples = (samples if more is None else np.concatenate([samples, more]))[:MOST_SAMPLES]
        return self._judge(self._distances(samples), {"samples": len(samples)})

    def score_known(self, members: Floats, others: Floats) -> Score:
        """Attack with what a model itself says of rows.

        Parameters
        ----------
        members, others : ndarray of shape (n,)
            Of the first n of :attr:`members` and of :attr:`others`; higher is more typical of
            training rows.

        Returns
        -------
        Score
            As that of :meth:`score`.
        """
        return self._found(np.concatenate([members, others]), {})

    def _distances(self, rows: Floats) -> Floats:
        """Return the mean distance to the k nearest rows, shape (len(NEIGHBOURS), 2n)."""
        far = nearest(self._rows, rows, max(NEIGHBOURS))[1]
        return np.stack([far[:, :k].mean(axis=1) for k in NEIGHBOURS])

    def _judge(self, far: Floats, detail: dict[str, Any]) -> Score:
        from scipy.stats import rankdata

        ratios = np.log(self._reference + self._smallest) - np.log(far + self._smallest)
        return self._found(rankdata(ratios, axis=1).mean(axis=0), detail)

    def _found(self, scores: Floats, detail: dict[str, Any]) -> Score:
        n = len(scores) // 2
        is_member = np.repeat([True, False], n)
        curve = _Curve(np.nan_to_num(scores, nan=-np.inf), is_member)
        train_groups, test_groups = self._groups
        groups = None
        if train_groups is not None and test_groups is not None:
            groups = np.concatenate([train_groups[self.members[:n]], test_groups[self.others[:n]]])
        found, area = score_from_resamples(
            curve, 2 * n, strata=is_member, groups=groups, seed=self._seed, limits=(0.0, 1.0)
        )
        found.detail.update(detail, auc=area.estimate.to_dict(), members=n)
        return found


class _Curve:
    """The ROC curve of scores, as a function of the weights of rows."""

    def __init__(self, scores: Floats, is_member: NDArray[np.bool_]) -> None:
        self._order = np.argsort(-scores, kind="stable")
        ordered = scores[self._order]
        # Equal scores are one step of the curve.
        self._starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        self._is_member = is_member[self._order]

    def __call__(self, weights: Floats) -> Floats:
        """Return the true positive rate where a tenth are false, and the area."""
        weights = weights[self._order]
        right, wrong = (
            np.r_[0.0, np.add.reduceat(np.where(which, weights, 0.0), self._starts).cumsum()]
            for which in (self._is_member, ~self._is_member)
        )
        right, wrong = right / right[-1], wrong / wrong[-1]
        area = float(np.sum(np.diff(wrong) * (right[1:] + right[:-1]) / 2))
        return np.array([_highest(FALSE_POSITIVES, wrong, right), area])


def _highest(place: float, x: Floats, y: Floats) -> float:
    """Return y at a place on the way from point to point, the highest where several are there."""
    after = int(np.searchsorted(x, place, side="right"))
    if after == len(x) or x[after - 1] == place:
        return float(y[after - 1])
    share = (place - x[after - 1]) / (x[after] - x[after - 1])
    return float(y[after - 1] + share * (y[after] - y[after - 1]))
