"""What samples: the base of the generative models and of the controls beside them."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral
from typing import Any, ClassVar, Literal, overload

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from further.data.dataset import Dataset
from further.data.encoding import TableEncoding
from further.data.memory import refuse_too_large
from further.errors import InputError
from further.generate.imputation import DRAWS, draw_missing, fill
from further.train.estimator import DatasetEstimator
from further.train.network import ROWS_AT_A_TIME
from further.train.parameters import hyperparameters
from further.train.seeds import seed_of

#: What samples are drawn given: named arrays with the batch first; ``y`` holds class codes.
Condition = Mapping[str, np.ndarray]
#: A sample in encoded form, decoded, and a copy of both while they are put together.
BYTES_A_VALUE = 24


@hyperparameters
class GenerativeEstimator(DatasetEstimator):
    """An estimator that learns a distribution and samples from it.

    A subclass has ``_learn`` and ``_draw``.
    """

    random_state: Any = None

    #: Whether its samples are training rows, or mixtures of two of them, by design.
    is_copy: ClassVar[bool] = False

    @overload
    def sample(
        self, n_samples: int = 1, y: Any = None, *, return_y: Literal[False] = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray | pd.DataFrame: ...  # fmt: skip

    @overload
    def sample(
        self, n_samples: int = 1, y: Any = None, *, return_y: Literal[True],
        random_state: int | np.random.RandomState | None = None,
    ) -> tuple[np.ndarray | pd.DataFrame, np.ndarray | None]: ...  # fmt: skip

    def sample(
        self,
        n_samples: int = 1,
        y: Any = None,
        *,
        return_y: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ) -> np.ndarray | pd.DataFrame | tuple[np.ndarray | pd.DataFrame, np.ndarray | None]:
        """Generate new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many; ignored when ``y`` is given.
        y : array of class labels, optional
            One row is generated for each; without it classes are drawn from the training prior.
        return_y : bool, default=False
            Whether to return the classes as well.
        random_state : int, RandomState or None, default=None
            None takes that of the estimator, so that the same call gives the same rows.

        Returns
        -------
        X : array or DataFrame
            As the training data: grey levels, columns, types and rounding.
        y : array of shape (n_samples,)
            With ``return_y``; None without labels.
        """
        check_is_fitted(self)
        if not isinstance(n_samples, Integral) or n_samples < 1:
            raise InputError(f"n_samples={n_samples!r} must be a whole number of at least 1.")
        refuse_too_large(
            f"{int(n_samples):,} samples",
            BYTES_A_VALUE * self.spec_.size * int(n_samples),
            'ask for fewer at a time; "further sample" writes rows of a table in pieces',
        )
        seed = self._seed(random_state)
        condition = self.condition(int(n_samples), y, seed)
        codes = condition.get("y")
        n = int(n_samples) if codes is None else len(codes)
        rows = self.encoding_.decode(self.sample_encoded(n, condition, seed))
        if not return_y:
            return rows
        return rows, None if codes is None else self.classes_[codes]

    def impute(
        self,
        X: pd.DataFrame,
        y: Any = None,
        *,
        n_draws: int = DRAWS,
        random_state: int | np.random.RandomState | None = None,
    ) -> pd.DataFrame:
        """Fill the missing values of a table by what the model knows of the others in the row.

        Use it where columns depend on each other. It fails where values are missing because of what
        they are: it assumes that missing ones are like known ones in rows that are otherwise alike.

        Parameters
        ----------
        X : DataFrame
            Rows with the training columns; others stay as they are.
        y : array of class labels, optional
            Their classes, for a model that was fitted with labels; without them the classes of the
            nearest generated rows are taken.
        n_draws : int, default=10
            Draws of each missing value. Filled in is their mean for numbers and the most frequent
            one for categories; 1 fills in a single draw, which keeps the spread of the values.
        random_state : int, RandomState or None, default=None
            Of the draws; None takes that of the estimator.

        Returns
        -------
        DataFrame
            The same rows without missing values in these columns.

        Raises
        ------
        InputError
            If the model is one of pictures, or a column of the training is not there.
        """
        check_is_fitted(self)
        encoding = self.encoding_
        if not isinstance(encoding, TableEncoding):
            raise InputError("Missing values are filled in tables, not in pictures.")
        if n_draws < 1:
            raise InputError(f"n_draws={n_draws} must be at least 1.")
        names = [column.name for column in encoding.columns]
        absent = [name for name in names if name not in X]
        if absent:
            raise InputError(f'X has no column "{absent[0]}", which the training rows have.')
        codes = None if y is None or self.spec_.n_classes == 0 else self._codes_or_unknown(y)
        if codes is None and self.spec_.n_classes:
            codes = np.full(len(X), -1)
        rows = np.flatnonzero(X[names].isna().any(axis=1))
        if not len(rows):
            return X.copy()
        own = None if codes is None else codes[rows]
        part = X.iloc[rows].reset_index(drop=True)
        drawn = draw_missing(self, part, own, draws=n_draws, seed=self._seed(random_state))
        return fill(X, rows, drawn, encoding)

    def _codes_or_unknown(self, y: Any) -> np.ndarray:
        """Return class codes, -1 where the label is missing."""
        labels = pd.Series(np.asarray(y, dtype=object))
        known = labels.notna().to_numpy()
        codes = np.full(len(labels), -1)
        if known.any():
            codes[known] = self._codes(labels[known].infer_objects().to_numpy())
        return codes

    def condition(self, n: int, y: Any, seed: int) -> dict[str, np.ndarray]:
        """Return what n samples are drawn given.

        Parameters
        ----------
        n : int
            Number of samples, where ``y`` is None or one class for all.
        y : class labels, or None
            None draws classes from the training prior.
        seed : int
            Of the draw.

        Returns
        -------
        dict of str to array
            Class codes ``y``; empty for an estimator that was fitted without labels.

        Raises
        ------
        InputError
            If there are no classes, or not those that are asked for.
        """
        if self.spec_.n_classes == 0:
            if y is not None:
                raise InputError(f"{type(self).__name__} was fitted without labels; leave out y.")
            return {}
        if y is None:
            rng = np.random.default_rng(seed_of(seed, "classes"))
            return {"y": rng.choice(self.spec_.n_classes, size=n, p=self.class_prior_)}
        asked = np.asarray(y)
        return {"y": self._codes(np.full(n, asked) if asked.ndim == 0 else asked)}

    def sample_encoded(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        """Generate rows in encoded form.

        Parameters
        ----------
        n : int
            How many.
        condition : mapping of str to array
            What they are drawn given, from :meth:`condition`.
        seed : int
            Of the draws.

        Returns
        -------
        array of shape (n, *spec.shape), float32
            The rows.
        """
        return self._in_parts(self._draw, n, condition, seed)

    def _in_parts(
        self, draw: Callable[[int, Condition, int], np.ndarray], n: int, condition: Condition,
        seed: int,
    ) -> np.ndarray:  # fmt: skip
        parts = []
        for start in range(0, n, ROWS_AT_A_TIME):
            stop = min(start + ROWS_AT_A_TIME, n)
            given = {name: value[start:stop] for name, value in condition.items()}
            parts.append(draw(stop - start, given, seed_of(seed, "samples", start)))
        return np.concatenate(parts) if parts else np.empty((0, *self.spec_.shape), np.float32)

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        dataset = super()._dataset(X, y, reset=reset)
        # Rows are drawn given their class, not given another target.
        return dataset if dataset.classes is not None else dataclasses.replace(dataset, target=None)

    @abstractmethod
    def _draw(self, n: int, condition: Condition, seed: int) -> np.ndarray:
        """Return ``(n, *spec.shape)`` float32 rows in encoded form."""
