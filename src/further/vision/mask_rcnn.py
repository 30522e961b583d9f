"""Mask R-CNN: Faster R-CNN that also says which pixels of a box belong to the object.

What it does and minimises stands in :mod:`further.vision.regions`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from further.data.dataset import Dataset
from further.data.spec import Spec
from further.data.target import Instances
from further.train.parameters import hyperparameters
from further.vision.detector import LEAST_SCORE
from further.vision.faster_rcnn import FasterRCNN
from further.vision.regions import WIDTH, pooled

#: Places on a side to which the features of a region are pooled; the mask has twice as many.
PLACES = 14
#: From this probability on a pixel belongs to the object.
LEAST_PROBABILITY = 0.5


@hyperparameters
class MaskRCNN(FasterRCNN):
    """Instances: a box and a mask for each object; needs ``pip install "further-ml[vision]"``.

    Use it where objects of one class touch or overlap and each is to be counted and measured. It
    fails for thin or winding objects, whose masks have 28 x 28 places; where objects never touch, a
    class for each pixel and its connected parts are simpler.

    Parameters
    ----------
    size, augmentation, mosaic, overlap, backbone, channels, weights, trainable
        See :class:`~further.vision.detector.Detector`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.

    Attributes
    ----------
    net_, names_, notes_, threshold_, anchors_, ratios_
        See :class:`~further.FasterRCNN`.

    References
    ----------
    He et al. 2017, "Mask R-CNN".
    """

    finds: ClassVar[str] = "instances"
    finest: ClassVar[int] = 4

    def heads(self, spec: Spec) -> dict[str, nn.Module]:
        """Return the head that says which pixels belong to an object."""
        from torchvision.models.detection.mask_rcnn import MaskRCNNHeads, MaskRCNNPredictor

        assert spec.target is not None
        n_scales = len(self.anchors_)
        return {
            "mask_roi_pool": pooled(n_scales, PLACES),
            "mask_head": MaskRCNNHeads(WIDTH, (WIDTH, WIDTH), 1, norm_layer=nn.BatchNorm2d),
            "mask_predictor": MaskRCNNPredictor(WIDTH, WIDTH, spec.target.n_classes + 1),
        }

    def found(self, x: Tensor, rows: Dataset, least: float) -> Instances:
        """Return what is found in some pictures.

        Parameters
        ----------
        x, rows, least
            See :meth:`~further.vision.detector.Detector.found`.

        Returns
        -------
        Instances
            In pixels of the pictures that were given.
        """
        from torchvision.models.detection.roi_heads import paste_masks_in_image

        height, width = rows.values.shape[2:]
        packed, scores, codes = [], [], []
        raw = self.net_(x, max(least, LEAST_SCORE))
        for found, scale in zip(raw, self.encoding_.scales(rows), strict=True):
            boxes = found["boxes"] / float(scale)
            # A few at a time: a picture of many objects has as many maps of its size.
            for start in range(0, len(boxes), 32):
                part = slice(start, start + 32)
                masks = paste_masks_in_image(found["masks"][part], boxes[part], (height, width))
                there = (masks[:, 0] >= LEAST_PROBABILITY).cpu().numpy()
                packed.append(np.packbits(there, axis=2))
            scores.append(found["scores"].cpu().numpy())
            codes.append(found["labels"].cpu().numpy() - 1)
        empty = np.zeros((0, height, -(-width // 8)), dtype=np.uint8)
        return Instances(
            "masks", np.array([len(of) for of in codes], dtype=np.int64), np.concatenate(codes),
            tuple(self.names_), np.concatenate([empty, *packed]), width, np.concatenate(scores),
        )  # fmt: skip

    def _encoded(self, dataset: Dataset) -> dict[str, np.ndarray]:
        encoded = super()._encoded(dataset)
        assert isinstance(dataset.target, Instances)
        maps = np.stack([label_map(dataset.target, row) for row in range(len(dataset))])
        encoded["labels"] = self.encoding_.encode_map(dataset, maps)
        return encoded


def label_map(instances: Instances, row: int) -> NDArray[np.int16]:
    """Return which object each pixel of a picture belongs to.

    Parameters
    ----------
    instances : Instances
        Those of all pictures.
    row : int
        Which picture.

    Returns
    -------
    array of shape (height, width)
        0 where nothing is, one more than the number of the object elsewhere; where objects lie on
        each other, the smaller one.

    Examples
    --------
    >>> two = np.zeros((2, 1, 4), dtype=bool)
    >>> two[0, 0], two[1, 0, 1] = True, True
    >>> label_map(Instances.pack([two]), 0)
    array([[1, 2, 1, 1]], dtype=int16)
    """
    masks = instances.masks(row)
    labels = np.zeros((instances.packed.shape[1], instances.width), dtype=np.int16)
    for i in np.argsort(-masks.sum(axis=(1, 2)), kind="stable"):
        labels[masks[i]] = i + 1
    return labels
