"""What is the same for all that find something in pictures, networks or not."""

from __future__ import annotations

import dataclasses
from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from further.data.dataset import Dataset
from further.data.target import Target
from further.errors import InputError
from further.train.estimator import DatasetEstimator
from further.vision.pictures import as_pictures


class Finder(DatasetEstimator):
    """An estimator that learns from pictures with a target and returns such a target.

    Attributes
    ----------
    names_ : tuple of str
        The classes.
    notes_ : list of str
        What it decided for itself, in sentences.
    """

    takes: ClassVar[tuple[str, ...]] = ("images",)
    #: The kind of target that it learns from and returns.
    finds: ClassVar[str]

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
