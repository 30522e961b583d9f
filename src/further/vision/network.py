"""What is the same for all networks that find something in pictures.

A model says ``build`` and ``objectives`` as every network does, and ``targets``: what it finds.
Pictures come as bytes, are decoded once and lie in memory as the network sees them; what is found
is a target like the one that was learnt from, with scores, in the pixels of the pictures that were
given.
"""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.target import Target
from further.errors import InputError
from further.train.batch import Batch
from further.train.network import NetworkEstimator
from further.train.parameters import hyperparameters
from further.vision.pictures import ScaledPictures, as_pictures


@hyperparameters
class VisionNetwork(NetworkEstimator):
    """A network that finds something in pictures.

    Parameters
    ----------
    budget, precision, device, training, random_state
        See :class:`~further.train.network.NetworkEstimator`.

    Attributes
    ----------
    names_ : tuple of str
        The classes.
    notes_ : list of str
        What the model decided for itself, in sentences.
    """

    takes: ClassVar[tuple[str, ...]] = ("images",)
    #: The kind of target that it learns from and returns.
    finds: ClassVar[str]
    #: What the sides of a network's pictures are a multiple of.
    multiple: ClassVar[int] = 32
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

    @abstractmethod
    def predict(self, X: Any) -> Target:
        """Return what is found in pictures.

        Parameters
        ----------
        X : Dataset, array, path, or sequence of arrays or paths
            See :func:`~further.vision.pictures.as_pictures`.

        Returns
        -------
        Target
            Of the kind that the model learnt from, with scores where it has objects, in pixels.
        """

    def _fit_encoding(self, dataset: Dataset) -> Encoding:
        return ScaledPictures.fit(
            dataset, longest=self.longest_side(dataset), multiple=self.multiple
        )

    def _dataset(self, X: Any, y: Any, *, reset: bool) -> Dataset:
        dataset = as_pictures(X)
        if isinstance(y, Target):
            dataset = dataclasses.replace(dataset, target=y)
        elif y is not None:
            raise InputError(
                f"{type(self).__name__}: y is a {type(y).__name__}; give a target with "
                f"{self.finds}, or a Dataset that has one."
            )
        target = None if dataset.target is None else dataset.target.seen_as(self.finds)
        if target is None:
            what = "nothing" if dataset.target is None else dataset.target.kind
            raise InputError(
                f"{type(self).__name__} learns from {self.finds}, but {dataset.name} has {what} "
                "for a target."
            )
        dataset = dataclasses.replace(dataset, target=target)
        names: tuple[str, ...] = target.names  # type: ignore[attr-defined]
        if reset:
            self.n_features_in_ = int(np.prod(dataset.values.shape[1:]))
            self.names_: tuple[str, ...] = tuple(names)
            self.notes_: list[str] = []
        elif tuple(names) != tuple(self.names_):
            raise InputError(
                f"{dataset.name} has the classes {', '.join(names)}, but {type(self).__name__} "
                f"learnt {', '.join(self.names_)}; give the same."
            )
        return dataset

    def _batch(self, dataset: Dataset) -> Batch:
        return Batch.from_arrays({"x": self.encoding_.encode(dataset), **self._encoded(dataset)})

    def _encoded(self, dataset: Dataset) -> dict[str, np.ndarray]:
        """Return the target of rows as it stands in a batch, in the pixels of the network."""
        assert dataset.target is not None
        return dataset.target.encode()
