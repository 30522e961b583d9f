"""A run of models that find something in pictures as its page shows it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from further.compare.vision.advice import DECIDING
from further.compare.vision.held_out import read_held_out, read_predictions
from further.evaluate.typed_json import from_json
from further.evaluate.vision.detection import ObjectPredictions
from further.evaluate.vision.judged import judge
from further.evaluate.vision.record import (
    VisionEvaluation,
    VisionRecommendation,
    VisionRecord,
)
from further.evaluate.vision.segmentation import MaskPredictions
from further.report.run_folder import RunFolder
from further.report.vision.masks import PredictedMasks
from further.report.vision.objects import FoundObjects
from further.report.vision.picture_book import PictureBook

#: Models of a comparison that are looked at closely, the best first.
MOST_MODELS = 3


@dataclass(frozen=True)
class VisionView:
    """What the sections of the page are made from."""

    run: Annotated[RunFolder, "The run."]
    found: Annotated[VisionEvaluation, "Its evaluation."]

    @classmethod
    def of(cls, run: RunFolder) -> VisionView:
        """Read the evaluation of a run."""
        return cls(run, from_json(VisionEvaluation, run.evaluation))

    @property
    def models(self) -> tuple[VisionRecord, ...]:
        """All of them, the controls last."""
        return (*self.found.models, *self.found.controls)

    @property
    def fitted(self) -> list[VisionRecord]:
        """Those that have figures."""
        return [model for model in self.models if model.metrics]

    @property
    def advice(self) -> VisionRecommendation:
        """The answer; empty where there was nothing to choose from."""
        return self.found.recommendation or VisionRecommendation()

    @property
    def deciding(self) -> str:
        """The metric that decides."""
        return self.advice.metric or DECIDING[self.found.task]

    @property
    def shown(self) -> list[VisionRecord]:
        """Those that are looked at closely, the best first."""
        models = [model for model in self.fitted if model.role == "model"]
        models.sort(key=lambda model: -(model.value(self.deciding) or 0.0))
        models.sort(key=lambda model: model.name != self.advice.best)
        return models[:MOST_MODELS]

    @property
    def control(self) -> VisionRecord | None:
        """The control that is hardest to beat."""
        controls = [model for model in self.fitted if model.role == "control"]
        return max(controls, key=lambda model: model.value(self.deciding) or 0.0, default=None)

    @property
    def is_masks(self) -> bool:
        """Whether each pixel gets a class, and no objects are looked for."""
        return self.found.task == "segmentation"

    def folder(self, model: VisionRecord) -> Path:
        """Return where the files of a model are."""
        for part in ("models", "controls"):
            own = self.run.path / part / model.name
            # A name comes from a file: it must not lead the report out of its run.
            if own.is_dir() and own.resolve().is_relative_to(self.run.path.resolve()):
                return own
        return self.run.path

    @cached_property
    def book(self) -> PictureBook | None:
        """The pictures of the page; None where none are kept, or none are to be shown."""
        held = read_held_out(self.run.path) if self.run.training_examples else None
        return None if held is None or not held.pictures else PictureBook(held)

    @cached_property
    def _looked(self) -> dict[str, FoundObjects | PredictedMasks | None]:
        return {}

    def objects(self, model: VisionRecord) -> FoundObjects | None:
        """Return the objects that a model found; None where they are not to be shown."""
        looked = self._look(model)
        return looked if isinstance(looked, FoundObjects) else None

    def masks(self, model: VisionRecord) -> PredictedMasks | None:
        """Return the masks that a model predicts; None where they are not to be shown."""
        looked = self._look(model)
        return looked if isinstance(looked, PredictedMasks) else None

    def _look(self, model: VisionRecord) -> FoundObjects | PredictedMasks | None:
        if model.name not in self._looked:
            self._looked[model.name] = None
            found = None
            if self.book is not None:
                found = read_predictions(self.folder(model), self.book.held)
            if self.book is not None and found is not None:
                judged = judge(self.book.held.truth, found, sizes=self.book.held.sizes)
                if isinstance(judged, ObjectPredictions):
                    self._looked[model.name] = FoundObjects.of(model, judged, self.book)
                elif isinstance(judged, MaskPredictions):
                    self._looked[model.name] = PredictedMasks(model.name, judged, self.book)
        return self._looked[model.name]
