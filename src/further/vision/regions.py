r"""The network of Faster R-CNN: regions are proposed first, and looked at closely then.

On features of several scales (FPN) a small network says of each of k anchors a place, rectangles of
given sizes and ratios, whether an object is there, and how the anchor has to move. The best of them
are the proposals. What the features show within each, pooled to 7 x 7 places, is classified, and
the box moved once more; with masks, 14 x 14 places say which pixels belong to the object. The loss
is the sum over both parts,

.. math:: \mathcal L = \mathrm{BCE}(o, o^*) + \sum_{o^*=1} |\delta - \delta^*|_1
          + \mathrm{CE}(c, c^*) + \sum_{c^* > 0} |\delta' - \delta'^*|_1
          \; (+ \mathrm{BCE}(m, m^*)),

with δ the moves of a box, relative to its size. All of this is torchvision's implementation (extra
``further-ml[vision]``), on our backbones, our scaling and our normalisation of pictures.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from further.vision.augmentation import Boxed
from further.vision.backbone import Backbone

#: Channels of the features of all scales, and units that look at a region.
WIDTH, UNITS = 64, 256
#: Places on a side to which the features of a region are pooled.
PLACES = 7
#: Anchors and regions of a picture that the losses look at.
ANCHORS_A_PICTURE, REGIONS_A_PICTURE = 256, 64
#: Above this overlap with a better one, a proposal is left out.
PROPOSAL_OVERLAP = 0.7
#: Proposals of a picture: as many for each object of the fullest training picture, and at least.
PROPOSALS_AN_OBJECT, LEAST_PROPOSALS = 4, 200


class RegionNet(nn.Module):
    """Backbone, proposals, and what is made of them.

    Use it through :class:`~further.FasterRCNN`. It fails without torchvision.

    Parameters
    ----------
    backbone : Backbone
        With features of several scales.
    n_classes : int
        What regions are told apart into, beside the background.
    sizes : sequence of sequences of float
        Sides of the anchors at each scale, in pixels.
    ratios : sequence of float
        Their heights divided by their widths.
    most : int
        The largest number of objects of a training picture.
    overlap : float
        The IoU with a box of higher score above which a box is a duplicate.
    heads : mapping
        Further heads of the regions, by torchvision's names.
    """

    def __init__(
        self,
        backbone: Backbone,
        n_classes: int,
        sizes: Sequence[Sequence[float]],
        ratios: Sequence[float],
        *,
        most: int,
        overlap: float,
        heads: Mapping[str, nn.Module],
    ) -> None:
        from torchvision.models.detection.anchor_utils import AnchorGenerator
        from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
        from torchvision.models.detection.roi_heads import RoIHeads
        from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
        from torchvision.ops import FeaturePyramidNetwork

        super().__init__()
        self.backbone = backbone
        self.pyramid = FeaturePyramidNetwork(
            list(backbone.channels), WIDTH, norm_layer=nn.BatchNorm2d
        )
        anchors = AnchorGenerator(
            tuple(tuple(s) for s in sizes), tuple(tuple(ratios) for _ in sizes)
        )
        n = max(LEAST_PROPOSALS, PROPOSALS_AN_OBJECT * most)
        self.proposer = RegionProposalNetwork(
            anchors,
            RPNHead(WIDTH, anchors.num_anchors_per_location()[0]),
            fg_iou_thresh=0.7, bg_iou_thresh=0.3,
            batch_size_per_image=ANCHORS_A_PICTURE, positive_fraction=0.5,
            pre_nms_top_n={"training": 2 * n, "testing": 2 * n},
            post_nms_top_n={"training": n, "testing": n},
            nms_thresh=PROPOSAL_OVERLAP,
        )  # fmt: skip
        self.regions = RoIHeads(
            pooled(len(sizes), PLACES),
            TwoMLPHead(WIDTH * PLACES**2, UNITS),
            FastRCNNPredictor(UNITS, n_classes + 1),
            fg_iou_thresh=0.5, bg_iou_thresh=0.5,
            batch_size_per_image=REGIONS_A_PICTURE, positive_fraction=0.5,
            bbox_reg_weights=None, score_thresh=0.0, nms_thresh=overlap,
            detections_per_img=max(100, 2 * most), **heads,
        )  # fmt: skip

    def forward(self, x: Tensor, least: float = 0.0) -> list[dict[str, Tensor]]:
        """Map pictures (n, channels, height, width) from 0 to 1 to what is found in each.

        Parameters
        ----------
        x : Tensor
            Pictures.
        least : float
            The least score.

        Returns
        -------
        list of dict
            ``boxes`` (m, 4), ``labels`` (m,) from 1 on, ``scores`` and, where there is a head for
            them, ``masks`` (m, 1, places, places), the highest score first.
        """
        features, images = self._features(x)
        proposals, _ = self.proposer(images, features)
        self.regions.score_thresh = least
        found: list[dict[str, Tensor]]
        found, _ = self.regions(features, proposals, images.image_sizes)
        return found

    def boxes(self, x: Tensor, least: float) -> list[dict[str, Tensor]]:
        """Return what :meth:`forward` does, without looking for masks, which cost most.

        Parameters
        ----------
        x, least
            See :meth:`forward`.

        Returns
        -------
        list of dict
            ``boxes``, ``labels`` and ``scores``.
        """
        features, images = self._features(x)
        sizes, regions = images.image_sizes, self.regions
        regions.score_thresh = least
        with torch.autocast(x.device.type, enabled=False):  # as for the losses
            proposals, _ = self.proposer(images, features)
            shown = regions.box_head(regions.box_roi_pool(features, proposals, sizes))
            found = regions.postprocess_detections(*regions.box_predictor(shown), proposals, sizes)
        names = ("boxes", "scores", "labels")
        return [dict(zip(names, of, strict=True)) for of in zip(*found, strict=True)]

    def propose(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the proposals (m, 4) of each picture, and how sure the network is of each."""
        from torchvision.models.detection.rpn import concat_box_prediction_layers

        features, images = self._features(x)
        levels = list(features.values())
        objects, moves = self.proposer.head(levels)
        counts = [level[0].numel() for level in objects]
        anchors = self.proposer.anchor_generator(images, levels)
        objects, moves = concat_box_prediction_layers(objects, moves)
        boxes = self.proposer.box_coder.decode(moves, anchors).view(len(x), -1, 4)
        found: tuple[list[Tensor], list[Tensor]] = self.proposer.filter_proposals(
            boxes, objects, images.image_sizes, counts
        )
        return found

    def losses(self, seen: Boxed, generator: torch.Generator) -> dict[str, Tensor]:
        """Return the loss of pictures, and its parts.

        Parameters
        ----------
        seen : Boxed
            Pictures, and the boxes and masks that belong there.
        generator : torch.Generator
            Of the anchors and regions that are looked at.

        Returns
        -------
        dict of Tensor
            Scalars, the sum first.
        """
        targets = [self._target(seen, i) for i in range(len(seen.x))]
        features, images = self._features(seen.x)
        # Autocast would compute differences of coordinates in bfloat16, which has three digits.
        with _drawing(generator), torch.autocast(seen.x.device.type, enabled=False), self._asked():
            proposals, of_proposals = self.proposer(images, features, targets)
            _, of_regions = self.regions(features, proposals, images.image_sizes, targets)
        parts = {
            f"{name.removeprefix('loss_')}_loss": value
            for name, value in (of_proposals | of_regions).items()
        }
        return {"loss": torch.stack(list(parts.values())).sum(), **parts}

    def _features(self, x: Tensor) -> tuple[OrderedDict[str, Tensor], Any]:
        from torchvision.models.detection.image_list import ImageList

        named = OrderedDict((str(i), f) for i, f in enumerate(self.backbone(x)))
        features = OrderedDict((k, f.float()) for k, f in self.pyramid(named).items())
        return features, ImageList(x, [(x.shape[2], x.shape[3])] * len(x))

    @staticmethod
    def _target(seen: Boxed, i: int) -> dict[str, Tensor]:
        there = seen.classes[i] >= 0
        target = {"boxes": seen.boxes[i][there], "labels": seen.classes[i][there] + 1}
        if seen.labels is not None:
            numbers = 1 + there.nonzero()[:, 0]
            masks = seen.labels[i] == numbers[:, None, None].to(seen.labels.dtype)
            target["masks"] = masks.to(torch.uint8)
        return target

    @contextlib.contextmanager
    def _asked(self) -> Iterator[None]:
        """Let torchvision's parts return losses, which they do in training mode only."""
        parts = (self.proposer, self.regions)
        modes = [part.training for part in parts]
        try:
            for part in parts:
                part.training = True
            yield
        finally:
            for part, mode in zip(parts, modes, strict=True):
                part.training = mode


def pooled(n_scales: int, places: int) -> nn.Module:
    """Return what pools the features of a region, of the scale that suits it.

    Parameters
    ----------
    n_scales : int
        Scales that there are.
    places : int
        Of the result, on a side.

    Returns
    -------
    nn.Module
        torchvision's ``MultiScaleRoIAlign``.
    """
    from torchvision.ops import MultiScaleRoIAlign

    module: nn.Module = MultiScaleRoIAlign([str(i) for i in range(n_scales)], places, 2)
    return module


@contextlib.contextmanager
def _drawing(generator: torch.Generator) -> Iterator[None]:
    """Let torchvision, which draws from the global generator, draw what this one says."""
    seed = int(torch.randint(2**31, (), generator=generator, device=generator.device))
    devices = [generator.device] if generator.device.type == "cuda" else []
    with torch.random.fork_rng(devices):
        torch.manual_seed(seed)
        yield
