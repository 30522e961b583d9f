"""What is the same for all predictors that scikit-learn fits.

A model says ``make``: an unfitted estimator for encoded rows, given its settings; and, where it has
some to choose from, ``candidates``, the simplest first. Numbers come as standard scores with a mark
where they are missing, categories as one-hot vectors, pictures as their values one after the other.
"""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.kind import fit_encoding
from further.data.preparation.standard_score import StandardScore
from further.data.spec import Spec
from further.data.target import Classes, Numbers
from further.errors import InputError
from further.supervised.conformal import sorted_residuals
from further.supervised.explanation import ColumnImportance, Explanation, Importance
from further.supervised.places import Place, columns_of, places_of
from further.supervised.selection import best_of, folds_of, log_losses, out_of_fold, subsample
from further.supervised.targets import ClassPredictor, NumberPredictor
from further.train.energy import EnergyMeter, cost_to_json
from further.train.estimator import DatasetEstimator
from further.train.parameters import hyperparameters

Floats = NDArray[np.float64]
#: Above so many rows, the residuals of a fifth of them are enough for an interval.
ROWS_FOR_ALL_FOLDS = 5000
#: Up to so many values, one thread is as fast as several, and faster beside other work.
VALUES_OF_ONE_THREAD = 5_000_000


@hyperparameters
class Classical(DatasetEstimator):
    """A predictor that scikit-learn fits, all of it at once.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    Attributes
    ----------
    model_ : estimator of scikit-learn
        Fitted to the encoded rows.
    chosen_ : dict of str to object
        The settings that cross-validation chose.
    notes_ : list of str
        What was decided, in sentences.
    """

    held_out_share: ClassVar[float] = 0.0
    #: Folds of the inner cross-validation, rows that it takes at most, and which one it takes.
    n_folds: ClassVar[int] = 5
    rows_to_choose: ClassVar[int] = 5000
    one_standard_error: ClassVar[bool] = False
    #: Rows that are learnt from at most; None for all.
    rows_to_fit: ClassVar[int | None] = None

    random_state: int | np.random.RandomState | None = None

    @abstractmethod
    def make(self, spec: Spec, seed: int, **chosen: Any) -> Any:
        """Return the unfitted estimator of scikit-learn for encoded rows (n, values).

        Parameters
        ----------
        spec : Spec
            Shape of the data.
        seed : int
            Of all that is drawn.
        **chosen
            One of :meth:`candidates`.

        Returns
        -------
        estimator
            Unfitted.
        """

    @abstractmethod
    def explain(self) -> Explanation:
        """Return what the fitted model is made of, in the units of the source."""

    def candidates(self, spec: Spec, n: int) -> list[dict[str, Any]]:
        """Return the settings to choose from, the simplest first.

        Parameters
        ----------
        spec : Spec
            Shape of the data.
        n : int
            Number of training rows.

        Returns
        -------
        list of dict
            What :meth:`make` is given.
        """
        return [{}]

    def count_parameters(self) -> int:
        """Return how many numbers the fitted model consists of."""
        model = self.model_
        return int(np.size(model.coef_) + np.size(model.intercept_))

    # What subclasses of classes and of numbers say ----------------------------------------------

    @abstractmethod
    def _targets(self, dataset: Dataset) -> NDArray[Any]:
        """Return the target as the model sees it: codes, or standard scores of numbers."""

    def _outputs(self, model: Any, x: Floats) -> Floats:
        """Return the probabilities (n, k) or the numbers (n,) of encoded rows."""
        raise NotImplementedError

    @abstractmethod
    def _losses(self, y: NDArray[Any], outputs: Floats) -> Floats:
        """Return the loss of each row."""

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        return None

    def _after(self, dataset: Dataset, validation: Dataset | None, x: Floats, y: Any) -> None:
        """Learn what else is learnt from the rows that the model was fitted to."""

    # The fit -------------------------------------------------------------------------------------

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return fit_encoding(dataset, StandardScore.fit)

    def _encoded(self, dataset: Dataset) -> Floats:
        x: Floats = self.encoding_.encode(dataset, np.float64).reshape(len(dataset), -1)
        return x

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        with threads_for(len(dataset) * self.spec_.size):
            self._learn_all(dataset, validation, seed)

    def _learn_all(self, dataset: Dataset, validation: Dataset | None, seed: int) -> None:
        start, meter = time.perf_counter(), EnergyMeter()
        self._drawn = seed % 2**32  # what scikit-learn takes for a seed
        self.notes_: list[str] = []
        y = self._targets(dataset)
        x = self._encoded(dataset)
        rows = subsample(len(y), self.rows_to_fit, seed, self._strata(y))
        if len(rows) < len(y):
            self.notes_.append(f"Fitted to {len(rows)} of {len(y)} rows, drawn at random.")
            dataset, x, y = dataset.take(rows), x[rows], y[rows]
        self._begin(x, y)
        self.spread_: Floats = x.std(axis=0)
        candidates = self.candidates(self.spec_, len(y))
        self.chosen_: dict[str, Any] = candidates[0]
        if len(candidates) > 1:
            self.chosen_ = candidates[self._choose(candidates, x, y, dataset.groups)]
        self.model_ = self._fitted(x, y, self.chosen_)
        self._after(dataset, validation, x, y)
        self.n_parameters_ = self.count_parameters()
        del self._drawn
        self.cost_ = cost_to_json(time.perf_counter() - start, meter.read())

    def _begin(self, x: Floats, y: NDArray[Any]) -> None:
        """Learn what has to be known before the settings are chosen."""

    def _design(self, x: Floats) -> Floats:
        """Return encoded rows as :meth:`make` takes them: in another basis, where one is wanted."""
        return x

    def _fitted(self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]) -> Any:
        return self.make(self.spec_, self._drawn, **chosen).fit(self._design(x), y)

    def _choose(
        self, candidates: list[dict[str, Any]], x: Floats, y: NDArray[Any], groups: Any
    ) -> int:
        """Return the candidate with the lowest loss on rows that it was not fitted to."""
        rows = subsample(len(y), self.rows_to_choose, self._drawn, self._strata(y))
        groups = None if groups is None else np.asarray(groups)[rows]
        x, y = x[rows], y[rows]
        folds = folds_of(len(y), self.n_folds, self._drawn, strata=self._strata(y), groups=groups)
        if folds.max() == 0:
            return 0
        losses = []
        for candidate in candidates:
            at, outputs = out_of_fold(self._fit_on(x, y, candidate), x, folds)
            losses.append(self._losses(y[at], outputs))
        place = best_of(np.stack(losses), one_standard_error=self.one_standard_error)
        said = ", ".join(
            f"{name}={_said(value)}"
            for name, value in candidates[place].items()
            if any(candidate[name] != value for candidate in candidates)
        )
        self.notes_.append(
            f"{said} was chosen from {len(candidates)} settings by {int(folds.max()) + 1}-fold "
            f"cross-validation on {len(y)} rows."
        )
        return place

    def _fit_on(
        self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]
    ) -> Callable[[NDArray[np.int64]], Callable[[Floats], Floats]]:
        def fit(rows: NDArray[np.int64]) -> Callable[[Floats], Floats]:
            model = self._fitted(x[rows], y[rows], chosen)
            return lambda of: self._outputs(model, of)

        return fit

    # For explanations ----------------------------------------------------------------------------

    def _places(self) -> list[Place]:
        return places_of(self.encoding_)

    def _opaque(self) -> Importance:
        columns = tuple(ColumnImportance(name) for name in columns_of(self._places()))
        return Importance(
            columns,
            notes=(
                "It has too many parts to be read: what it depends on is measured from outside, "
                "by permutation_importance on held-out rows.",
            ),
        )


@hyperparameters
class ClassicalClassifier(ClassPredictor, Classical):
    """A classifier that scikit-learn fits.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.
    """

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, in the order of ``classes_``."""
        x = self._encoded(self._rows(X))
        with threads_for(x.size):
            return self._outputs(self.model_, x)

    def _targets(self, dataset: Dataset) -> NDArray[Any]:
        self._refuse_one_class()
        if not isinstance(dataset.target, Classes):
            raise InputError(f"{type(self).__name__}: {dataset.name} has no classes; give y.")
        return dataset.target.codes

    def _outputs(self, model: Any, x: Floats) -> Floats:
        # A fold may lack a class.
        p = np.zeros((len(x), len(self.classes_)))
        p[:, model.classes_] = model.predict_proba(self._design(x))
        return p

    def _losses(self, y: NDArray[Any], outputs: Floats) -> Floats:
        return log_losses(y, outputs)

    def _strata(self, y: NDArray[Any]) -> NDArray[Any] | None:
        return y

    def _fitted(self, x: Floats, y: NDArray[Any], chosen: dict[str, Any]) -> Any:
        if (y == y[0]).all():  # in a fold
            from sklearn.dummy import DummyClassifier

            return DummyClassifier().fit(x, y)
        return super()._fitted(x, y, chosen)

    def _outcomes(self) -> list[str]:
        """Return the classes whose log odds a linear model gives: of two the second alone."""
        names = [str(name) for name in self.classes_]
        return names[1:] if len(names) == 2 else names

    def _shares(self, shares: Any) -> dict[str, float]:
        return {str(n): float(p) for n, p in zip(self.classes_, shares, strict=True)}


@hyperparameters
class ClassicalRegressor(NumberPredictor, Classical):
    """A regressor that scikit-learn fits.

    Its intervals come from residuals of rows that were left out: the model with the settings that
    were chosen is fitted again without each fifth of the rows, or, of more than 5,000 rows, without
    one fifth (Vovk 2015, "Cross-conformal predictors"). The model that is kept has seen all rows.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Seed of all that is drawn: folds, subsamples, trees.

    Attributes
    ----------
    center_, scale_ : float
        Mean and standard deviation of the target, in units of which the model is fitted.
    residuals_ : array of shape (n, 1)
        See :class:`~further.supervised.targets.NumberPredictor`.
    """

    def _targets(self, dataset: Dataset) -> NDArray[Any]:
        target = dataset.target
        if not isinstance(target, Numbers):
            what = "no target" if target is None else f"{target.kind} for a target"
            raise InputError(f"{type(self).__name__}: {dataset.name} has {what}; give numbers y.")
        if target.values.shape[1] != 1:
            raise InputError(
                f"{type(self).__name__} predicts one number, but y has {target.values.shape[1]} "
                f"columns ({', '.join(target.names)}); fit one model for each."
            )
        self.target_name_: str = target.names[0]
        score = StandardScore.fit(target.values[:, 0])
        self.center_, self.scale_ = score.mean, score.deviation
        return score.encode(target.values[:, 0])

    def _outputs(self, model: Any, x: Floats) -> Floats:
        return np.asarray(model.predict(self._design(x)), dtype=np.float64).reshape(len(x))

    def _losses(self, y: NDArray[Any], outputs: Floats) -> Floats:
        return (y - outputs) ** 2

    def _predicted(self, dataset: Dataset) -> Floats:
        x = self._encoded(dataset)
        with threads_for(x.size):
            z = self._outputs(self.model_, x)
        return (self.center_ + self.scale_ * z)[:, None]

    def _after(self, dataset: Dataset, validation: Dataset | None, x: Floats, y: Any) -> None:
        if validation is not None and isinstance(validation.target, Numbers):
            self.residuals_ = sorted_residuals(
                validation.target.values, self._predicted(validation)
            )
            return
        rows, outputs = self._left_out(dataset, x, y)
        residuals = sorted_residuals(y[rows, None], outputs[:, None])
        self.residuals_ = residuals * self.scale_

    def _left_out(
        self, dataset: Dataset, x: Floats, y: NDArray[Any]
    ) -> tuple[NDArray[np.int64], Floats]:
        """Return rows, and what models predict for them that did not see them."""
        folds = folds_of(len(y), self.n_folds, self._drawn, groups=dataset.groups)
        if folds.max() == 0:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        used = None if len(y) <= ROWS_FOR_ALL_FOLDS else [0]
        return out_of_fold(self._fit_on(x, y, self.chosen_), x, folds, used)


def threads_for(n_values: int) -> AbstractContextManager[Any]:
    """Return a context with one thread for few values, where more would wait for each other.

    Parameters
    ----------
    n_values : int
        Rows times columns.

    Returns
    -------
    context manager
        That changes nothing where there are many.
    """
    if n_values > VALUES_OF_ONE_THREAD:
        return nullcontext()
    from threadpoolctl import threadpool_limits

    limits: AbstractContextManager[Any] = threadpool_limits(1)
    return limits


def _said(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)
