"""The feature space in which distances between samples are measured, and its name.

Where there are labels, the penultimate layer of a small classifier trained on the training split;
otherwise principal components of the training split. Neither is the Inception network, so no
distance measured here is an FID, and figures from two data sets cannot be compared.

Where components stand for more values than they are, one feature more is how far a row lies from
the plane that they span: noise has next to nothing in that plane and would pass for an average row.

Pictures in colour, and larger ones without labels, are looked at by their patches too
(:mod:`further.evaluate.generation.patches`): components alone see the rough shape and not the
texture, and put the smears of a Gaussian among photographs (a classifier on 32 components of
1,500 photographs of cats told them from real ones in 0.50 of the cases, on patches in 0.94).

The classifier tells the classes apart, and as one class more corrupted rows: half of their
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

from further.evaluate.generation.patches import PatchFeatures

Floats = NDArray[np.floating[Any]]

HIDDEN_LAYERS = (128, 32)
EPOCHS = 30
COMPONENTS = 32
# Of kinds of patches. More of them drown the shape in the texture: with 32, noise of a fiftieth of
# the range on real pictures cost a third of the coverage, with 8 a tenth.
PATCH_COMPONENTS = 8
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
    shape : tuple of int, optional
        ``(channels, height, width)`` of pictures.

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

    def __init__(
        self,
        x: Floats,
        y: NDArray[np.integer[Any]] | None,
        seed: int,
        shape: tuple[int, ...] | None = None,
    ) -> None:
        rows = np.asarray(x, dtype=np.float64)
        if len(rows) > MOST_ROWS:
            chosen = np.random.default_rng(seed).choice(len(rows), MOST_ROWS, replace=False)
            rows, y = rows[chosen], None if y is None else y[chosen]
        labelled = y is not None and len(np.unique(y)) > 1
        self._plane: _Plane | None = None
        self._classifier: MLPClassifier | None = None
        inside: Floats = rows
        outside: Floats | None = None
        if not labelled or rows.shape[1] > WIDEST_INPUT:
            self._plane = _Plane(rows, REDUCED_INPUT if labelled else COMPONENTS, seed)
            inside, outside = self._plane(rows)
        spread_inside = float(inside.var(axis=0).sum())
        size = inside.shape[1]
        self._patches: _PatchComponents | None = None
        if shape is not None and rows.shape[1] > WIDEST_INPUT and (not labelled or shape[0] > 1):
            self._patches = _PatchComponents(rows, shape, seed)
            self._inside_scale = _spread(inside)
            inside = self._beside_patches(inside, rows)
        if labelled and y is not None:
            self._centre, self._input_scale = inside.mean(axis=0), _spread(inside)
            self._classifier = self._train(inside, y, seed)
            inside = self._penultimate(inside)
            size = inside.shape[1]
        self._scale = _spread(inside)
        # The distance from the plane keeps its proportion to the spread within, which the
        # classifier's values stand for.
        self._outside_scale = float(np.sqrt(spread_inside / size)) or 1.0
        self.size = inside.shape[1] + (outside is not None)
        self.name = self._describe(len(rows))

    def __call__(self, x: Floats) -> Floats:
        """Return the features of rows of raw values, shape (n, size).

        They are scaled as a whole, so that the training rows' features have a variance of 1 on
        average.
        """
        inside: Floats = np.asarray(x, dtype=np.float64)
        outside: Floats | None = None
        if self._plane is not None:
            inside, outside = self._plane(inside)
        inside = self._beside_patches(inside, np.asarray(x, dtype=np.float64))
        if self._classifier is not None:
            inside = self._penultimate(inside)
        features = inside / self._scale
        if outside is not None:
            features = np.column_stack([features, outside / self._outside_scale])
        return features

    def detailed(self, x: Floats, features: Floats) -> Floats:
        """Return more features than distances can use, for a classifier, which weighs them.

        Parameters
        ----------
        x : ndarray of shape (n, d)
            Raw values.
        features : ndarray of shape (n, size)
            Their features.

        Returns
        -------
        ndarray of shape (n, more)
            The features, with the share of each kind of patch where pictures are looked at so.
        """
        if self._patches is None:
            return features
        return np.column_stack([features, self._patches.kinds(np.asarray(x, dtype=np.float64))])

    def _beside_patches(self, inside: Floats, rows: Floats) -> Floats:
        if self._patches is None:
            return inside
        return np.column_stack([inside / self._inside_scale, self._patches(rows)])

    def _train(self, inside: Floats, y: NDArray[np.integer[Any]], seed: int) -> MLPClassifier:
        classifier = MLPClassifier(
            HIDDEN_LAYERS,
            max_iter=EPOCHS,
            alpha=1e-3,
            batch_size=min(128, len(inside)),
            learning_rate_init=3e-3,
            random_state=seed,
        )
        corrupted = _corrupt(inside, np.random.default_rng(seed))
        inputs = (np.concatenate([inside, corrupted]) - self._centre) / self._input_scale
        with warnings.catch_warnings():
            # The number of epochs is fixed on purpose.
            warnings.simplefilter("ignore", ConvergenceWarning)
            return classifier.fit(inputs, np.concatenate([y, np.full(len(corrupted), y.max() + 1)]))

    def _penultimate(self, inside: Floats) -> Floats:
        classifier = self._classifier
        values = (inside - self._centre) / self._input_scale
        if classifier is not None:
            for weights, intercept in zip(
                classifier.coefs_[:-1], classifier.intercepts_[:-1], strict=True
            ):
                values = np.maximum(values @ weights + intercept, 0.0)
        return values

    def _describe(self, rows: int) -> str:
        on = "the training rows" if rows < MOST_ROWS else f"{rows:,} training rows"
        plane = "" if self._plane is None else f"{self._plane.size} principal components"
        beside = ""
        if self._plane is not None and self._plane.leaves_out:
            beside = ", and the distance from these components"
        if self._patches is not None:
            plane += f" and {self._patches.size} components of kinds of patches"
        if self._classifier is None:
            return f"{plane} of {on}{beside}"
        layers = " and ".join(str(width) for width in HIDDEN_LAYERS)
        return (
            f"penultimate layer ({HIDDEN_LAYERS[-1]} values) of a classifier"
            f"{' of ' if plane else ''}{plane} with hidden layers of {layers}, trained on {on} to "
            f"tell their classes apart and from corrupted rows{beside}"
        )


class _PatchComponents:
    """Principal components of the patch features, each of variance 1 on the training rows."""

    def __init__(self, rows: Floats, shape: tuple[int, ...], seed: int) -> None:
        self.kinds = PatchFeatures(rows, shape, seed)
        features = self.kinds(rows)
        self.size = min(PATCH_COMPONENTS, *features.shape)
        self._components = PCA(self.size, whiten=True, random_state=seed).fit(features)

    def __call__(self, rows: Floats) -> Floats:
        components: Floats = self._components.transform(self.kinds(rows))
        return components


class _Plane:
    """Principal components, and the distance of a row from the plane that they span."""

    def __init__(self, rows: Floats, most: int, seed: int) -> None:
        self.size = min(most, *rows.shape)
        self.leaves_out = self.size < rows.shape[1]
        solver = "randomized" if 4 * self.size < min(rows.shape) else "full"
        self._components = PCA(self.size, svd_solver=solver, random_state=seed)
        with np.errstate(invalid="ignore"):  # rows that do not vary have no explained share
            self._components.fit(rows)

    def __call__(self, rows: Floats) -> tuple[Floats, Floats | None]:
        """Return coordinates in the plane, and the distance from it where it leaves values out."""
        inside = self._components.transform(rows)
        if not self.leaves_out:
            return inside, None
        return inside, np.linalg.norm(rows - self._components.inverse_transform(inside), axis=1)


def _corrupt(rows: Floats, rng: np.random.Generator) -> Floats:
    """Replace half of the values by those that other rows have in the same column."""
    shuffled = rng.permuted(rows, axis=0)
    return np.where(rng.random(rows.shape) < 0.5, shuffled, rows)


def _spread(values: Floats) -> float:
    """Return the root of the mean variance; 1 where nothing varies."""
    return float(np.sqrt(values.var(axis=0).mean())) or 1.0
