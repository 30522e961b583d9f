"""What is the same for all networks that find something in pictures.

A model says ``build`` and ``objectives`` as every network does, and ``finds``: the kind of target.
Pictures come as bytes, are decoded once and lie in memory as the network sees them; what is found
is a target like the one that was learnt from, with scores, in the pixels of the pictures that were
given.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from torch import nn

from further._sklearn import StrOptions
from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.train.batch import Batch
from further.train.network import NetworkEstimator
from further.train.parameters import hyperparameters
from further.vision.finder import Finder
from further.vision.pictures import ScaledPictures, picture_sizes, used_range

#: Pictures are stretched where a tenth of them uses less than this share of what a tenth exceeds.
UNLIKE = 0.5
#: A picture that spans less than this share of what the median one does is empty.
EMPTY = 0.1
#: Every so many rows and columns are enough to see that.
THINNED = 4


@hyperparameters
class VisionNetwork(Finder, NetworkEstimator):
    """A network that finds something in pictures.

    Parameters
    ----------
    contrast : {"auto", "stretched", "given"}, default="auto"
        Whether pictures are seen as given, or each stretched to the whole range of values from
        0.1 to 99.9 % of its own; "auto" stretches where one training picture in ten uses less than
        half the range that another one in ten does, as under microscopes of different exposure.
        Where brightness itself tells classes apart, give "given".
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    names_ : tuple of str
        The classes.
    notes_ : list of str
        What the model decided for itself, in sentences.
    """

    #: Whether what more pictures would bring can be asked.
    learns_from_shares: ClassVar[bool] = True
    #: What the sides of a network's pictures are a multiple of.
    multiple: ClassVar[int] = 32
    contrast: str = "auto"

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **NetworkEstimator._parameter_constraints,
        "contrast": [StrOptions({"auto", "stretched", "given"})],
    }
    _entries: ClassVar[dict[str, Callable[[Any], Any]]] = {
        **NetworkEstimator._entries,
        "encoding_": ScaledPictures.from_json,
    }
    encoding_: ScaledPictures = dataclasses.field(init=False)

    def longest_side(self, dataset: Dataset) -> int:
        """Return the longer side of pictures as the network sees them; 0 leaves them as they are.

        Parameters
        ----------
        dataset : Dataset
            The training pictures, with their target.

        Returns
        -------
        int
            Pixels.
        """
        return 0

    def exported(self) -> tuple[nn.Module, tuple[str, ...]]:
        """Return what an ONNX file is made of.

        Returns
        -------
        tuple of nn.Module and of names
            Takes pictures (n, channels, height, width) from 0 to 1 and returns a tensor or a tuple
            of them; the names of these.
        """
        return self.net_, ("scores",)

    def operations_per_row(self, dataset: Dataset) -> float:
        """Return the floating-point operations of one picture's way forward through the network.

        Parameters
        ----------
        dataset : Dataset
            Pictures with a target that says what the model finds.

        Returns
        -------
        float
            A multiplication and an addition are two; elementwise work is left out.
        """
        some = dataset.take(np.arange(min(len(dataset), 2)))
        return super().operations_per_row(self._dataset(some, None, reset=False))

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return ScaledPictures.fit(
            dataset,
            longest=self.longest_side(dataset),
            multiple=self.multiple,
            least_range=self._least_range(dataset),
        )

    def _least_range(self, dataset: Dataset) -> float | None:
        """Return the least range to which pictures are stretched, and say why; None if none is."""
        if self.contrast == "given":
            return None
        found = []
        for i, (width, height) in enumerate(picture_sizes(dataset)):
            picture = np.asarray(dataset.values[i])
            low, high = used_range(picture[:, :height:THINNED, :width:THINNED])
            found.append(high - low)
        used = np.array(found)
        least = EMPTY * float(np.median(used)) or 1.0
        if self.contrast == "stretched":
            return least
        shown = used[used >= least] if (used >= least).any() else used
        low, high = np.quantile(shown, (0.1, 0.9))
        if low >= UNLIKE * high:
            return None
        self.notes_.append(
            f"One picture in ten spans a range of at most {low:.3g}, another of at least "
            f"{high:.3g}: each is stretched to the whole range (contrast)."
        )
        return least

    def _batch(self, dataset: Dataset) -> Batch:
        return Batch.from_arrays({"x": self.encoding_.encode(dataset), **self._encoded(dataset)})

    def _encoded(self, dataset: Dataset) -> dict[str, np.ndarray]:
        """Return the target of rows as it stands in a batch, in the pixels of the network."""
        assert dataset.target is not None
        return dataset.target.encode()


def learning(net: nn.Module) -> list[nn.Parameter]:
    """Return the parameters of a network that are not frozen."""
    return [parameter for parameter in net.parameters() if parameter.requires_grad]
