"""Models for comparisons of detectors: one that fails, and one that lacks a package."""

from __future__ import annotations

from typing import ClassVar

from further.errors import InputError
from further.registry import ModelEntry
from further.train.parameters import hyperparameters
from further.vision.controls import MeanBox


@hyperparameters
class Failing(MeanBox):
    """A model that refuses all data.

    Parameters
    ----------
    random_state : int, default=None
        Not used.
    """

    def _learn(self, dataset, validation, seed, **loop) -> None:
        raise InputError("Failing: there is nothing that it can learn from.")


@hyperparameters
class Lacking(MeanBox):
    """A model whose package nobody has.

    Parameters
    ----------
    random_state : int, default=None
        Not used.
    """

    needs_package: ClassVar[str] = "a_package_that_nobody_has"


LINES = tuple(
    ModelEntry(cls.lower(), "squares_models", cls, "detection", "classical", "model", cls)
    for cls in ("Failing", "Lacking")
)
