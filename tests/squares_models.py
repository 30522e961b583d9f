"""Models for comparisons of detectors: a control, one that fails, one that lacks a package."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from further.data.target import Boxes
from further.errors import InputError
from further.registry import ModelEntry
from further.train.energy import Energy, cost_to_json
from further.train.estimator import DatasetEstimator
from further.train.parameters import hyperparameters
from further.vision.network import VisionNetwork
from further.vision.pictures import ScaledPictures, as_pictures, picture_sizes


@hyperparameters
class WholePicture(DatasetEstimator):
    """The whole picture as a box of the most frequent class.

    Parameters
    ----------
    random_state : int, default=None
        Not used.
    """

    takes: ClassVar[tuple[str, ...]] = ("images",)
    finds: ClassVar[str] = "boxes"
    _entries: ClassVar[dict[str, Any]] = {"encoding_": ScaledPictures.from_json}
    random_state: int | None = None

    _dataset = VisionNetwork._dataset
    _fit_encoding = staticmethod(ScaledPictures.fit)

    def _learn(self, dataset, validation, seed, **loop) -> None:
        self.code_ = int(np.bincount(dataset.target.codes).argmax())
        self.n_parameters_ = 1
        self.cost_ = cost_to_json(0.0, Energy(0.0, "no training"))

    def predict(self, X) -> Boxes:
        sizes = picture_sizes(as_pictures(X))
        n = len(sizes)
        corners = np.concatenate([np.zeros((n, 2)), sizes], axis=1).astype(np.float32)
        scores = np.ones(n, dtype=np.float32)
        codes, names = np.full(n, self.code_), tuple(self.names_)
        return Boxes("boxes", np.ones(n, int), codes, names, corners, scores)


@hyperparameters
class Failing(WholePicture):
    """A model that refuses all data.

    Parameters
    ----------
    random_state : int, default=None
        Not used.
    """

    def _learn(self, dataset, validation, seed, **loop) -> None:
        raise InputError("Failing: there is nothing that it can learn from.")


@hyperparameters
class Lacking(WholePicture):
    """A model whose package nobody has.

    Parameters
    ----------
    random_state : int, default=None
        Not used.
    """

    needs_package: ClassVar[str] = "a_package_that_nobody_has"


LINES = tuple(
    ModelEntry(name, "squares_models", cls, "detection", "classical", role, label)
    for name, cls, role, label in (
        ("whole_picture", "WholePicture", "control", "Whole picture"),
        ("failing", "Failing", "model", "Failing"),
        ("lacking", "Lacking", "model", "Lacking"),
    )
)
