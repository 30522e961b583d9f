"""What is the same for all detectors whose network predicts boxes with scores."""

from __future__ import annotations

from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.target import Boxes
from further.train.batch import Batch
from further.train.parameters import hyperparameters
from further.vision.augmentation import as_float
from further.vision.boxes import suppress
from further.vision.network import VisionNetwork
from further.vision.pictures import as_pictures, picture_sizes

#: Of a picture: boxes that suppression looks at, and those that stay at most.
MOST_CANDIDATES, MOST_BOXES = 1000, 100
#: No box of a lower score is looked at.
LEAST_SCORE = 1e-3
#: The network's longer side, if it is to be chosen, lies between these; the smaller objects (a
#: tenth of them are smaller) are to be so many pixels large.
SIDES, SMALL_OBJECT, SMALL_SHARE = (160, 640), 20, 0.1
#: Pictures that pass through the network at a time.
AT_A_TIME = 8


class Raw(NamedTuple):
    """Predictions of n pictures before suppression.

    Attributes
    ----------
    boxes : Tensor of shape (n, p, 4)
        In pixels of the network.
    logits : Tensor of shape (n, p, classes)
        Of the scores.
    centres, sides : Tensor of shape (p, 2)
        Of the cell that each belongs to.
    """

    boxes: Tensor
    logits: Tensor
    centres: Tensor
    sides: Tensor


@hyperparameters
class Detector(VisionNetwork):
    """A network that puts boxes around objects.

    Parameters
    ----------
    size : int or "auto", default="auto"
        The longer side of pictures as the network sees them, in pixels.
    overlap : float
        The IoU with a box of higher score above which a box is a duplicate.
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.
    """

    finds: ClassVar[str] = "boxes"
    size: int | str = "auto"
    overlap: float = 0.6
    threshold_: float = 0.25
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **VisionNetwork._parameter_constraints,
        "size": [StrOptions({"auto"}), Interval(Integral, 32, None, closed="left")],
    }

    def longest_side(self, dataset: Dataset) -> int:
        """Return the longer side of pictures as the network sees them, in pixels."""
        if self.size != "auto":
            return int(self.size)
        longest = int(picture_sizes(dataset).max())
        assert isinstance(dataset.target, Boxes)
        sides = dataset.target.corners[:, 2:] - dataset.target.corners[:, :2]
        small = float(np.quantile(sides.min(axis=1), SMALL_SHARE)) if len(sides) else SMALL_OBJECT
        wanted = longest * SMALL_OBJECT / max(small, 1.0)
        chosen = int(np.clip(np.ceil(wanted / 32) * 32, *SIDES))
        self.notes_.append(
            f"Pictures are seen {chosen} pixels wide or high (size): a tenth of the objects are "
            f"smaller than {small:.0f} of {longest} pixels."
        )
        return chosen

    def window_side(self) -> int:
        """Return the side of the square windows of pictures in which it trains."""
        side = float(np.sqrt(np.prod(self.spec_.shape[1:])))
        return max(64, int(side // 32 * 32))

    def _encoded(self, dataset: Dataset) -> dict[str, np.ndarray]:
        encoded = super()._encoded(dataset)
        scales = self.encoding_.scales(dataset).astype(np.float32)
        encoded["boxes"] = encoded["boxes"] * scales[:, None, None]
        return encoded

    def predict(self, X: Any, *, threshold: float | None = None) -> Boxes:
        """Return the boxes that are found in pictures, with scores.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.
        threshold : float, optional
            The least score; default: ``threshold_``. 0 for all that there are, as figures over all
            thresholds need them.

        Returns
        -------
        Boxes
            In pixels of the pictures, of each picture the highest score first.
        """
        least = self.threshold_ if threshold is None else threshold
        dataset = as_pictures(X)
        scales, sizes = self.encoding_.scales(dataset), picture_sizes(dataset)
        parts: list[Boxes] = []
        with torch.no_grad(), self.execution_.active():
            for start in range(0, len(dataset), AT_A_TIME):
                rows = np.arange(start, min(start + AT_A_TIME, len(dataset)))
                x = torch.from_numpy(self.encoding_.encode(dataset.take(rows)))
                batch = self.execution_.place_batch(Batch(x=x))
                raw = self.net_(as_float(batch.x))
                parts.append(self.boxes_of(raw, scales[rows], sizes[rows], least))
        return joined(parts)

    def boxes_of(self, raw: Raw, scales: np.ndarray, sizes: np.ndarray, least: float) -> Boxes:
        """Return what is left of predictions after suppression.

        Parameters
        ----------
        raw : Raw
            Of n pictures.
        scales : array of shape (n,)
            By how much the pictures were scaled.
        sizes : array of shape (n, 2)
            Width and height of the pictures that were given.
        least : float
            The least score.

        Returns
        -------
        Boxes
            In pixels of the pictures that were given.
        """
        n, p, n_classes = raw.logits.shape
        scores = raw.logits.sigmoid().flatten(1)
        k = min(MOST_CANDIDATES, p * n_classes)
        top, order = scores.topk(k, dim=1)
        classes = order % n_classes
        row = torch.arange(n, device=top.device)[:, None]
        boxes = raw.boxes[row, order // n_classes]
        top = torch.where(top >= max(least, LEAST_SCORE), top, 0.0)
        keep = suppress(boxes, top, classes, self.overlap)
        keep &= keep.cumsum(dim=1) <= MOST_BOXES
        corners = (boxes.cpu().numpy() / scales[:, None, None]).astype(np.float32)
        limits = np.tile(sizes, 2)[:, None].astype(np.float32)
        corners = np.clip(corners, 0, limits)
        kept = keep.cpu().numpy()
        return Boxes(
            "boxes", kept.sum(axis=1).astype(np.int64), classes.cpu().numpy()[kept].astype(np.int64),
            tuple(self.names_), corners[kept], top.cpu().numpy()[kept].astype(np.float32),
        )  # fmt: skip


def joined(parts: list[Boxes]) -> Boxes:
    """Return the boxes of pictures that were predicted in parts."""
    return Boxes(
        parts[0].name,
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.codes for part in parts]),
        parts[0].names,
        np.concatenate([part.corners for part in parts]),
        np.concatenate([part.scores for part in parts if part.scores is not None]),
    )
