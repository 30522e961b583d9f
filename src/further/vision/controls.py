"""Simple controls, which every model that finds something in pictures has to beat.

The mean box of each class in its usual place; the most frequent class of all pixels, or of each
place where that is right more often; and cells cut out of pictures by their brightness and their
shape alone. They learn from the training pictures, have the interface of every other estimator and
are judged like a model.

References
----------
Otsu 1979, "A threshold selection method from gray-level histograms". Beucher and Meyer 1993, "The
morphological approach to segmentation: the watershed transformation".
"""

from __future__ import annotations

import dataclasses
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.target import Boxes, Instances, Mask
from further.train.energy import EnergyMeter, cost_to_json
from further.train.estimator import DatasetEstimator
from further.train.parameters import hyperparameters
from further.vision.finder import Finder
from further.vision.pictures import ScaledPictures, as_pictures, picture_sizes

Flags = NDArray[np.bool_]

#: Where cells are: which side of Otsu's threshold, by name.
SIDES: dict[str, Callable[[Flags], Flags]] = {
    "brighter": lambda bright: bright,
    "darker": lambda bright: ~bright,
    "smaller": lambda bright: bright if bright.mean() < 0.5 else ~bright,
}
#: Pictures that decide on the side, at most.
PICTURES_TO_DECIDE = 50


@hyperparameters
class Control(Finder):
    """A simple method that learns a few numbers from the training pictures.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Unused: nothing is drawn.
    """

    held_out_share: ClassVar[float] = 0.0
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {
        **DatasetEstimator._entries,
        "encoding_": ScaledPictures.from_json,
    }
    random_state: int | np.random.RandomState | None = None

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return ScaledPictures.fit(dataset, multiple=1)

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        meter, start = EnergyMeter(), time.perf_counter()
        self.n_parameters_ = self._count(dataset)
        self.cost_ = cost_to_json(time.perf_counter() - start, meter.read())

    @abstractmethod
    def _count(self, dataset: Dataset) -> int:
        """Learn from the pictures and return how many numbers were learnt."""


@hyperparameters
class MeanBox(Control):
    """The mean box of each class, in every picture at the same place.

    Use it as the lower end of the scale of detectors: it knows where objects usually are and how
    large. It fails to look at the picture: it scores well only where one object of a class always
    lies in the same place.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Unused: nothing is drawn.

    Attributes
    ----------
    corners_ : array of shape (classes, 4)
        As shares of width and height.
    shares_ : array of shape (classes,)
        The share of the pictures that have the class, which is the score of its box.

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Boxes
    >>> corners = np.array([[0, 0, 4, 4], [2, 2, 6, 6]], dtype=np.float32)
    >>> boxes = Boxes("boxes", np.array([1, 1]), np.zeros(2, dtype=np.int64), ("cell",), corners)
    >>> X = np.zeros((2, 8, 8), dtype=np.uint8)
    >>> MeanBox().fit(X, boxes).predict(X[:1]).corners.tolist()
    [[1.0, 1.0, 5.0, 5.0]]
    """

    finds: ClassVar[str] = "boxes"

    def _count(self, dataset: Dataset) -> int:
        boxes = dataset.target
        assert isinstance(boxes, Boxes)
        pictures = np.repeat(np.arange(len(boxes.counts)), boxes.counts)
        relative = boxes.corners / np.tile(picture_sizes(dataset), 2)[pictures]
        own = [boxes.codes == k for k in range(len(boxes.names))]
        self.corners_ = np.array([
            relative[of_class].mean(axis=0) if of_class.any() else np.zeros(4) for of_class in own
        ])  # fmt: skip
        in_pictures = [len(np.unique(pictures[of_class])) for of_class in own]
        self.shares_ = np.array(in_pictures) / len(dataset)
        return int(5 * np.count_nonzero(self.shares_))

    def predict(self, X: Any) -> Boxes:
        """Return the mean box of each class that was seen, for each picture.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Boxes
            With scores, in pixels of the pictures.
        """
        sizes = picture_sizes(as_pictures(X))
        seen = np.flatnonzero(self.shares_)
        corners = self.corners_[seen] * np.tile(sizes, 2)[:, None]
        return Boxes(
            "boxes",
            np.full(len(sizes), len(seen)),
            np.tile(seen, len(sizes)),
            tuple(self.names_),
            corners.reshape(-1, 4).astype(np.float32),
            np.tile(self.shares_[seen], len(sizes)).astype(np.float32),
        )


@hyperparameters
class MajorityClass(Control):
    """The most frequent class of all pixels, or of each place where that is right more often.

    Use it as the lower end of the scale of segmentation: where nine pixels in ten are road, to say
    road is right for nine in ten. It fails to look at the picture. Places are told apart only where
    all pictures have one size; a picture of another size gets the most frequent class.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Unused: nothing is drawn.

    Attributes
    ----------
    majority_ : int
        The code of the most frequent class.
    places_ : array of shape (height, width) or None
        The most frequent class of each place; None where it is right less often, on training
        pictures that had no say in it.

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Mask
    >>> codes = np.tile(np.array([[0, 0, 1]], dtype=np.uint8), (3, 2, 1))
    >>> X = np.zeros((3, 2, 3), dtype=np.uint8)
    >>> MajorityClass().fit(X, Mask("mask", codes, ("sky", "road"))).predict(X[:1]).codes.tolist()
    [[[0, 0, 1], [0, 0, 1]]]
    """

    finds: ClassVar[str] = "mask"

    def _count(self, dataset: Dataset) -> int:
        mask = dataset.target
        assert isinstance(mask, Mask)
        k, sizes = len(mask.names), picture_sizes(dataset)
        of_picture = np.array([
            np.bincount(codes[:height, :width].ravel(), minlength=k)
            for codes, (width, height) in zip(mask.codes, sizes, strict=True)
        ])  # fmt: skip
        every = of_picture.sum(axis=0)
        self.majority_ = int(every.argmax())
        self.places_: NDArray[np.uint8] | None = None
        if len(dataset) < 2 or (sizes != sizes[0]).any():
            return 1
        places = np.stack([(mask.codes == code).sum(axis=0, dtype=np.int32) for code in range(k)])
        right = [0, 0]
        for codes, own in zip(mask.codes, of_picture, strict=True):
            without = places - (np.arange(k)[:, None, None] == codes)
            right[0] += int(own[(every - own).argmax()])
            right[1] += int((without.argmax(axis=0) == codes).sum())
        self.notes_.append(
            f"The most frequent class of all pixels is right for {right[0] / every.sum():.1%} of "
            f"those of a picture left out, that of each place for {right[1] / every.sum():.1%}."
        )
        if right[1] <= right[0]:
            return 1
        self.places_ = places.argmax(axis=0).astype(np.uint8)
        return int(self.places_.size)

    def predict(self, X: Any) -> Mask:
        """Return the class of each pixel.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Mask
            Of the size of the pictures.
        """
        dataset = as_pictures(X)
        shape = dataset.values.shape[2:]
        codes = np.full((len(dataset), *shape), self.majority_, dtype=np.uint8)
        if self.places_ is not None and self.places_.shape == shape and dataset.sizes is None:
            codes[:] = self.places_
        return Mask("mask", codes, tuple(self.names_))


@hyperparameters
class Watershed(Control):
    """Cells cut out by brightness, and apart from each other by their shape.

    Otsu's threshold divides the pixels of each picture into two; which side the cells are on, how
    far their centres lie apart and how small one may be is learnt from the training pictures. Of
    the side of the cells, the places farthest from its border are centres, and a watershed of the
    distance to the border divides it among them.

    Use it where cells are bright on dark or dark on bright: it often rivals networks there, in
    milliseconds. It fails on texture, on shadows across a picture, and where cells overlap far.

    Parameters
    ----------
    random_state : int, RandomState or None, default=None
        Unused: nothing is drawn.

    Attributes
    ----------
    side_ : {"brighter", "darker", "smaller"}
        The side of the threshold where cells are; "smaller" is the one with fewer pixels.
    apart_ : int
        The least distance of two centres in pixels.
    area_, least_area_ : float
        The median area of the training objects, and the area below which nothing is one.
    code_ : int
        The class that all objects are given, the most frequent one.

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Instances
    >>> X = np.zeros((2, 24, 24), dtype=np.uint8)
    >>> X[:, 3:11, 3:11] = X[:, 14:22, 14:22] = 200
    >>> masks = np.zeros((2, 24, 24), dtype=bool)
    >>> masks[0, 3:11, 3:11] = masks[1, 14:22, 14:22] = True
    >>> Watershed().fit(X, Instances.pack([masks, masks])).predict(X).counts.tolist()
    [2, 2]
    """

    finds: ClassVar[str] = "instances"

    def _count(self, dataset: Dataset) -> int:
        truth = dataset.target
        assert isinstance(truth, Instances)
        areas = np.bitwise_count(truth.packed).sum(axis=(1, 2), dtype=np.int64)
        areas = areas if len(areas) else np.array([1])
        self.area_ = float(np.median(areas))
        self.least_area_ = float(np.quantile(areas, 0.05) / 2)
        # Half of the radius of a disc of that area.
        self.apart_ = max(1, round(0.5 * float(np.sqrt(self.area_ / np.pi))))
        self.code_ = int(np.bincount(truth.codes, minlength=len(truth.names)).argmax())
        rows = np.unique(np.linspace(0, len(dataset) - 1, PICTURES_TO_DECIDE).astype(int))
        overlaps = dict.fromkeys(SIDES, 0.0)
        for row, grey in zip(rows, _brightness(dataset.take(rows)), strict=True):
            height, width = grey.shape
            cells = np.asarray(truth.masks(row).any(axis=0))[:height, :width]
            for name in SIDES:
                found = _foreground(grey, name)
                overlaps[name] += (found & cells).sum() / max(int((found | cells).sum()), 1)
        self.side_ = max(overlaps, key=lambda name: overlaps[name])
        return 5

    def predict(self, X: Any) -> Instances:
        """Return the cells of each picture.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Instances
            With scores from 0.5 to 1: how near the area of each is to that of a usual one.
        """
        dataset = as_pictures(X)
        height, width = dataset.values.shape[2:]
        found = []
        for grey in _brightness(dataset):
            labels = self._divide(_foreground(grey, self.side_))
            masks = np.zeros((int(labels.max(initial=0)), height, width), dtype=bool)
            for i, mask in enumerate(masks, 1):
                mask[: labels.shape[0], : labels.shape[1]] = labels == i
            area = masks.sum(axis=(1, 2))
            found.append(masks[area >= max(self.least_area_, 1)])
        area = np.concatenate([masks.sum(axis=(1, 2)) for masks in found])
        scores = (1 + np.minimum(area / self.area_, self.area_ / area)) / 2
        return dataclasses.replace(
            Instances.pack(found),
            codes=np.full(len(area), self.code_),
            names=tuple(self.names_),
            scores=scores.astype(np.float32),
        )

    def _divide(self, cells: Flags) -> NDArray[np.integer[Any]]:
        """Return which cell each pixel belongs to, 0 for none."""
        from skimage.feature import peak_local_max
        from skimage.segmentation import watershed

        # The edge of the picture is a border too, so that a cell it cuts has its centre inside.
        distance = ndimage.distance_transform_edt(np.pad(cells, 1))[1:-1, 1:-1]
        peaks = peak_local_max(distance, min_distance=self.apart_, exclude_border=False)
        markers = np.zeros(cells.shape, dtype=np.int64)
        markers[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        labels: NDArray[np.integer[Any]] = watershed(-distance, markers, mask=cells)
        return labels


def _brightness(dataset: Dataset) -> Iterator[NDArray[np.float64]]:
    """Yield the brightness of each picture, smoothed: single noisy pixels would be centres."""
    for row, (width, height) in enumerate(picture_sizes(dataset)):
        grey = np.asarray(dataset.values[row], dtype=np.float64).mean(axis=0)[:height, :width]
        yield ndimage.gaussian_filter(grey, 1.0)


def _foreground(grey: NDArray[np.float64], side: str) -> Flags:
    """Return the pixels on one side of Otsu's threshold; none of a picture of one brightness."""
    from skimage.filters import threshold_otsu

    if grey.min() == grey.max():
        return np.zeros(grey.shape, dtype=bool)
    return SIDES[side](grey > threshold_otsu(grey))
