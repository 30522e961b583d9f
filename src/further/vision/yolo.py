r"""YOLO: you only look once. Every cell of a grid says what is in it, in one pass.

Once more as the course has it: the picture divides into cells, each predicts B boxes with a
confidence and the probabilities of the classes, and of boxes that overlap the most confident stays.

The default is a modern member of the family. There are grids of several scales, the finest of cells
of 8 pixels; each cell predicts one box by the distances of its four sides from the cell's centre,

.. math:: b = (x - l, \; y - t, \; x + r, \; y + d), \qquad l = c \sum_{k=0}^{15} k \, p^l_k,

with c the side of the cell and :math:`p^l` a probability of each distance in cells, and the score
of each class, which is trained to be the overlap that the box can be expected to have. With a
``grid`` of n x n cells each has B boxes, a confidence each and class probabilities that they share,
so that a score is their product, as in the first YOLO. Predictions are matched to boxes by
:mod:`further.vision.assignment`, and with the matched targets :math:`\hat t` the loss is

.. math:: \mathcal L = \frac{1}{\sum \hat t} \Bigl( \sum \mathrm{BCE}(s, \hat t)
          + \sum_{\hat t > 0} \hat t \, \bigl( \lambda (1 - \mathrm{CIoU}(b, b^*))
          + \mu \, \mathrm{DF}(p, b^*) \bigr) \Bigr),

where DF is the cross-entropy of the true distances, each shared between the two whole numbers
beside it (Li et al. 2020, "Generalized focal loss").

References
----------
Redmon et al. 2016, "You only look once: unified, real-time object detection". Tian et al. 2019,
"FCOS: fully convolutional one-stage object detection". Feng et al. 2021, "TOOD: task-aligned
one-stage object detection". Wang et al. 2020, "CSPNet".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from further._sklearn import Interval
from further.data.spec import Spec
from further.train.batch import Batch
from further.train.budget import Budget
from further.train.flops import count_flops
from further.train.objective import Objective
from further.train.parameters import hyperparameters
from further.train.training import Training
from further.vision.assignment import assign
from further.vision.backbone import Backbone, CSPBlock, convolution
from further.vision.boxes import complete_iou
from further.vision.cells import CellDetector, Raw
from further.vision.network import learning

#: Weights λ and μ of the boxes and of their distances in the loss.
BOX_WEIGHT, DISTANCE_WEIGHT = 2.5, 0.5
#: Logit of a score before anything is learnt: few cells show an object.
FIRST_LOGIT = -4.6
#: How long it trains: steps with windows of so many pixels a side (fewer in proportion with smaller
#: ones, which show less), epochs at least, and operations that are not exceeded.
USUAL_STEPS, USUAL_SIDE, LEAST_EPOCHS, MOST_FLOPS = 2000, 256, 10, 1e14
#: Operations of a step on a picture, as a multiple of those of the way forward.
STEP = 3
#: Distances of a side, in cells, of which each has a probability; before anything is learnt, by how
#: much the logarithm of it falls from one to the next: boxes begin about three cells wide each way.
BINS, FIRST_DECAY = 16, 0.25


class _Cells(NamedTuple):
    """The cells of all grids: centres and sides (p, 2) in pixels, p counting the boxes of each."""

    centres: Tensor
    sides: Tensor


class _Neck(nn.Module):
    """What is coarse is told to what is fine, and back (FPN and PAN)."""

    def __init__(self, channels: Sequence[int]) -> None:
        super().__init__()
        pairs = list(itertools.pairwise(channels))
        self.up = nn.ModuleList(CSPBlock(a + b, a) for a, b in pairs)
        self.step = nn.ModuleList(convolution(a, a, step=2) for a, _ in pairs)
        self.down = nn.ModuleList(CSPBlock(a + b, b) for a, b in pairs)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Mix features of all scales, from fine to coarse."""
        mixed = list(features)
        for i in reversed(range(len(self.up))):
            finer = F.interpolate(mixed[i + 1], size=mixed[i].shape[2:], mode="nearest")
            mixed[i] = self.up[i](torch.cat([mixed[i], finer], dim=1))
        for i, (step, down) in enumerate(zip(self.step, self.down, strict=True)):
            mixed[i + 1] = down(torch.cat([step(mixed[i]), mixed[i + 1]], dim=1))
        return mixed


class _Head(nn.Module):
    """Convolutions that say of each cell its boxes and scores."""

    def __init__(self, n_in: int, n_boxes: int, n_scores: int) -> None:
        super().__init__()
        self.before = nn.ModuleList(convolution(n_in, n_in) for _ in range(2))
        self.boxes = nn.Conv2d(n_in, 4 * BINS * n_boxes, 1)
        self.scores = nn.Conv2d(n_in, n_scores, 1)
        nearer = -FIRST_DECAY * torch.arange(BINS, dtype=torch.float32)
        for layer, first in (
            (self.boxes, nearer.repeat(4 * n_boxes)),
            (self.scores, torch.full((n_scores,), FIRST_LOGIT)),
        ):
            nn.init.zeros_(layer.weight)
            layer.bias = nn.Parameter(first)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Map ``h`` (n, channels, rows, columns) to (n, cells, numbers), twice."""
        boxes, scores = self.boxes(self.before[0](h)), self.scores(self.before[1](h))
        return boxes.flatten(2).transpose(1, 2), scores.flatten(2).transpose(1, 2)


class _Decoded(nn.Module):
    """A network that returns boxes (n, p, 4) and scores (n, p, classes), and nothing else."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Map pictures to boxes, in their pixels, and scores from 0 to 1."""
        raw: Raw = self.net(x)
        return raw.boxes, raw.logits.sigmoid()


class _Net(nn.Module):
    def __init__(self, backbone: Backbone, n_classes: int, grid: int | None, n_boxes: int) -> None:
        super().__init__()
        self.grid, self.n_boxes, self.n_classes = grid, n_boxes, n_classes
        self.backbone = backbone
        scales = list(backbone.channels)
        self.neck = _Neck(scales)
        n_scores = n_classes if grid is None else n_boxes + n_classes
        if grid is not None:
            scales = scales[-1:]
        self.heads = nn.ModuleList(_Head(width, n_boxes, n_scores) for width in scales)

    def forward(self, x: Tensor) -> Raw:
        """Map pictures (n, channels, height, width) from 0 to 1 to boxes and scores."""
        size = torch.tensor([x.shape[3], x.shape[2]], device=x.device)
        features = self.neck(self.backbone(x))
        if self.grid is not None:
            features = [F.adaptive_avg_pool2d(features[-1], self.grid)]
        outputs, logits, centres, sides = [], [], [], []
        for feature, head in zip(features, self.heads, strict=True):
            boxes, scores = head(feature)
            outputs.append(boxes.unflatten(2, (self.n_boxes, 4, BINS)).flatten(1, 2))
            logits.append(self._logits(scores.float()))
            cells = _cells_of(feature, size, self.n_boxes)
            centres.append(cells.centres)
            sides.append(cells.sides)
        centre, side = torch.cat(centres), torch.cat(sides)
        distances = torch.cat(outputs, dim=1).float()
        bins = torch.arange(BINS, dtype=torch.float32, device=x.device)
        away = (distances.softmax(dim=3) @ bins) * side.repeat(1, 2)
        corners = torch.cat([centre - away[..., :2], centre + away[..., 2:]], dim=2)
        return Raw(corners, torch.cat(logits, dim=1), distances, centre, side)

    def _logits(self, scores: Tensor) -> Tensor:
        """Return the logits (n, boxes, classes) of the scores of a grid's boxes."""
        if self.grid is None:
            return scores.repeat_interleave(self.n_boxes, dim=1)
        confidence = F.logsigmoid(scores[..., : self.n_boxes])[..., None]
        of_class = F.log_softmax(scores[..., self.n_boxes :], dim=2)[:, :, None]
        log_p = (confidence + of_class).flatten(1, 2).clamp(max=-1e-6)
        # The logit of a product of probabilities: log p - log(1 - p).
        return log_p - torch.log(-torch.expm1(log_p))


def _cells_of(feature: Tensor, size: Tensor, n_boxes: int) -> _Cells:
    """Return the cells of a grid, row by row, each as often as it has boxes."""
    rows, columns = feature.shape[2:]
    side = size / torch.tensor([columns, rows], device=feature.device)
    down = torch.arange(rows, device=feature.device)
    along = torch.arange(columns, device=feature.device)
    y, x = torch.meshgrid(down, along, indexing="ij")
    places = torch.stack([x, y], dim=2).flatten(0, 1).repeat_interleave(n_boxes, dim=0)
    return _Cells((places + 0.5) * side, side.expand(len(places), 2))


@hyperparameters
class YOLO(CellDetector):
    """Detector that looks once: every cell of a grid says what is in it.

    Use it for boxes around objects, from some hundred pictures on, with or without a GPU. It fails
    for objects of a few pixels, for which ``size`` has to grow, and where objects of one class
    stand in each other's place, of which suppression keeps one.

    Parameters
    ----------
    grid : int, default=None
        As taught: n x n cells in the whole picture. None takes grids of several scales, with cells
        of 8, 16 and 32 pixels.
    boxes_per_cell : int, default=1
        Boxes that each cell predicts.
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
    threshold_ : float
        The score from which on :meth:`predict` returns a box.

    References
    ----------
    Redmon et al. 2016, "You only look once: unified, real-time object detection".
    """

    grid: int | None = None
    boxes_per_cell: int = 1

    training_defaults: ClassVar[Training] = Training(
        learning_rate=7e-3, weight_decay=0.02, batch_size=8, warmup=0.05, averaging=0.998,
        clip=10.0, keep="last",
    )  # fmt: skip
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CellDetector._parameter_constraints,
        "grid": [None, Interval(Integral, 1, None, closed="left")],
        "boxes_per_cell": [Interval(Integral, 1, None, closed="left")],
    }

    def build(self, spec: Spec) -> nn.Module:
        """Return the network for pictures of so many channels."""
        assert spec.target is not None
        return _Net(
            self.backbone_for(spec), spec.target.n_classes, self.grid, self.boxes_per_cell,
        )  # fmt: skip

    def budget_for(self, n_rows: int) -> Budget:
        """Return how long to train: 2,000 steps, or ten epochs, within what a laptop can do.

        Parameters
        ----------
        n_rows : int
            Training pictures.

        Returns
        -------
        Budget
            In steps, unless the user says otherwise.
        """
        if self.budget != "auto":
            return super().budget_for(n_rows)
        batch = min(self.training_settings().batch_size, n_rows)
        side = self.window_side()
        net, picture = (
            self.build(self.spec_).eval(),
            torch.zeros(1, self.spec_.shape[0], side, side),
        )
        with torch.no_grad():
            flops = STEP * batch * count_flops(lambda: net(picture))
        usual = USUAL_STEPS * min(side, USUAL_SIDE) // USUAL_SIDE
        steps = max(usual, LEAST_EPOCHS * n_rows // batch)
        return Budget(max(1, min(steps, MOST_FLOPS // flops)), "steps")

    def objectives(self, net: Any) -> list[Objective]:
        """Return what the loop minimises: scores and boxes of matched predictions."""

        def loss(batch: Batch, generator: torch.Generator) -> dict[str, Tensor]:
            seen = self.seen(batch, generator)
            return self.losses(net(seen.x), seen.boxes, seen.classes)

        return [Objective(loss, learning(net))]

    def exported(self) -> tuple[nn.Module, tuple[str, ...]]:
        """Return the network as an ONNX file has it.

        Returns
        -------
        tuple of nn.Module and of names
            It returns ``boxes`` and ``scores`` of all cells, before suppression.
        """
        return _Decoded(self.net_), ("boxes", "scores")

    def losses(self, raw: Raw, boxes: Tensor, classes: Tensor) -> dict[str, Tensor]:
        """Return the loss of predictions, and its two parts.

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
            Scalars.
        """
        with torch.no_grad():
            found = assign(raw.logits.sigmoid(), raw.boxes, raw.centres, raw.sides, boxes, classes)
        weights = found.scores.sum(dim=2)
        total = weights.sum().clamp(min=1.0)
        of_scores = F.binary_cross_entropy_with_logits(raw.logits, found.scores, reduction="sum")
        learns = found.learns
        overlap = complete_iou(raw.boxes[learns], found.boxes[learns])
        of_boxes = ((1 - overlap) * weights[learns]).sum()
        surprise = (_surprise_at(raw, found.boxes, learns) * weights[learns]).sum()
        scores, sides, distances = of_scores / total, of_boxes / total, surprise / total
        return {
            "loss": scores + BOX_WEIGHT * sides + DISTANCE_WEIGHT * distances,
            "score_loss": scores,
            "box_loss": sides,
            "distance_loss": distances,
        }


def _surprise_at(raw: Raw, boxes: Tensor, learns: Tensor) -> Tensor:
    """Return the cross-entropy of true distances, shared between the whole cells beside them."""
    away = torch.cat([raw.centres - boxes[..., :2], boxes[..., 2:] - raw.centres], dim=2)
    cells = (away / raw.sides.repeat(1, 2))[learns].clamp(0, BINS - 1.01)  # (learning, 4)
    below = cells.floor()
    log_p = raw.distances[learns].log_softmax(dim=2)
    beside = torch.stack([below, below + 1], dim=2).long()
    share = torch.stack([below + 1 - cells, cells - below], dim=2)
    return -(log_p.gather(2, beside) * share).sum(dim=2).mean(dim=1)
