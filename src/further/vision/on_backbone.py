"""A network on a backbone: which one, where its weights come from, and what of it learns."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import torch

from further._sklearn import Interval, StrOptions
from further.data.dataset import Dataset
from further.data.spec import Spec
from further.train.batch import BatchSource
from further.train.parameters import hyperparameters
from further.vision.backbone import Backbone, describe, make
from further.vision.backbone_weights import initialise
from further.vision.network import VisionNetwork


@hyperparameters
class BackboneNetwork(VisionNetwork):
    """A network on a backbone.

    Parameters
    ----------
    backbone : str, default="csp"
        What turns pictures into features: "csp", a small one of ours; "cnn", the convolutions of a
        CNNClassifier; or a classification network of torchvision, such as "resnet18".
    channels : sequence of int, default=(16, 32, 64, 96, 128)
        Filters after each halving of the picture, of a backbone of ours.
    weights : str or None, default=None
        Where the backbone starts: None at random; "imagenet" from torchvision's official weights,
        which are fetched; a path from a file of weights, or from a run whose backbone is alike.
    trainable : {"all", "head"} or int, default="all"
        What learns: all; what stands on the backbone alone; or so many stages of it besides, from
        the last one.
    contrast, budget, precision, device, training, random_state
        See :class:`~further.vision.network.VisionNetwork`.
    """

    #: The smallest cells of the backbone, in pixels, that the model looks at.
    finest: ClassVar[int] = 8
    backbone: str | None = "csp"
    channels: Sequence[int] = (16, 32, 64, 96, 128)
    weights: str | None = None
    trainable: str | int = "all"
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **VisionNetwork._parameter_constraints,
        "backbone": [str],
        "channels": ["array-like"],
        "weights": [None, str],
        "trainable": [StrOptions({"all", "head"}), Interval(Integral, 0, None, closed="left")],
    }

    def backbone_for(self, spec: Spec) -> Backbone:
        """Return the backbone for pictures of so many channels, with random weights."""
        return make(self.backbone_, spec.shape[0], finest=self.finest, trainable=self.trainable)

    def begin(self, net: Any, rows: BatchSource, generator: torch.Generator) -> None:
        """Give the backbone the weights that were trained elsewhere, if any.

        Parameters
        ----------
        net, rows, generator
            See :meth:`~further.train.network.NetworkEstimator.begin`.
        """
        if self.backbone is not None:
            initialise(net.backbone, self.backbone_, self.weights)

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        if reset and self.backbone is not None:
            self.backbone_: dict[str, Any] = describe(self.backbone, self.channels, self.weights)
        return super()._dataset(X, y, reset=reset)
