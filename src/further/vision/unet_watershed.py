r"""U-Net with watershed: objects that touch, told apart by what lies inside them.

The network learns three kinds of pixel, background b, the border of an object and its interior (one
for each class k), where the interior is what is farther than d from the object's edge,

.. math:: \mathrm{interior}(O) = \{x \in O : \min_{y \notin O} \lVert x - y \rVert >
          \min(d, \tfrac12 \max_O)\},

with :math:`\max_O` the largest such distance in O, so that no object is without one. Interiors of
neighbours should not touch, but where the network has doubts they do. So what tells objects apart
is their shape too: with :math:`d(x)` how far a pixel of probable interior is from all others,
smoothed, the seeds are the maxima of :math:`\log d` that stand higher than :math:`-\log \nu` above
the pass to a higher one (h-maxima, Soille 2003): two parts are one object unless the neck between
them is narrower than :math:`\nu` times the thinner part. Water that rises from the seeds over
:math:`-(d + p_\mathrm{interior})` fills the foreground, :math:`p_b < 1/2`, until it meets. An
object's class is that of the largest mean probability in it, and its score the mean of
:math:`1 - p_b`.

References
----------
Beucher and Lantuéjoul 1979, "Use of watersheds in contour detection". Soille 2003, "Morphological
image analysis". Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018
Data Science Bowl".
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from further._sklearn import Interval
from further.data.target import Instances, Target
from further.train.parameters import hyperparameters
from further.vision.pictures import as_pictures
from further.vision.unet import UNet

#: Kinds of pixel; the interiors of the classes follow.
BACKGROUND, BORDER, INTERIOR = 0, 1, 2
#: How far borders reach into an object, in pixels.
BORDER_WIDTH = 2.0
#: A pixel of a seed is probably interior, and one of an object probably no background.
PROBABLE = 0.5
#: An object has more pixels than that, or it is none.
LEAST_AREA = 10
#: Distances are smoothed by this deviation in pixels, and one below the least counts as that.
SMOOTHED, LEAST_DISTANCE = 1.0, 0.3


@hyperparameters
class UNetWatershed(UNet):
    """U-Net that separates objects by watershed.

    Use it for many objects of compact shape that touch but do not overlap, such as nuclei: it is
    the simpler rival of Mask R-CNN, learns from some ten pictures, and takes as long for a thousand
    objects as for one. It fails where objects overlap or are cut into parts by others, and where
    they are thinner than their borders.

    Parameters
    ----------
    class_weights : "balanced", sequence of float or None, default=None
        Weights in the cross-entropy of background, border and the interior of each class;
        "balanced" in inverse proportion to their pixels.
    augmentation : {"turn", "mirror", "shift", "none"}, default="turn"
        What happens to windows while training; "turn" turns and mirrors them in all eight ways, as
        under a microscope, "mirror" left to right only.
    neck : float, default=0.9
        An object with a neck narrower than this share of the thinner of its parts is taken for two;
        0 leaves connected interiors together, as objects of branched shape need.
    width, depth, patch, up, loss, backbone, channels, weights, trainable
        See :class:`~further.vision.unet.UNet`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    names_ : tuple of str
        The classes of objects.
    notes_ : list of str
        What it decided for itself, in sentences.

    References
    ----------
    Caicedo et al. 2019, "Nucleus segmentation across imaging experiments: the 2018 Data Science
    Bowl".

    Examples
    --------
    >>> import numpy as np
    >>> from further.data.target import Instances
    >>> from further.vision.unet_watershed import UNetWatershed
    >>> objects = np.zeros((6, 2, 32, 32), dtype=bool)
    >>> objects[:, 0, 4:14, 4:28] = objects[:, 1, 16:28, 4:28] = True
    >>> pictures = (objects.any(axis=1) * 200).astype(np.uint8)
    >>> model = UNetWatershed(budget="3 epochs", precision="float32", random_state=0)
    >>> found = model.fit(pictures, Instances.pack(list(objects))).predict(pictures[:1])
    >>> found.kind, len(found.counts)
    ('instances', 1)
    """

    finds: ClassVar[str] = "instances"

    augmentation: str = "turn"
    neck: float = 0.9

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **UNet._parameter_constraints,
        "neck": [Interval(Real, 0, 1, closed="left")],
    }

    def pixel_names(self) -> tuple[str, ...]:
        """Return background, border, and the interiors of the classes."""
        return ("background", "border", *(f"interior of {name}" for name in self.names_))

    def pixel_classes(self, target: Target, row: int) -> NDArray[np.uint8]:
        """Return the kind of each pixel of a picture; see there."""
        assert isinstance(target, Instances)
        return borders_and_interiors(target.masks(row), target.codes[target.of_row(row)])

    def predict(self, X: Any) -> Instances:
        """Return the objects of pictures, with scores.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Instances
            In pixels of the pictures, of each picture the highest score first.
        """
        dataset = as_pictures(X)
        height, width = dataset.values.shape[2:]
        return instances_of(
            self._probabilities(dataset), self.names_, (height, width), neck=self.neck
        )


def borders_and_interiors(masks: NDArray[np.bool_], codes: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the kind of each pixel, given the masks of objects.

    Parameters
    ----------
    masks : array of shape (objects, height, width), bool
        Where objects overlap, the last one counts.
    codes : array of shape (objects,), int64
        Their classes.

    Returns
    -------
    array of shape (height, width), uint8
        0 for background, 1 for borders, 2 + k for the interior of an object of class k.

    Examples
    --------
    >>> masks = np.zeros((1, 7, 8), dtype=bool)
    >>> masks[0, 1:, 1:7] = True
    >>> borders_and_interiors(masks, np.array([0]))[3].tolist()
    [0, 1, 2, 2, 2, 2, 1, 0]
    """
    from scipy.ndimage import distance_transform_edt, find_objects

    out = np.full(masks.shape[1:], BACKGROUND, dtype=np.uint8)
    for mask, code in zip(masks, codes, strict=True):
        found = find_objects(mask.astype(np.uint8))
        if not found:
            continue
        # A pixel more on all sides: beyond the box, and the picture, nothing is of the object.
        distance = distance_transform_edt(np.pad(mask[found[0]], 1))[1:-1, 1:-1]
        inner = distance > min(BORDER_WIDTH, distance.max() / 2)
        part = out[found[0]]
        part[mask[found[0]]] = BORDER
        part[inner] = INTERIOR + code
    return out


def instances_of(
    probabilities: Iterable[NDArray[np.floating[Any]]],
    names: Sequence[str] = ("object",),
    shape: tuple[int, int] | None = None,
    *,
    neck: float = 0.9,
) -> Instances:
    """Return the objects that are seen in probabilities of background, border and interiors.

    Parameters
    ----------
    probabilities : iterable of arrays of shape (2 + classes, height, width)
        One for each picture.
    names : sequence of str
        The classes of objects.
    shape : tuple of int, optional
        Height and width that hold every picture; by default those of the first.
    neck : float, default=0.9
        See :class:`UNetWatershed`.

    Returns
    -------
    Instances
        With scores, of each picture the highest first.

    Examples
    --------
    >>> p = np.zeros((3, 12, 20))
    >>> p[0], p[2, 2:10, 2:9], p[2, 2:10, 11:18] = 1, 1, 1
    >>> p[0, 2:10, 2:18], p[1, 2:10, 9:11] = 0, 1
    >>> found = instances_of([p])
    >>> found.counts.tolist(), found.masks(0).sum(axis=(1, 2)).tolist()
    ([2], [64, 64])
    """
    counts, codes, scores, packed = [], [], [], []
    for p in probabilities:
        shape = shape or (p.shape[1], p.shape[2])
        of_picture = _objects(p, neck)
        counts.append(len(of_picture))
        for score, code, mask in sorted(of_picture, key=lambda found: -found[0]):
            whole = np.zeros(shape, dtype=bool)
            whole[: mask.shape[0], : mask.shape[1]] = mask
            packed.append(np.packbits(whole, axis=1))
            codes.append(code)
            scores.append(score)
    height, width = shape or (0, 0)
    empty = np.zeros((0, height, -(-width // 8)), dtype=np.uint8)
    return Instances(
        "objects", np.array(counts, dtype=np.int64), np.array(codes, dtype=np.int64), tuple(names),
        np.stack(packed) if packed else empty, width, np.array(scores, dtype=np.float32),
    )  # fmt: skip


def _objects(
    p: NDArray[np.floating[Any]], neck: float
) -> list[tuple[float, int, NDArray[np.bool_]]]:
    """Return score, class and mask of each object of a picture."""
    from scipy.ndimage import distance_transform_edt, find_objects, gaussian_filter
    from skimage.measure import label
    from skimage.morphology import h_maxima
    from skimage.segmentation import watershed

    foreground, interior = 1 - p[BACKGROUND], p[INTERIOR:].sum(axis=0)
    there = foreground > PROBABLE
    inner = (interior > PROBABLE) & there
    # A pixel more on all sides: beyond the picture nothing is interior.
    distance = distance_transform_edt(np.pad(inner, 1))[1:-1, 1:-1]
    distance = gaussian_filter(distance, SMOOTHED)
    if neck:
        heights = np.log(np.maximum(distance, LEAST_DISTANCE))
        tops = (h_maxima(heights, -np.log(neck)) > 0) & inner
        # Parts too flat for a maximum are seeds as they are: none is lost.
        seeds, parts = label(tops, connectivity=2), label(inner, connectivity=1)
        flat = inner & ~np.isin(parts, parts[tops])
        seeds[flat] = seeds.max() + parts[flat]
    else:
        seeds = label(inner, connectivity=1)
    basins = watershed(-(distance + interior), seeds, mask=there)
    found = []
    for number, box in enumerate(find_objects(basins), start=1):
        if box is None:
            continue
        inside = basins[box] == number
        if inside.sum() <= LEAST_AREA:
            continue
        mask = np.zeros(basins.shape, dtype=bool)
        mask[box] = inside
        code = int(p[INTERIOR:, *box][:, inside].mean(axis=1).argmax())
        found.append((float(foreground[box][inside].mean()), code, mask))
    return found
