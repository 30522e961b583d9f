"""The feature space in which distances between samples are measured, and its name.

Where there are labels, the penultimate layer of a small classifier trained on the training split;
otherwise principal components of the training split, and as one feature more how far a row lies
from the plane that they span (else noise, which has next to nothing in that plane, would pass for
an average row). Neither is the Inception network, so no distance measured here is an FID, and
figures from two data sets cannot be compared.

The classifier tells the classes apart, and as one class more rows that were spoilt: half of their
values come from other rows. Without it, it has never seen anything but good rows and puts uniform
noise in their midst (precision 0.65 on digits, 0.05 with it), and a blurred sample looks like a
sharp one.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

Floats = NDArray[np.floating[Any]]

HIDDEN_LAYERS = (128, 32)
EPOCHS = 30
COMPONENTS = 32
# Wider rows are reduced first, so that the classifier costs seconds on pictures of any size.
WIDEST_INPUT = 256
REDUCED_INPUT = 128
# Rows that the space is fitted on, chosen at random where there are more.
MOST_ROWS = 5000


class FeatureSpace:
    """A map from raw values to features, fitted on the training split alone.

    Use it wherever samples are compared with real rows.
    It fails where the classes have little to do with what makes a sample good: the classifier may
    ignore a fine flaw, which is why the two-sample test also looks at raw values.

    Parameters
    ----------
    x : ndarray of shape (n, d)
        Raw values of the training rows.
    y : ndarray of int, shape (n,), or None
        Their classes; with fewer than two classes principal components are used.
    seed : int
        Of the classifier's first weights.

    Attributes
    ----------
    name : str
        What the space is, in words; it stands beside every figure.
    size : int
        Number of features.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> x = rng.normal(size=(60, 5)).astype(np.float32)
    >>> space = FeatureSpace(x, None, seed=0)
    >>> space.name
    '5 principal components of the training rows'
    >>> space(x).shape
    (60, 5)
    """

    def __init__(self, x: Floats, y: NDArray[np.integer[Any]] | None, seed: int) -> None:
        rows = np.asarray(x, dtype=np.float64)
        if len(rows) > MOST_ROWS:
            chosen = np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)
            rows, y = rows[chosen], None if y is None else y[chosen]
        labelled = y is not None and len(np.unique(y)) > 1
        self._reduction: PCA | None = None
        self._classifier: MLPClassifier | None = None
        components = REDUCED_INPUT if labelled else COMPONENTS
        if not labelled or rows.shape[1] > WIDEST_INPUT:
            components = min(components, *rows.shape)
            self._reduction = PCA(
                components,
                svd_solver="randomized" if 4 * components < min(rows.shape) else "full",
                random_state=seed,
            )
            with np.errstate(invalid="ignore"):  # rows that do not vary have no explained share
                self._reduction.fit(rows)
        self._beside_plane = (
            not labelled and self._reduction is not None and components < rows.shape[1]
        )
        if labelled and y is not None:
            reduced = rows if self._reduction is None else self._reduction.transform(rows)
            self._centre = reduced.mean(axis=0)
            self._input_scale = _spread(reduced)
            self._classifier = MLPClassifier(
                HIDDEN_LAYERS,
                max_iter=EPOCHS,
                alpha=1e-3,
                batch_size=min(128, len(rows)),
                learning_rate_init=3e-3,
                random_state=seed,
            )
            with warnings.catch_warnings():
                # The number of epochs is fixed on purpose.
                warnings.simplefilter("ignore", ConvergenceWarning)
                spoilt = _spoil(reduced, np.random.default_rng(seed))
                inputs = np.concatenate([reduced, spoilt])
                classes = np.concatenate([y, np.full(len(spoilt), y.max() + 1)])
                self._classifier.fit((inputs - self._centre) / self._input_scale, classes)
        self._output_scale = 1.0
        features = self(rows)
        self._output_scale = _spread(features)
        self.size = features.shape[1]
        self.name = self._describe(len(rows))

    def __call__(self, x: Floats) -> NDArray[np.float64]:
        """Return the features of rows of raw values, shape (n, size).

        They are scaled as a whole, so that the training rows' features have a variance of 1 on
        average.
        """
        values = np.asarray(x, dtype=np.float64)
        if self._reduction is not None:
            rows, values = values, self._reduction.transform(values)
            if self._beside_plane:
                outside = np.linalg.norm(rows - self._reduction.inverse_transform(values), axis=1)
                values = np.column_stack([values, outside])
        if self._classifier is not None:
            values = (values - self._centre) / self._input_scale
            layers = zip(
                self._classifier.coefs_[:-1], self._classifier.intercepts_[:-1], strict=True
            )
            for weights, intercept in layers:
                values = np.maximum(values @ weights + intercept, 0.0)
        return values / self._output_scale

    def _describe(self, rows: int) -> str:
        on = "the training rows" if rows < MOST_ROWS else f"{rows:,} training rows"
        if self._classifier is None:
            if self._beside_plane:
                return f"{self.size - 1} principal components of {on} and the distance from them"
            return f"{self.size} principal components of {on}"
        layers = " and ".join(str(width) for width in HIDDEN_LAYERS)
        before = ""
        if self._reduction is not None:
            before = f" of {self._reduction.n_components_} principal components"
        return (
            f"penultimate layer ({self.size} values) of a classifier{before} with hidden layers "
            f"of {layers}, trained on {on} to tell their classes apart, and from spoilt rows"
        )


def _spoil(rows: Floats, rng: np.random.Generator) -> Floats:
    """Replace half of the values by those that other rows have in the same column."""
    shuffled = rng.permuted(rows, axis=0)
    return np.where(rng.random(rows.shape) < 0.5, shuffled, rows)


def _spread(values: Floats) -> float:
    """Return the root of the mean variance; 1 where nothing varies."""
    return float(np.sqrt(values.var(axis=0).mean())) or 1.0
