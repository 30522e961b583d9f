r"""Fidelity of a generated table, column by column and pair by pair.

*Column shapes*: the mean over columns of :math:`1 - \sup_t |F(t) - \hat F(t)|` (numbers; the
Kolmogorov-Smirnov distance) or :math:`1 - \tfrac12 \sum_c |p_c - \hat p_c|` (categories; the total
variation distance).

*Pair correlations*: the mean over pairs of columns of :math:`1 - \tfrac12 |\rho - \hat\rho|` with
Spearman's rank correlation (two numbers), or 1 minus the total variation distance of the joint
shares (otherwise, numbers in fifths of the training rows).

Missing values count: among numbers they are the largest value of all, among categories one more.

References
----------
Patki, Wedge, Veeramachaneni (2016), The synthetic data vault, DSAA.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import rankdata

from further.evaluate.interval import DRAWS, Score, score_from_halves
from further.evaluate.resampling import HalfSamples, half_samples, on_halves

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.floating[Any]]

# Few bins: a joint table of many cells is far from itself in a hundred rows.
BINS = 5
# Categories of a column that pairs look at one by one; the rest count as one.
MOST_CATEGORIES = 12
# Columns that pairs are formed of, the first of the table: pairs grow with the square.
MOST_PAIRED_COLUMNS = 40
PAIR_DRAWS = 100


def is_number(column: pd.Series) -> bool:
    """Return whether a column holds numbers or dates; truth values and text are categories."""
    import pandas as pd

    if pd.api.types.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return False
    return bool(
        pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_any_dtype(column)
    )


def numbers(column: pd.Series) -> NDArray[np.float64]:
    """Return a numeric or date column as floats, missing values as NaN."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column):
        days = (column - pd.Timestamp(0, tz=column.dt.tz)) / pd.Timedelta(days=1)
        return np.asarray(days, dtype=np.float64)
    return pd.to_numeric(column, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def texts(column: pd.Series) -> NDArray[np.str_]:
    """Return a categorical column as text, so that types that differ in name alone agree."""
    present = column.notna().to_numpy()
    # 1, 1.0 and True written by different readers of one file are the same category.
    named = [
        # 15 digits: what is written again after a calculation may differ in the sixteenth.
        f"{value:.15g}" if isinstance(value, float) else str(value)
        for value in column.astype(object)
    ]
    return np.where(present, np.array(named, dtype=str), "missing")


class _Column:
    """A column of the test rows, with what its training rows say of its values."""

    def __init__(self, train: pd.Series, test: pd.Series) -> None:
        self.numeric = is_number(train)
        self.edges: Floats = np.empty(0)  # of the fifths
        if self.numeric:
            values = numbers(train)
            present = values[np.isfinite(values)]
            if len(present):
                edges = np.unique(np.quantile(present, np.arange(1, BINS) / BINS))
                self.edges = np.append(edges, np.inf)  # missing values lie beyond
        else:
            categories, counts = np.unique(texts(train), return_counts=True)
            self._codes = {category: code for code, category in enumerate(categories.tolist())}
            # Codes that pairs look at one by one.
            self.common = np.sort(np.argsort(-counts, kind="stable")[:MOST_CATEGORIES]).tolist()
        self.real = self.encode(test)

    def encode(self, values: pd.Series) -> NDArray[Any]:
        """Return floats with missing = inf, or codes of categories."""
        if self.numeric:
            encoded = numbers(values)
            return np.where(np.isnan(encoded), np.inf, encoded)
        # What training rows never had is one category more: the test rows may have it too.
        codes = [self._codes.get(text, len(self._codes)) for text in texts(values)]
        return np.array(codes, dtype=np.int64)


class TableFidelity:
    """Compares generated tables with the test rows.

    Use it to see which columns and which pairs of columns a generator gets wrong.
    It fails to see whatever takes three columns: the two-sample accuracy does.

    Parameters
    ----------
    train, test : DataFrame
        In the source's own form; types, fifths and categories come from ``train``.
    seed : int
        Of the halves.
    groups : array-like of shape (n,), optional
        Test rows that depend on each other, so that halves are of whole groups.

    Examples
    --------
    >>> import pandas as pd
    >>> test = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": ["x", "x", "x", "y"]})
    >>> samples = pd.DataFrame({"a": [1.0, 2.0, 3.0, 9.0], "b": ["x", "y", "y", "y"]})
    >>> score = TableFidelity(test, test, seed=0).column_shapes(samples)
    >>> score.detail["columns"]
    {'a': 0.75, 'b': 0.5}
    """

    def __init__(
        self,
        train: pd.DataFrame,
        test: pd.DataFrame,
        seed: int,
        groups: ArrayLike | None = None,
    ) -> None:
        self._seed, self._groups = seed, groups
        self._n = len(test)
        self._names = list(train.columns)
        self._columns = [_Column(train[name], test[name]) for name in self._names]
        self._paired = self._columns[:MOST_PAIRED_COLUMNS]
        self._real_ranks, self._real_indicators = self._prepare([c.real for c in self._paired])

    def column_shapes(self, samples: pd.DataFrame) -> Score | None:
        """Return the mean similarity of columns; 1 is best.

        Returns
        -------
        Score or None
            None for a table without columns. The detail holds the figure of each column.
        """
        if not self._columns:
            return None
        n = min(self._n, len(samples))
        halves = self._halves(len(samples), DRAWS)
        chosen = [half * 1.0 for half in halves[0].paired(halves[1])]
        everything = np.ones((1, self._n)), np.ones((1, len(samples)))
        by_column, draws = {}, []
        for name, column in zip(self._names, self._columns, strict=True):
            fake = column.encode(samples[name])
            distance = _kolmogorov_smirnov if column.numeric else _total_variation
            by_column[str(name)] = float(1.0 - distance(column.real, fake, *everything)[0])
            draws.append(1.0 - distance(column.real, fake, *chosen))
        return score_from_halves(
            float(np.mean(list(by_column.values()))),
            np.mean(draws, axis=0),
            n,
            *halves,
            limits=(0.0, 1.0),
            detail={"columns": by_column},
        )

    def pair_correlations(self, samples: pd.DataFrame) -> Score | None:
        """Return the mean similarity of pairs of columns; 1 is best.

        Returns
        -------
        Score or None
            None with fewer than two columns. The detail holds the five worst pairs.
        """
        if len(self._paired) < 2:
            return None
        named = list(zip(self._names, self._paired, strict=False))
        encoded = [column.encode(samples[name]) for name, column in named]
        fake_ranks, fake_indicators = self._prepare(encoded)
        n = min(self._n, len(samples))
        real_rows, fake_rows = np.arange(self._n), np.arange(len(samples))
        ends = self._ends
        numeric = np.flatnonzero([column.numeric for column in self._paired])
        upper = np.triu_indices(len(self._paired), 1)

        def similarities(real: NDArray[Any], fake: NDArray[Any]) -> Floats:
            joint = np.abs(_joint(self._real_indicators[real]) - _joint(fake_indicators[fake]))
            table = np.add.reduceat(np.add.reduceat(joint, ends, axis=0), ends, axis=1)
            similar = 1.0 - 0.5 * table
            if len(numeric) > 1:
                apart = _correlation(self._real_ranks[real]) - _correlation(fake_ranks[fake])
                similar[np.ix_(numeric, numeric)] = 1.0 - 0.5 * np.abs(apart)
            return similar[upper]

        by_pair = similarities(real_rows, fake_rows)
        halves = self._halves(len(samples), PAIR_DRAWS)
        draws = on_halves(lambda a, b: similarities(a, b).mean(), *halves)
        worst = np.argsort(by_pair, kind="stable")[:5]
        pairs = list(combinations((str(name) for name, _ in named), 2))
        detail = {
            "worst_pairs": [[*pairs[i], float(by_pair[i])] for i in worst],
            "columns_paired": len(self._paired),
        }
        value = float(by_pair.mean())
        return score_from_halves(value, draws, n, *halves, limits=(0.0, 1.0), detail=detail)

    def _halves(self, n_samples: int, draws: int) -> tuple[HalfSamples, HalfSamples]:
        return (
            half_samples(self._n, draws, self._seed, self._groups),
            half_samples(n_samples, draws, self._seed + 1),
        )

    def _prepare(self, columns: list[NDArray[Any]]) -> tuple[Floats, Floats]:
        """Return ranks of the numeric columns, and indicators of fifths and categories."""
        ranks = [
            rankdata(values)
            for values, column in zip(columns, self._paired, strict=True)
            if column.numeric
        ]
        indicators, starts = [], [0]
        for values, column in zip(columns, self._paired, strict=True):
            if column.numeric:
                codes = np.searchsorted(column.edges, values, side="right")
                width = len(column.edges) + 1
            else:
                position = {code: i for i, code in enumerate(column.common)}
                codes = np.array([position.get(code, len(position)) for code in values], dtype=int)
                width = len(position) + 1
            indicators.append(np.eye(width, dtype=np.float32)[codes])
            starts.append(starts[-1] + width)
        self._ends = np.array(starts[:-1])
        stacked = np.column_stack(ranks) if ranks else np.empty((len(columns[0]), 0))
        return stacked, np.hstack(indicators)


def _kolmogorov_smirnov(
    real: Floats, fake: Floats, real_chosen: Floats, fake_chosen: Floats
) -> Floats:
    """Return the distance between subsets, given by rows of zeros and ones; one a row."""
    pooled = np.concatenate([real, fake])
    order = np.argsort(pooled, kind="stable")
    weights = np.hstack(
        [
            real_chosen / real_chosen.sum(axis=1, keepdims=True),
            -fake_chosen / fake_chosen.sum(axis=1, keepdims=True),
        ]
    )
    steps = np.cumsum(weights[:, order], axis=1)
    ordered = pooled[order]
    last_of_ties = np.append(ordered[1:] != ordered[:-1], True)
    distance: Floats = np.abs(steps[:, last_of_ties]).max(axis=1)
    return distance


def _total_variation(
    real: NDArray[Any], fake: NDArray[Any], real_chosen: Floats, fake_chosen: Floats
) -> Floats:
    classes = int(max(real.max(), fake.max())) + 1
    first = real_chosen @ np.eye(classes)[real] / real_chosen.sum(axis=1, keepdims=True)
    second = fake_chosen @ np.eye(classes)[fake] / fake_chosen.sum(axis=1, keepdims=True)
    distance: Floats = 0.5 * np.abs(first - second).sum(axis=1)
    return distance


def _joint(indicators: Floats) -> Floats:
    return indicators.T @ indicators / len(indicators)


def _correlation(ranks: Floats) -> Floats:
    """Return correlations, 0 where a column does not vary."""
    centred = ranks - ranks.mean(axis=0)
    scale = np.sqrt(np.square(centred).sum(axis=0))
    scale[scale == 0] = np.inf
    centred /= scale
    return centred.T @ centred
