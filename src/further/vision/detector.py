"""What is the same for all detectors whose network predicts boxes with scores."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.target import NO_CLASS, Boxes
from further.evaluate.vision.detection import ObjectPredictions, average_precision
from further.evaluate.vision.thresholds import best_score
from further.train.batch import Batch
from further.train.parameters import hyperparameters
from further.train.validation import Validation
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
SIDES, SMALL_OBJECT, SMALL_SHARE = (128, 640), 20, 0.1
#: The least score of a box where no held-out pictures have chosen one.
USUAL_THRESHOLD = 0.25
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


class Stages(NamedTuple):
    """How one picture comes to its boxes, in pixels of the picture.

    Attributes
    ----------
    cells : array of shape (cells, 4)
        The corners of the cells of all grids.
    raw, kept, suppressed : Boxes
        Boxes from the threshold on, those that stay, and those that were duplicates of one.
    """

    cells: np.ndarray
    raw: Boxes
    kept: Boxes
    suppressed: Boxes


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
        typical = np.sqrt(sides.prod(axis=1))  # of a square of the same area
        small = float(np.quantile(typical, SMALL_SHARE)) if len(sides) else SMALL_OBJECT
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

    @abstractmethod
    def losses(self, raw: Raw, boxes: Tensor, classes: Tensor) -> dict[str, Tensor]:
        """Return the loss of predictions, and its parts.

        Parameters
        ----------
        raw : Raw
            Of n pictures.
        boxes : Tensor of shape (n, m, 4)
            The true ones, padded.
        classes : Tensor of shape (n, m), int64
            -1 where nothing is.

        Returns
        -------
        dict of Tensor
            Scalars, the first of which is minimised.
        """

    def validation(self) -> Validation:
        """Return average precision and loss on held-out pictures."""
        return _BoxMetric(self)

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        super()._learn(dataset, validation, seed, **loop)
        if validation is None or not isinstance(validation.target, Boxes):
            self.threshold_ = USUAL_THRESHOLD
            return
        found = ObjectPredictions(validation.target, self.predict(validation, threshold=0.0))
        self.threshold_ = best_score(found) or USUAL_THRESHOLD
        self.notes_.append(
            f"A box counts from a score of {self.threshold_:.2f} on, which is best by F1 on the "
            f"{len(validation)} pictures that were held out of the training."
        )

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
        boxes, scores, classes = candidates(raw, least)
        keep = suppress(boxes, scores, classes, self.overlap)
        keep &= keep.cumsum(dim=1) <= MOST_BOXES
        return self._as_boxes(boxes, scores, classes, keep, scales, sizes)

    def _as_boxes(
        self,
        boxes: Tensor,
        scores: Tensor,
        classes: Tensor,
        keep: Tensor,
        scales: np.ndarray,
        sizes: np.ndarray,
    ) -> Boxes:
        """Return some of the boxes of pictures in the pixels that these had."""
        corners = boxes.cpu().numpy() / scales[:, None, None]
        corners = np.clip(corners, 0, np.tile(sizes, 2)[:, None])
        kept = keep.cpu().numpy()
        return Boxes(
            "boxes",
            kept.sum(axis=1).astype(np.int64),
            classes.cpu().numpy()[kept].astype(np.int64),
            tuple(self.names_),
            corners[kept].astype(np.float32),
            scores.cpu().numpy()[kept].astype(np.float32),
        )

    def stages(self, X: Any) -> Stages:
        """Return how a picture comes to its boxes: cells, raw boxes, what suppression removed.

        Parameters
        ----------
        X : as in :meth:`predict`
            One picture.

        Returns
        -------
        Stages
            In pixels of the picture.
        """
        dataset = as_pictures(X).take([0])
        scales, sizes = self.encoding_.scales(dataset), picture_sizes(dataset)
        with torch.no_grad(), self.execution_.active():
            x = torch.from_numpy(self.encoding_.encode(dataset))
            raw = self.net_(as_float(self.execution_.place_batch(Batch(x=x)).x))
        boxes, scores, classes = candidates(raw, self.threshold_)
        there = scores > 0
        kept = suppress(boxes, scores, classes, self.overlap)
        cells = torch.cat([raw.centres - raw.sides / 2, raw.centres + raw.sides / 2], dim=1)
        before, stay, removed = (
            self._as_boxes(boxes, scores, classes, which, scales, sizes)
            for which in (there, kept, there & ~kept)
        )
        return Stages(cells.unique(dim=0).cpu().numpy() / scales[0], before, stay, removed)


class _BoxMetric(Validation):
    """Average precision of the boxes of all rows, and the mean of their losses."""

    all_rows = True
    lower_is_better = False

    def __init__(self, detector: Detector) -> None:
        self.detector = detector

    def measure(
        self, net: nn.Module, batches: Iterable[Batch], generator: torch.Generator
    ) -> dict[str, float]:
        """Return AP, AP50 and the losses, in pixels of the network."""
        detector, sums, n = self.detector, dict[str, float](), 0
        truths, founds = [], []
        for batch in batches:
            rows = batch.n_rows
            raw = net(as_float(batch.x))
            sizes = np.tile(batch.x.shape[:1:-1], (rows, 1))
            founds.append(detector.boxes_of(raw, np.ones(rows), sizes, 0.0))
            truths.append(_unpadded(batch, detector.names_))
            losses = detector.losses(raw, batch["boxes"], batch["box_classes"])
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value) * rows
            n += rows
        if not n:
            return {}
        figures = average_precision(joined(truths), joined(founds))
        losses_of_all = {name: total / n for name, total in sums.items()}
        return {"ap": figures["ap"], "ap50": figures["ap50"], **losses_of_all}


def candidates(raw: Raw, least: float) -> tuple[Tensor, Tensor, Tensor]:
    """Return the boxes of each picture with the highest scores, the highest first.

    Parameters
    ----------
    raw : Raw
        Of n pictures.
    least : float
        The least score.

    Returns
    -------
    boxes, scores, classes : Tensor of shape (n, m, 4), (n, m) and (n, m)
        The score of what is below the least one is 0.
    """
    n, p, n_classes = raw.logits.shape
    scores, order = raw.logits.sigmoid().flatten(1).topk(min(MOST_CANDIDATES, p * n_classes), dim=1)
    row = torch.arange(n, device=order.device)[:, None]
    scores = torch.where(scores >= max(least, LEAST_SCORE), scores, 0.0)
    return raw.boxes[row, order // n_classes], scores, order % n_classes


def _unpadded(batch: Batch, names: Iterable[str]) -> Boxes:
    """Return the true boxes of a batch as a target."""
    codes = batch["box_classes"].cpu().numpy()
    there = codes != NO_CLASS
    corners = batch["boxes"].cpu().numpy()[there]
    return Boxes("boxes", there.sum(axis=1), codes[there], tuple(names), corners)


def joined(parts: list[Boxes]) -> Boxes:
    """Return the boxes of pictures that come in parts."""
    return Boxes(
        parts[0].name,
        np.concatenate([part.counts for part in parts]),
        np.concatenate([part.codes for part in parts]),
        parts[0].names,
        np.concatenate([part.corners for part in parts]),
        None if parts[0].scores is None else np.concatenate([part.scores for part in parts]),
    )
