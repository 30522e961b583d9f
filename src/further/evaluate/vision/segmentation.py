r"""A class for each pixel: overlap by class, balanced accuracy, and how well borders are met.

With :math:`n_{jk}` pixels of class j that were taken for class k, summed over pictures with their
weights,

.. math:: \mathrm{IoU}_k = \frac{n_{kk}}{\sum_j n_{jk} + \sum_j n_{kj} - n_{kk}}, \qquad
          \mathrm{Dice}_k = \frac{2 n_{kk}}{\sum_j n_{jk} + \sum_j n_{kj}}, \qquad
          \text{balanced accuracy} = \frac1K \sum_k \frac{n_{kk}}{\sum_j n_{kj}},

averaged over the K classes that occur in the true masks. Of a border, the pixels of a class beside
one of another class, precision is the share of the predicted one that lies within a tolerance of
the true one, recall the share of the true one within the tolerance of the predicted one, and

.. math:: \text{boundary } F_k = \frac{2 P_k R_k}{P_k + R_k}.

The tolerance is 0.75 % of the diagonal of the pictures unless it is given. The edge of a picture is
no border, and what lies beyond it, where pictures differ in size, is not judged.

References
----------
Everingham et al. 2010, "The PASCAL visual object classes (VOC) challenge". Csurka et al. 2013,
"What is a good evaluation measure for semantic segmentation?". Perazzi et al. 2016, "A benchmark
dataset and evaluation methodology for video object segmentation" (the tolerance).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from further.data.target import Mask
from further.errors import InputError
from further.evaluate.estimate import Score
from further.evaluate.interval import score_from_resamples
from further.evaluate.vision.cells import cell_scores, interior_labels
from further.evaluate.vision.detection import DRAWS, SHARE
from further.evaluate.vision.errors import MOST_PICTURES
from further.evaluate.vision.record import MatchedConfusion, WorstPicture

Floats = NDArray[np.floating[Any]]
#: The tolerance of borders as a share of the diagonal.
TOLERANCE = 0.0075
BY_CLASS = ("iou", "dice", "boundary_f")


@dataclass(frozen=True, eq=False)
class MaskPredictions:
    """A predicted class for each pixel of held-out pictures, beside the true one.

    When to use: :meth:`scores` has the figures with their intervals, by resampling pictures. When
    it fails: pixels of one picture depend on each other, so three pictures of a million pixels are
    still three; and a mean over classes gives a class of a few pixels the weight of the sky.
    """

    truth: Annotated[Mask, "What is there."]
    predicted: Annotated[Mask, "What was said."]
    sizes: Annotated[
        NDArray[np.int64] | None, "Width and height of each picture, where they differ, (n, 2)."
    ] = None
    ignored: Annotated[tuple[str, ...], "Classes whose true pixels are not judged."] = ()
    tolerance: Annotated[int | None, "Of borders, in pixels; None: from the diagonal."] = None
    groups: Annotated[ArrayLike | None, "Pictures that depend on each other, (n,)."] = None
    seed: Annotated[
        int, "The same seed resamples the same pictures, so that models are paired."
    ] = 0

    def __post_init__(self) -> None:
        if self.truth.codes.shape != self.predicted.codes.shape:
            raise InputError(
                f"The true masks have the shape {self.truth.codes.shape} and the predicted ones "
                f"{self.predicted.codes.shape}; give both of the same pictures and size."
            )
        if self.truth.names != self.predicted.names:
            raise InputError(
                f"The classes of the truth are {', '.join(self.truth.names)} and those of the "
                f"prediction {', '.join(self.predicted.names)}; give the same, in the same order."
            )
        strange = set(self.ignored) - set(self.truth.names)
        if strange:
            raise InputError(
                f"ignored names {', '.join(sorted(strange))}, which is no class; the classes are "
                f"{', '.join(self.truth.names)}."
            )

    @cached_property
    def border_tolerance(self) -> int:
        """The tolerance of borders in pixels."""
        if self.tolerance is not None:
            return self.tolerance
        return max(1, round(TOLERANCE * math.hypot(*self.truth.codes.shape[1:])))

    def picture(self, row: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the true and the predicted mask of one picture, without what lies beyond it.

        Parameters
        ----------
        row : int
            Which.

        Returns
        -------
        tuple of array of shape (height, width)
            Codes.
        """
        width, height = (None, None) if self.sizes is None else map(int, self.sizes[row])
        window = (row, slice(height), slice(width))
        return self.truth.codes[window], self.predicted.codes[window]

    @cached_property
    def counts(self) -> NDArray[np.int64]:
        """Pixels of each true class taken for each, picture by picture, (n, classes, classes)."""
        k = len(self.truth.names)
        left_out = [self.truth.names.index(name) for name in self.ignored]
        found = np.zeros((len(self.truth.codes), k, k), dtype=np.int64)
        for row, counts in enumerate(found):
            true, said = self.picture(row)
            pairs = true.ravel().astype(np.int64) * k + said.ravel()
            counts += np.bincount(pairs, minlength=k * k).reshape(k, k)
        found[:, left_out] = 0
        return found

    @cached_property
    def borders(self) -> Floats:
        """Border pixels by picture and class: predicted, of them near, true, of them near."""
        n, k = len(self.truth.codes), len(self.truth.names)
        left_out = [self.truth.names.index(name) for name in self.ignored]
        found = np.zeros((n, k, 4))
        for row in range(n):
            true, said = self.picture(row)
            judged = ~np.isin(true, left_out)
            edges = _edges(said) & judged, _edges(true) & judged
            for code in np.union1d(np.unique(true), np.unique(said)):
                a, b = edges[0] & (said == code), edges[1] & (true == code)
                near = _within(b, self.border_tolerance), _within(a, self.border_tolerance)
                found[row, code] = a.sum(), (a & near[0]).sum(), b.sum(), (b & near[1]).sum()
        return found

    @cached_property
    def _every(self) -> dict[str, Score | None]:
        """Figures from one resampling; those of classes are called ``metric/class``."""
        n, k = len(self.truth.codes), len(self.truth.names)
        pixels, borders = self.counts.reshape(n, -1), self.borders.reshape(n, -1)

        def figures(weights: Floats) -> Floats:
            of = (weights @ pixels).reshape(k, k)
            right, true, said = np.diag(of), of.sum(axis=1), of.sum(axis=0)
            occurs = true > 0
            iou = _share(right, true + said - right, occurs)
            dice = _share(2 * right, true + said, occurs)
            border = (weights @ borders).reshape(k, 4).T
            # 2PR/(P+R) with P = a/A and R = b/B is 2ab/(aB + bA).
            f = _share(2 * border[1] * border[3], border[1] * border[2] + border[3] * border[0],
                       occurs & (border[2] > 0), empty=0.0)  # fmt: skip
            means = [_mean(iou), _mean(dice), _mean(_share(right, true, occurs)), _mean(f)]
            return np.concatenate([means, iou, dice, f])

        found = score_from_resamples(
            figures, n, groups=self.groups, seed=self.seed, limits=SHARE, draws=DRAWS,
            detail={"tolerance": self.border_tolerance},
        )  # fmt: skip
        names = ["mean_iou", "dice", "balanced_accuracy", "boundary_f"]
        names += [f"{metric}/{name}" for metric in BY_CLASS for name in self.truth.names]
        return {
            name: score if math.isfinite(score.value) else None
            for name, score in zip(names, found, strict=True)
        }

    def scores(self) -> dict[str, Score | None]:
        """Return the scores by metric; None where one is not defined.

        Of two classes the last is the interior of cells, whose connected components are compared
        too: see :mod:`further.evaluate.vision.cells`.
        """
        found = {name: score for name, score in self._every.items() if "/" not in name}
        for name in ("mean_iou", "dice", "balanced_accuracy"):
            if (score := found[name]) is not None:
                score.detail.pop("tolerance", None)
        if len(self.truth.names) != 2:
            return found | {"adapted_rand_error": None, "variation_of_information": None}
        pairs = [self.picture(row) for row in range(len(self.truth.codes))]
        labels = [(interior_labels(true == 1), interior_labels(said == 1)) for true, said in pairs]
        return found | cell_scores(labels, groups=self.groups, seed=self.seed)

    def scores_by_class(self) -> dict[str, dict[str, Score | None]]:
        """Return IoU, Dice and boundary F by class, by metric; None where a class is absent."""
        return {
            metric: {name: self._every[f"{metric}/{name}"] for name in self.truth.names}
            for metric in BY_CLASS
        }

    def confusion(self) -> MatchedConfusion:
        """Return how many pixels of each class were taken for each."""
        counts = self.counts.sum(axis=0).tolist()
        return MatchedConfusion("pixels", self.truth.names, tuple(map(tuple, counts)))

    def worst_pictures(
        self,
        *,
        rows: Sequence[int] | NDArray[np.integer] | None = None,
        files: Sequence[str] | NDArray[Any] | None = None,
        most: int = MOST_PICTURES,
    ) -> tuple[WorstPicture, ...]:
        """Return the pictures with the largest share of wrong pixels.

        Parameters
        ----------
        rows, files : sequence of length n, optional
            The row in the data set and the file of each picture.
        most : int, default=20
            How many to return.

        Returns
        -------
        tuple of WorstPicture
            The worst first; none without an error.
        """
        judged = self.counts.sum(axis=(1, 2))
        right = np.trace(self.counts, axis1=1, axis2=2)
        wrong = 1 - right / np.maximum(judged, 1)
        order = [int(i) for i in np.argsort(-wrong, kind="stable")[:most] if judged[i] > right[i]]
        return tuple(
            WorstPicture(
                i if rows is None else int(rows[i]),
                "" if files is None else str(files[i]),
                value=float(wrong[i]),
            )
            for i in order
        )


def _edges(codes: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return the pixels with one of another class above, below, left or right."""
    found = np.zeros(codes.shape, dtype=bool)
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        differ = codes[one] != codes[other]
        found[one] |= differ
        found[other] |= differ
    return found


def _within(border: NDArray[np.bool_], tolerance: int) -> NDArray[np.bool_]:
    """Return the pixels within a distance of a border: a disc is painted at each of its few."""
    side = np.arange(-tolerance, tolerance + 1)
    y, x = np.nonzero(side[:, None] ** 2 + side**2 <= tolerance**2)
    near = np.zeros(np.add(border.shape, 2 * tolerance), dtype=bool)
    rows, columns = np.nonzero(border)
    near[rows[:, None] + y, columns[:, None] + x] = True
    height, width = border.shape
    return near[tolerance : tolerance + height, tolerance : tolerance + width]


def _share(part: Floats, whole: Floats, where: Any, empty: float = math.nan) -> Floats:
    """Return shares, NaN but where they are asked for, and ``empty`` of nothing."""
    found = np.where(where, empty, math.nan)
    return np.divide(part, whole, out=found, where=where & (whole > 0))


def _mean(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan
