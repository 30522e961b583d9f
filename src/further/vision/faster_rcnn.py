"""Faster R-CNN: a network proposes regions, and looks at each of them closely.

What it does and minimises stands in :mod:`further.vision.regions`.
"""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.spec import Spec
from further.data.target import Boxes
from further.errors import InputError
from further.train.batch import Batch
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training
from further.vision.augmentation import Boxed
from further.vision.backbone import torchvision
from further.vision.detector import LEAST_SCORE, Detector, joined
from further.vision.network import learning
from further.vision.pictures import picture_sizes
from further.vision.regions import RegionNet

#: Anchors reach from this share of the boxes to that one, by their sides, with so many at a scale.
SHARES, SIZES_A_SCALE = (0.02, 0.98), 2
#: The shares of the boxes whose ratios of height to width are those of the anchors.
RATIO_SHARES = (0.1, 0.5, 0.9)


@hyperparameters
class FasterRCNN(Detector):
    """Detector that looks twice; needs ``pip install "further-ml[vision]"``.

    Use it where objects differ much in size or stand close together, and where it should be seen
    what was proposed. It fails for objects of a few pixels, for which ``size`` has to grow, and is
    slower than :class:`~further.YOLO`.

    Parameters
    ----------
    size, augmentation, mosaic, overlap, backbone, channels, weights, trainable
        See :class:`~further.vision.detector.Detector`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.

    Attributes
    ----------
    net_ : nn.Module
        The trained network.
    names_ : tuple of str
        The classes.
    notes_ : list of str
        What the model decided for itself, in sentences.
    threshold_ : float
        The score from which on :meth:`predict` returns a box.
    anchors_ : array of shape (scales, sizes)
        Sides of the anchors, in pixels of the network.
    ratios_ : array
        Their heights divided by their widths.

    References
    ----------
    Ren et al. 2015, "Faster R-CNN: towards real-time object detection with region proposal
    networks". Lin et al. 2017, "Feature pyramid networks for object detection".
    """

    #: What has to be installed besides what the package brings.
    needs_package: ClassVar[str] = "torchvision"
    training_defaults: ClassVar[Training] = Training(
        learning_rate=5e-3, weight_decay=0.02, batch_size=8, warmup=0.05, averaging=0.998,
        clip=10.0, keep="last",
    )  # fmt: skip

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for pictures of so many channels."""
        torchvision(type(self).__name__)
        assert spec.target is not None
        return RegionNet(
            self.backbone_for(spec), spec.target.n_classes, self.anchors_.tolist(),
            self.ratios_.tolist(), most=spec.target.shape[0], overlap=self.overlap,
            heads=self.heads(spec),
        )  # fmt: skip

    def heads(self, spec: Spec) -> dict[str, nn.Module]:
        """Return further heads of the regions, by torchvision's names."""
        return {}

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises: the losses of proposals and of regions."""

        def loss(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            losses: dict[str, Tensor] = net.losses(self.seen(batch, generator), generator)
            return losses

        return [Objective(loss, learning(net))]

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
        found = net.boxes(x, LEAST_SCORE)
        seen = Boxed(x, batch["boxes"], batch["box_classes"], batch.get("labels"))
        sizes = np.tile(x.shape[:1:-1], (len(x), 1))
        return self._as_boxes(found, np.ones(len(x)), sizes), net.losses(seen, generator)

    def exported(self) -> tuple[nn.Module, tuple[str, ...]]:
        """Refuse: torch's exporter follows no network whose regions differ in number.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(
            f"{type(self).__name__} cannot be written as ONNX: how many regions it looks at "
            "depends on the picture, which torch's exporter does not follow; take YOLO."
        )

    def proposals(self, X: Any) -> Boxes:
        """Return the regions that are proposed in pictures, before they are looked at closely.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Boxes
            Of the one class "object", in pixels of the pictures, the surest of each first.
        """

        def propose(x: Tensor, rows: Dataset) -> Boxes:
            proposed = [
                {"boxes": boxes, "labels": torch.ones_like(scores, dtype=torch.int64),
                 "scores": scores}
                for boxes, scores in zip(*self.net_.propose(x), strict=True)
            ]  # fmt: skip
            return dataclasses.replace(self._in_pixels(proposed, rows), names=("object",))

        return joined(self._found(X, propose))

    def found(self, x: Tensor, rows: Dataset, least: float) -> Any:
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
        return self._in_pixels(self.net_(x, max(least, LEAST_SCORE)), rows)

    def _in_pixels(self, found: list[dict[str, Tensor]], rows: Dataset) -> Boxes:
        """Return what a network found in the pixels of the pictures that were given."""
        return self._as_boxes(found, self.encoding_.scales(rows), picture_sizes(rows))

    def _as_boxes(
        self, found: list[dict[str, Tensor]], scales: np.ndarray, sizes: np.ndarray
    ) -> Boxes:
        counts = np.array([len(of["boxes"]) for of in found], dtype=np.int64)
        boxes, labels, scores = (
            torch.cat([of[key] for of in found]).cpu().numpy()
            for key in ("boxes", "labels", "scores")
        )
        corners = boxes / np.repeat(scales, counts)[:, None]
        corners = np.clip(corners, 0, np.repeat(np.tile(sizes, 2), counts, axis=0))
        codes = labels - 1  # torchvision's first class is the background
        return Boxes("boxes", counts, codes, tuple(self.names_), corners.astype(np.float32), scores)

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        if reset:
            torchvision(type(self).__name__)
        return super()._dataset(X, y, reset=reset)

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        encoding = super()._fit_encoding(dataset)
        self._choose_anchors(dataset, encoding)
        return encoding

    def _choose_anchors(self, dataset: Dataset, encoding: Any) -> None:
        """Choose the sizes and ratios of the anchors by those of the boxes."""
        boxes = self.boxes_in(dataset)
        scales = np.repeat(encoding.scales(dataset), boxes.counts)
        sides = (boxes.corners[:, 2:] - boxes.corners[:, :2]) * scales[:, None]
        sides = np.maximum(sides, 1) if len(sides) else np.full((1, 2), 32.0)
        low, high = np.quantile(np.sqrt(sides.prod(axis=1)), SHARES)
        n_scales = len(self.backbone_for(encoding.spec).strides)
        sizes = np.geomspace(low, max(high, 1.5 * low), n_scales * SIZES_A_SCALE)
        self.anchors_ = sizes.reshape(n_scales, SIZES_A_SCALE)
        self.ratios_ = np.quantile(sides[:, 1] / sides[:, 0], RATIO_SHARES)
        self.notes_.append(
            f"Anchors have sides of {', '.join(f'{s:.0f}' for s in sizes)} pixels of the network "
            f"and heights of {', '.join(f'{r:.2f}' for r in self.ratios_)} times their widths, as "
            "the training boxes have."
        )
