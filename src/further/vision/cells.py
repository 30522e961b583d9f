"""What is the same for detectors whose cells predict boxes in one pass, of which some stay."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.train.batch import Batch
from further.train.parameters import hyperparameters
from further.vision.boxes import suppress
from further.vision.detector import LEAST_SCORE, Detector
from further.vision.pictures import as_pictures, picture_sizes

#: Of a picture: boxes that suppression looks at, and those that stay at most.
MOST_CANDIDATES, MOST_BOXES = 300, 100


class Raw(NamedTuple):
    """Predictions of n pictures before suppression.

    Attributes
    ----------
    boxes : Tensor of shape (n, p, 4)
        In pixels of the network.
    logits : Tensor of shape (n, p, classes)
        Of the scores.
    distances : Tensor of shape (n, p, 4, bins)
        Logits of the distance of each side from the centre of its cell, in cells.
    centres, sides : Tensor of shape (p, 2)
        Of the cell that each belongs to.
    """

    boxes: Tensor
    logits: Tensor
    distances: Tensor
    centres: Tensor
    sides: Tensor


class Stages(NamedTuple):
    """How one picture comes to its boxes, in pixels of the picture.

    Attributes
    ----------
    cells : Boxes
        The cells of all grids, each with the best score that it gives to a class.
    raw, kept, suppressed : Boxes
        Boxes from the threshold on, those that stay, and those that were duplicates of one.
    """

    cells: Boxes
    raw: Boxes
    kept: Boxes
    suppressed: Boxes


@hyperparameters
class CellDetector(Detector):
    """A network whose cells predict boxes with scores, of which suppression leaves some.

    Parameters
    ----------
    size, augmentation, mosaic, overlap, backbone, channels, weights, trainable
        See :class:`~further.vision.detector.Detector`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.
    """

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

    def judged(
        self, net: Any, x: Tensor, batch: Batch, generator: torch.Generator
    ) -> tuple[Boxes, dict[str, Tensor]]:
        """Return what a network finds in pictures, in its pixels, and its losses.

        Parameters
        ----------
        net, x, batch, generator
            See :meth:`~further.vision.detector.Detector.judged`.

        Returns
        -------
        tuple of Boxes and of a dict of Tensor
            All boxes, with scores; scalars, the first of which is minimised.
        """
        raw, n = net(x), len(x)
        sizes = np.tile(x.shape[:1:-1], (n, 1))
        losses = self.losses(raw, batch["boxes"], batch["box_classes"])
        return self.boxes_of(raw, np.ones(n), sizes, 0.0), losses

    def found(self, x: Tensor, rows: Dataset, least: float) -> Boxes:
        """Return what is found in some pictures.

        Parameters
        ----------
        x, rows, least
            See :meth:`~further.vision.detector.Detector.found`.

        Returns
        -------
        Boxes
            In pixels of the pictures that were given.
        """
        return self.boxes_of(self.net_(x), self.encoding_.scales(rows), picture_sizes(rows), least)

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
        raw: Raw = self._found(dataset, lambda x, rows: self.net_(x))[0]
        boxes, scores, classes = candidates(raw, self.threshold_)
        there = scores > 0
        kept = suppress(boxes, scores, classes, self.overlap)
        before, stay, removed = (
            self._as_boxes(boxes, scores, classes, which, scales, sizes)
            for which in (there, kept, there & ~kept)
        )
        return Stages(self._speaking(raw, float(scales[0])), before, stay, removed)

    def _speaking(self, raw: Raw, scale: float) -> Boxes:
        """Return the cells of one picture, each with the best score and class that it says."""
        corners = torch.cat([raw.centres - raw.sides / 2, raw.centres + raw.sides / 2], dim=1)
        cells, which = corners.unique(dim=0, return_inverse=True)
        best, code = raw.logits[0].sigmoid().max(dim=1)
        # A cell with several boxes says what the surest of them says: it comes last.
        order = best.argsort(stable=True)
        scores, codes = torch.zeros(len(cells)), torch.zeros(len(cells), dtype=torch.int64)
        scores[which[order].cpu()], codes[which[order].cpu()] = best[order].cpu(), code[order].cpu()
        return Boxes(
            "cells", np.array([len(cells)]), codes.numpy(), tuple(self.names_),
            (cells.cpu().numpy() / scale).astype(np.float32), scores.numpy(),
        )  # fmt: skip


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
