"""What is the same for all that put boxes or masks on objects, on a backbone."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.target import NO_CLASS, Boxes, Instances
from further.errors import InputError
from further.evaluate.vision.detection import ObjectPredictions, average_precision
from further.evaluate.vision.thresholds import best_score
from further.train.batch import Batch
from further.train.parameters import hyperparameters
from further.train.validation import Validation
from further.vision.augmentation import (
    AUGMENTATIONS,
    Boxed,
    as_float,
    has_sides,
    mosaic,
    windows,
)
from further.vision.on_backbone import BackboneNetwork
from further.vision.pictures import as_pictures, picture_sizes

#: No box of a lower score is looked at.
LEAST_SCORE = 1e-3
#: The network's longer side, if it is to be chosen, lies between these; the smaller objects (a
#: twentieth of them are smaller) are to be so many of the finest cells large.
SIDES, SMALL_OBJECT, SMALL_SHARE = (128, 640), 2.5, 0.05
#: The least score of a box where no held-out pictures have chosen one.
USUAL_THRESHOLD = 0.25
#: Pictures that pass through the network at a time.
AT_A_TIME = 8
Found = TypeVar("Found", Boxes, Instances)
Part = TypeVar("Part")


@hyperparameters
class Detector(BackboneNetwork):
    """A network that puts boxes around objects, on a backbone.

    Parameters
    ----------
    size : int or "auto", default="auto"
        The longer side of pictures as the network sees them, in pixels; "auto" by the objects.
    augmentation : {"auto", "shift", "mirror", "turn", "none"}, default="auto"
        What happens to pictures while training: scaled, moved and in another light ("shift"),
        besides that mirrored left to right ("mirror"), or turned by quarters and upside down too
        ("turn", as under a microscope). "auto" mirrors unless classes are letters or digits, or
        called left or right.
    mosaic : float, default=0.0
        Share of the training steps that see windows of four pictures each, put together.
    overlap : float, default=0.6
        The IoU with a box of higher score above which a box is a duplicate.
    backbone, channels, weights, trainable
        See :class:`~further.vision.on_backbone.BackboneNetwork`.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.
    """

    finds: ClassVar[str] = "boxes"
    size: int | str = "auto"
    augmentation: str = "auto"
    mosaic: float = 0.0
    overlap: float = 0.6
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BackboneNetwork._parameter_constraints,
        "size": [StrOptions({"auto"}), Interval(Integral, 32, None, closed="left")],
        "augmentation": [StrOptions({"auto", *AUGMENTATIONS})],
        "mosaic": [Interval(Real, 0, 1, closed="both")],
        "overlap": [Interval(Real, 0, 1, closed="neither")],
    }

    # What a model says -------------------------------------------------------------------------

    @abstractmethod
    def judged(
        self, net: Any, x: Tensor, batch: Batch, generator: torch.Generator
    ) -> tuple[Boxes, dict[str, Tensor]]:
        """Return what a network finds in pictures, in its pixels, and its losses.

        Parameters
        ----------
        net : nn.Module
            In evaluation mode.
        x : Tensor of shape (n, channels, height, width)
            Pictures from 0 to 1.
        batch : Batch
            What belongs there.
        generator : torch.Generator
            Of random numbers.

        Returns
        -------
        tuple of Boxes and of a dict of Tensor
            All boxes, with scores; scalars, the first of which is minimised.
        """

    @abstractmethod
    def found(self, x: Tensor, rows: Dataset, least: float) -> Any:
        """Return what is found in some pictures.

        Parameters
        ----------
        x : Tensor of shape (n, channels, height, width)
            As the network sees them, from 0 to 1.
        rows : Dataset
            As they were given.
        least : float
            The least score.

        Returns
        -------
        Target
            Boxes, or what else the model finds, in pixels of the pictures that were given.
        """

    # The pictures that it sees -----------------------------------------------------------------

    def boxes_in(self, dataset: Dataset) -> Boxes:
        """Return the boxes of the objects that rows have for a target, in pixels of the rows."""
        boxes = None if dataset.target is None else dataset.target.seen_as("boxes")
        assert isinstance(boxes, Boxes)
        return boxes

    def longest_side(self, dataset: Dataset) -> int:
        """Return the longer side of pictures as the network sees them, in pixels."""
        if self.size != "auto":
            return int(self.size)
        longest = int(picture_sizes(dataset).max())
        corners = self.boxes_in(dataset).corners
        typical = np.sqrt((corners[:, 2:] - corners[:, :2]).prod(axis=1))  # of a square of its area
        least = SMALL_OBJECT * self.finest
        small = float(np.quantile(typical, SMALL_SHARE)) if len(typical) else least
        # Enlarged pictures say no more than they do as they are.
        wanted = longest * min(1.0, least / max(small, 1.0))
        chosen = int(np.clip(np.ceil(wanted / 32) * 32, *SIDES))
        self.notes_.append(
            f"Pictures are seen {chosen} pixels wide or high (size): a twentieth of the objects "
            f"are smaller than {small:.0f} of {longest} pixels."
        )
        return chosen

    def window_side(self) -> int:
        """Return the side of the square windows of pictures in which it trains."""
        side = float(np.sqrt(np.prod(self.spec_.shape[1:])))
        return max(64, int(side // 32 * 32))

    def seen(self, batch: Batch, generator: torch.Generator) -> Boxed:
        """Return a batch as the network sees it while it trains.

        Parameters
        ----------
        batch : Batch
            Pictures and their boxes.
        generator : torch.Generator
            Of the changes.

        Returns
        -------
        Boxed
            Windows of the pictures, changed at random unless ``augmentation`` is "none".
        """
        x, boxes, classes = batch.x, batch["boxes"], batch["box_classes"]
        labels, augmentation = batch.get("labels"), self.augmentation
        if augmentation == "auto":
            augmentation = "shift" if has_sides(self.names_) else "mirror"
        if augmentation == "none":
            return Boxed(as_float(x), boxes, classes, labels)
        cut = windows
        if self.mosaic:
            drawn = torch.rand((), generator=generator, device=generator.device)
            cut = mosaic if float(drawn) < self.mosaic else windows
        return cut(x, boxes, classes, self.window_side(), augmentation, generator, labels)

    def _encoded(self, dataset: Dataset) -> dict[str, np.ndarray]:
        encoded = self.boxes_in(dataset).encode()
        scales = self.encoding_.scales(dataset).astype(np.float32)
        encoded["boxes"] = encoded["boxes"] * scales[:, None, None]
        return encoded

    # The training ------------------------------------------------------------------------------

    def validation(self) -> Validation:
        """Return average precision and loss on held-out pictures."""
        return _BoxMetric(self)

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        if self.mosaic and self.augmentation == "none":
            raise InputError(
                f"mosaic={self.mosaic:g} of {type(self).__name__} cuts pictures, which "
                'augmentation="none" does not; leave one of them out.'
            )
        return super()._dataset(X, y, reset=reset)

    def _learn(self, dataset: Dataset, validation: Dataset | None, seed: int, **loop: Any) -> None:
        super()._learn(dataset, validation, seed, **loop)
        if validation is None or not isinstance(validation.target, Boxes | Instances):
            self.threshold_ = USUAL_THRESHOLD
            return
        found = ObjectPredictions(validation.target, self.predict(validation, threshold=0.0))
        self.threshold_ = best_score(found) or USUAL_THRESHOLD
        self.notes_.append(
            f"A box counts from a score of {self.threshold_:.2f} on, which is best by F1 on the "
            f"{len(validation)} pictures that were held out of the training."
        )

    # What it finds -----------------------------------------------------------------------------

    def predict(self, X: Any, *, threshold: float | None = None) -> Any:
        """Return what is found in pictures, with scores.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.
        threshold : float, optional
            The least score; default: ``threshold_``. 0 for all that there are, as figures over all
            thresholds need them.

        Returns
        -------
        Boxes, or what else the model finds
            In pixels of the pictures, of each picture the highest score first.
        """
        least = self.threshold_ if threshold is None else threshold
        return joined(self._found(X, lambda x, rows: self.found(x, rows, least)))

    def _found(self, X: Any, find: Callable[[Tensor, Dataset], Part]) -> list[Part]:
        """Return what is found in pictures, so many at a time."""
        dataset = as_pictures(X)
        parts: list[Part] = []
        with torch.no_grad(), self.execution_.active():
            for start in range(0, len(dataset), AT_A_TIME):
                rows = dataset.take(np.arange(start, min(start + AT_A_TIME, len(dataset))))
                x = torch.from_numpy(self.encoding_.encode(rows))
                batch = self.execution_.place_batch(Batch(x=x))
                parts.append(find(as_float(batch.x), rows))
        return parts


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
            found, losses = detector.judged(net, as_float(batch.x), batch, generator)
            founds.append(found)
            truths.append(_unpadded(batch, detector.names_))
            for name, value in losses.items():
                sums[name] = sums.get(name, 0.0) + float(value) * batch.n_rows
            n += batch.n_rows
        if not n:
            return {}
        figures = average_precision(joined(truths), joined(founds))
        losses_of_all = {name: total / n for name, total in sums.items()}
        return {"ap": figures["ap"], "ap50": figures["ap50"], **losses_of_all}


def _unpadded(batch: Batch, names: Iterable[str]) -> Boxes:
    """Return the true boxes of a batch as a target."""
    codes = batch["box_classes"].cpu().numpy()
    there = codes != NO_CLASS
    corners = batch["boxes"].cpu().numpy()[there]
    return Boxes("boxes", there.sum(axis=1), codes[there], tuple(names), corners)


def joined(parts: Sequence[Found]) -> Found:
    """Return the objects of pictures that come in parts."""
    arrays = [part.arrays() for part in parts]
    whole: dict[str, Any] = {key: np.concatenate([a[key] for a in arrays]) for key in arrays[0]}
    return dataclasses.replace(parts[0], **whole)
