r"""What is held out to calibrate a model, so that a promise about new rows holds.

Every promise of this folder compares new rows with rows that the model was not fitted to. It holds
where the two are exchangeable: their order says nothing. A share of the rows is held out,
stratified by class and by the attribute that the promise is conditional on (of a class with fewer
than three rows all are learnt from), or the model is given fitted and all rows calibrate it.

Rows of one person, scene or day depend on each other and are not exchangeable with those of
another. Where groups are given they are kept together, and of each one row, drawn at random,
calibrates (Dunn, Wasserman and Ramdas 2022): the promise then speaks of a row of a new group.

References
----------
Dunn, Wasserman and Ramdas 2022, "Distribution-free prediction sets for two-layer hierarchical
models".
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone, is_regressor
from sklearn.utils import check_random_state, get_tags, indexable
from sklearn.utils.validation import check_is_fitted, column_or_1d

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.splits import FEWEST_ROWS, split_rows
from further.data.target import Classes, Numbers
from further.errors import InputError
from further.supervised.conformal import (
    conformal_quantile,
    conformal_rank,
    least_calibration_rows,
)

Floats = NDArray[np.float64]
#: What a promise speaks of where it is not conditional.
ALL = "all rows"
#: What an attribute that is not known is called.
MISSING = "missing"


@dataclass(frozen=True, eq=False)
class CalibrationRows:
    """Rows that the model was not fitted to.

    Attributes
    ----------
    X : array or DataFrame
        The rows.
    y : array of shape (n,)
        Their target.
    attribute : Series of shape (n,) or None
        What a promise may be conditional on.
    """

    X: Any
    y: NDArray[Any]
    attribute: pd.Series | None


class CalibratedEstimator(MetaEstimatorMixin, BaseEstimator):
    """An estimator around another one, which is calibrated on rows that the other has not seen.

    Attributes
    ----------
    estimator_ : estimator
        The fitted model.
    n_calibration_ : int
        Rows that calibrated it.
    notes_ : tuple of str
        What a reader has to know, in sentences.
    seed_ : int
        Of all that was drawn.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "conditional_on": [StrOptions({"class", "attribute"}), None],
        "prefit": ["boolean"],
        "calibration_share": [Interval(Real, 0, 1, closed="neither")],
        "random_state": ["random_state"],
    }
    estimator: Any
    conditional_on: str | None
    prefit: bool
    calibration_share: float
    random_state: Any

    def _hold_out(
        self, X: Any, y: Any, groups: Any, attribute: Any
    ) -> tuple[CalibrationRows | None, CalibrationRows]:
        """Return the rows to fit to, None where the model is fitted, and those that calibrate."""
        if isinstance(X, Dataset):
            y = _target_of(X) if y is None else y
            groups, X = (X.groups if groups is None else groups), X.values
        if y is None:
            raise InputError(
                f"{type(self).__name__} requires y to be passed, but the target y is None."
            )
        y = column_or_1d(y, warn=True)
        X = np.asarray(X) if isinstance(X, list | tuple) else X
        X, y, groups, attribute = indexable(X, y, groups, attribute)
        if self.conditional_on == "attribute" and attribute is None:
            raise InputError(
                'conditional_on="attribute" needs the attribute of each row; give fit attribute=.'
            )
        rows = CalibrationRows(X, np.asarray(y), _attribute(attribute))
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        fit_to, calibrate = None, np.arange(len(rows.y))
        if not self.prefit:
            fit_to, calibrate = self._split(rows, groups)
        if groups is not None:
            calibrate = _one_a_group(calibrate, np.asarray(groups), self.seed_)
        self.n_calibration_ = len(calibrate)
        return fit_to, _take(rows, calibrate)

    def _split(
        self, rows: CalibrationRows, groups: Any
    ) -> tuple[CalibrationRows, NDArray[np.int64]]:
        n = len(rows.y)
        if n < FEWEST_ROWS:
            raise InputError(
                f"X has n_samples={n}, but to fit and to calibrate takes at least {FEWEST_ROWS} "
                "rows; add rows, or give a fitted model and prefit=True."
            )
        strata = [] if is_regressor(self) else [pd.factorize(rows.y)[0]]
        if self.conditional_on == "attribute" and rows.attribute is not None:
            strata.append(pd.factorize(rows.attribute)[0])
        labels = np.unique(np.transpose(strata), axis=0, return_inverse=True)[1] if strata else None
        split = split_rows(
            n, labels, None if groups is None else np.asarray(groups), seed=self.seed_,
            fractions=(1 - self.calibration_share, self.calibration_share, 0.0),
        )  # fmt: skip
        return _take(rows, split.train), split.validation

    def __sklearn_tags__(self) -> Any:
        tags, own = super().__sklearn_tags__(), get_tags(self.estimator).input_tags
        tags.input_tags.sparse, tags.input_tags.allow_nan = own.sparse, own.allow_nan
        return tags

    def _fitted(self, estimator: Any, rows: CalibrationRows | None) -> Any:
        """Return the estimator, fitted to the rows if there are any."""
        if rows is None:
            check_is_fitted(estimator)
            return estimator
        return clone(estimator).fit(rows.X, rows.y)

    def _take_on(self, fitted: Any) -> None:
        """Keep the fitted model, and know of it what scikit-learn asks for."""
        self.estimator_ = fitted
        for name in ("classes_", "n_features_in_", "feature_names_in_"):
            if hasattr(fitted, name):
                setattr(self, name, getattr(fitted, name))

    def _attribute_of(self, attribute: Any, n: int) -> pd.Series:
        """Return the attribute of new rows.

        Raises
        ------
        InputError
            If it is asked for and not there, or of another length.
        """
        found = _attribute(attribute)
        if found is None:
            raise InputError(
                f"{type(self).__name__} was calibrated by attribute; give the attribute of each "
                "new row as attribute=."
            )
        if len(found) != n:
            raise InputError(f"attribute has {len(found)} values, but there are {n} rows.")
        return found


def values_of(X: Any) -> Any:
    """Return the rows of a Dataset as arrays or a DataFrame, all else as it is."""
    return X.values if isinstance(X, Dataset) else X


def looked_up(table: Mapping[Hashable, float], keys: pd.Series) -> Floats:
    """Return what a table has for each key, infinity for what it does not have.

    Parameters
    ----------
    table : mapping
        A number for each key.
    keys : Series of shape (n,)
        Some may be unknown.

    Returns
    -------
    array of shape (n,)
        Numbers.

    Examples
    --------
    >>> looked_up({"a": 1.0}, pd.Series(["a", "b"])).tolist()
    [1.0, inf]
    """
    return np.array([table.get(key, np.inf) for key in keys], dtype=np.float64)


def conformal_quantiles(
    scores: Floats, of: pd.Series, levels: Sequence[Hashable], coverage: float
) -> tuple[dict[Hashable, float], tuple[str, ...]]:
    """Return for each level what so large a share of its new scores does not exceed.

    Parameters
    ----------
    scores : array of shape (n,)
        Of calibration rows.
    of : Series of shape (n,)
        The level of each.
    levels : sequence
        For which to find it.
    coverage : float
        The share, in (0, 1).

    Returns
    -------
    quantiles : dict
        Infinite where a level has too few rows.
    notes : tuple of str
        A sentence on each of those.

    Examples
    --------
    >>> of = pd.Series(["a"] * 9 + ["b"])
    >>> quantiles, notes = conformal_quantiles(np.arange(10.0), of, ["a", "b"], 0.9)
    >>> quantiles, len(notes)
    ({'a': 8.0, 'b': inf}, 1)
    """
    quantiles, notes = {}, []
    for level in levels:
        own = np.sort(scores[(of == level).to_numpy(dtype=bool)])
        quantiles[level] = conformal_quantile(own, coverage)
        if conformal_rank(len(own), coverage) > len(own):
            notes.append(
                f"Of {level} there are {len(own)} rows to calibrate with, and a coverage of "
                f"{coverage:.4g} takes at least {least_calibration_rows(coverage)}, so that "
                "nothing is ruled out; give more rows, or ask for less."
            )
    return quantiles, tuple(notes)


def _attribute(attribute: ArrayLike | None) -> pd.Series | None:
    if attribute is None:
        return None
    found = pd.Series(np.asarray(attribute, dtype=object))
    return found.where(found.notna(), MISSING)


def _target_of(dataset: Dataset) -> Any:
    if isinstance(dataset.target, Classes):
        return dataset.target.values
    return dataset.target.values if isinstance(dataset.target, Numbers) else None


def _take(rows: CalibrationRows, numbers: NDArray[np.int64]) -> CalibrationRows:
    X = rows.X.iloc[numbers] if hasattr(rows.X, "iloc") else rows.X[numbers]
    attribute = None if rows.attribute is None else rows.attribute.iloc[numbers]
    return CalibrationRows(X, rows.y[numbers], attribute)


def _one_a_group(rows: NDArray[np.int64], groups: NDArray[Any], seed: int) -> NDArray[np.int64]:
    """Return one of the rows of each group, drawn at random."""
    drawn = np.random.default_rng(seed).permutation(rows)
    first = np.unique(groups[drawn].astype(str), return_index=True)[1]
    return np.sort(drawn[first])
