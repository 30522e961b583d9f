r"""What samples teach about each column of a table: every column once as the target.

Kernel ridge regression learns a column, encoded, from all others, on samples, and predicts it in
the test rows. With e the error and the constant prediction that the training rows suggest as what
it is compared with, a column j is worth

.. math:: R^2_j = 1 - \frac{\sum_i \| y_{ij} - \hat y_{ij} \|^2}{\sum_i \| y_{ij} - \bar y_j \|^2}

(of a category's one-hot vector that is the Brier skill score). *Global utility* is the mean over
columns of :math:`\max(0, R^2_j)`: it needs no label, and does not favour the generator that has
learnt one column well. Where the target of a table is a number, the :math:`R^2` of that column
stands beside it; it is that of normal scores, so that a few large values do not decide.

The kernel of all columns but j is :math:`\exp(-\gamma (D - D_j))` with the squared distances D over
all columns and :math:`D_j` over that one, so that leaving a column out costs no matrix product.

References
----------
Esteban, Hyland, Rätsch (2017), arXiv:1706.02633, for one target. Jiang, Simidjievski, Jamnik
(2025), TabStruct: measuring structural fidelity of tabular data, arXiv:2509.11950, for each column.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve

from further.data.preparation.column_encoding import IS_MISSING
from further.data.spec import Block
from further.evaluate.distance import distances
from further.evaluate.interval import Score, score_from_resamples

Floats = NDArray[np.floating[Any]]

LEAST_TEST_ROWS = 200
# The cost grows with the cube of the rows, and with the columns: half a second here.
MOST_ROWS = 1000
MOST_COLUMNS = 40
# Of 0.03 to 3 it lets training rows teach most on german_credit, law_school, adult and mushrooms.
RIDGE = 1.0


class ColumnUtility:
    """Evaluates samples by what can be learnt from them about each column.

    Use it for tables without a label, and beside the label of others.
    It fails where no column says anything about another: then real rows score 0 as well.

    Parameters
    ----------
    train, test : ndarray of shapes (n, d), (m, d)
        Encoded rows.
    blocks : sequence of Block
        Their columns.
    gamma : float
        Kernel width.
    seed : int
        Of the choice of rows and columns, and of the intervals.
    target : str, optional
        The column that holds the target where it is a number; it is never left out.
    groups : ndarray of shape (m,), optional
        Test rows that depend on each other.

    Attributes
    ----------
    real : dict of str to float
        What as many training rows score.
    protocol : dict
        How many rows and which columns are looked at.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(500, 1))
    >>> x = np.hstack([x, x**2, rng.normal(size=(500, 1))])
    >>> blocks = [Block(name, i, i + 1, "numeric") for i, name in enumerate("abc")]
    >>> utility = ColumnUtility(x[:300], x[300:], blocks, gamma=0.5, seed=0)
    >>> score = utility.score(rng.permuted(x[:300], axis=0))["global_utility"]
    >>> bool(utility.real["global_utility"] > 0.15), score.value < 0.05
    (True, True)
    """

    def __init__(
        self,
        train: Floats,
        test: Floats,
        blocks: Sequence[Block],
        gamma: float,
        seed: int,
        target: str | None = None,
        groups: NDArray[Any] | None = None,
    ) -> None:
        self._gamma, self._seed, self._groups = gamma, seed, groups
        every = _columns(blocks)
        self._target = target if target in every else None
        rng = np.random.default_rng(seed)
        others = [name for name in rng.permutation(list(every)).tolist() if name != target]
        chosen = ([self._target, *others] if self._target else others)[:MOST_COLUMNS]
        self._columns = {name: places for name, places in every.items() if name in chosen}
        self.rows = min(MOST_ROWS, len(train))
        learnt = train[np.sort(rng.permutation(len(train))[: self.rows])]
        centre = train.mean(axis=0, dtype=np.float64)
        self._test = np.asarray(test, dtype=np.float64)
        deviations = np.square(self._test - centre)
        self._total = np.stack([deviations[:, at].sum(axis=1) for at in self._columns.values()], 1)
        errors = self._errors(learnt)
        self.real = dict(zip(self.names, self._figures(errors, np.ones(len(test))), strict=True))
        self._real_by_column = self._by_column(errors, np.ones(len(test)))
        self.protocol: dict[str, Any] = {
            "learner": f"kernel ridge regression, gamma {gamma:.4g}, ridge {RIDGE}",
            "rows_learnt_from": self.rows,
            "columns": len(self._columns),
            "columns_in_all": len(every),
            "figure": "mean over columns of R² in encoded form, no column below 0",
        }

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that are defined here."""
        return ("global_utility", *(["synthetic_to_real_r2"] if self._target else []))

    def score(self, samples: Floats) -> dict[str, Score]:
        """Evaluate samples.

        Parameters
        ----------
        samples : ndarray of shape (k, d)
            Encoded, in random order; the first :attr:`rows` are learnt from.

        Returns
        -------
        dict of str to Score
            By metric. The detail of the global utility holds R² by column, beside that of training
            rows.
        """
        errors = self._errors(samples[: self.rows])
        by_column = self._by_column(errors, np.ones(len(self._test)))
        scores = score_from_resamples(
            lambda weights: self._figures(errors, weights),
            len(self._test),
            groups=self._groups,
            seed=self._seed,
            detail={"rows_learnt_from": min(self.rows, len(samples))},
        )
        found = dict(zip(self.names, scores, strict=True))
        found["global_utility"].detail["columns"] = {
            name: {"value": float(value), "real": float(real)}
            for name, value, real in zip(
                self._columns, by_column, self._real_by_column, strict=True
            )
        }
        return found

    def _errors(self, rows: Floats) -> Floats:
        """Return the squared error of each test row and column, learnt from rows."""
        rows = np.asarray(rows, dtype=np.float64)
        within, between = np.square(distances(rows)), np.square(distances(self._test, rows))
        errors = []
        for places in self._columns.values():
            own, wanted = rows[:, places], self._test[:, places]
            left = np.exp(-self._gamma * (within - np.square(distances(own))))
            right = np.exp(-self._gamma * (between - np.square(distances(wanted, own))))
            left[np.diag_indices_from(left)] += RIDGE
            centre = own.mean(axis=0)
            weights = cho_solve(cho_factor(left, lower=True, overwrite_a=True), own - centre)
            errors.append(np.square(centre + right @ weights - wanted).sum(axis=1))
        return np.stack(errors, axis=1)

    def _by_column(self, errors: Floats, weights: Floats) -> Floats:
        """Return R² of each column; 0 of one that does not vary in the test rows."""
        total = weights @ self._total
        varies = total > 1e-12
        return np.where(varies, 1 - (weights @ errors) / np.where(varies, total, 1.0), 0.0)

    def _figures(self, errors: Floats, weights: Floats) -> Floats:
        """Return the figures of all metrics, in the order of their names."""
        by_column = self._by_column(errors, weights)
        figures = [np.maximum(by_column, 0.0).mean()]
        if self._target:
            figures.append(by_column[list(self._columns).index(self._target)])
        return np.array(figures)


def _columns(blocks: Sequence[Block]) -> dict[str, list[int]]:
    """Return the encoded places of each column; whether a number is missing belongs to it."""
    columns: dict[str, list[int]] = {}
    for block in blocks:
        of = block.name.removesuffix(IS_MISSING)
        name = of if of in columns else block.name
        columns.setdefault(name, []).extend(range(block.start, block.stop))
    return columns
