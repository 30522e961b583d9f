"""Objects of a model in held-out pictures, each in one of few ways right or wrong, and drawn."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray

from further.data.target import Boxes
from further.evaluate.vision.detection import AT_50, ObjectPredictions
from further.evaluate.vision.errors import KINDS, assign, errors_of
from further.evaluate.vision.matching import pictures_of, scores_of
from further.evaluate.vision.overlap import Objects
from further.evaluate.vision.record import VisionRecord
from further.report.vision.marks import Mark, object_path
from further.report.vision.picture_book import PictureBook, View

Integers = NDArray[np.int64]
#: The overlap with an object from which on it is shown beside a prediction that is not it.
NEAR = 0.1
#: With at most so many objects in a picture each gets its word, and so many errors get theirs.
FEW, MOST_WORDS = 10, 14


@dataclass(frozen=True, eq=False)
class FoundObjects:
    """What one model found, and how each of it comes out."""

    name: Annotated[str, "The model."]
    p: Annotated[ObjectPredictions, "What it predicts beside what is there."]
    score: Annotated[float, "The score from which on a prediction counts."]
    book: Annotated[PictureBook, "The pictures of the page."]

    @classmethod
    def of(cls, model: VisionRecord, p: ObjectPredictions, book: PictureBook) -> FoundObjects:
        """Look at a model with the threshold of its confusion matrix.

        Parameters
        ----------
        model : VisionRecord
            The model.
        p : ObjectPredictions
            What it predicts beside what is there.
        book : PictureBook
            The pictures of the page.

        Returns
        -------
        FoundObjects
            How each object comes out.
        """
        score = None if model.confusion is None else model.confusion.score
        return cls(model.name, p, score or 0.0, book)

    @cached_property
    def _assigned(self) -> tuple[NDArray[np.bool_], Integers]:
        return assign(self.p, self.score)

    @property
    def counted(self) -> NDArray[np.bool_]:
        """Which predictions count."""
        return self._assigned[0]

    @property
    def objects(self) -> Integers:
        """The object that each prediction is; -1 for none."""
        return self._assigned[1]

    @cached_property
    def prediction_of(self) -> Integers:
        """The prediction that each object was found by; -1 for missed ones."""
        found = np.full(len(self.p.truth.codes), -1, dtype=np.int64)
        has = np.flatnonzero(self.objects >= 0)
        found[self.objects[has]] = has
        return found

    @cached_property
    def _errors(self) -> tuple[Integers, Integers]:
        return errors_of(self.p)

    @property
    def kinds(self) -> Integers:
        """The kind of error that each prediction is at all scores, or -1."""
        return self._errors[0]

    @property
    def is_missed(self) -> NDArray[np.bool_]:
        """Which objects nothing takes and no error points at, at all scores."""
        matches, targets = self.p.matches, self._errors[1]
        missed = np.ones(len(self.p.truth.codes), dtype=bool)
        missed[matches.match[0, AT_50][matches.found[0, AT_50]]] = False
        missed[targets[targets >= 0]] = False
        return missed

    @cached_property
    def pictures(self) -> tuple[Integers, Integers]:
        """The picture of each prediction and of each object."""
        return pictures_of(self.p.predicted), pictures_of(self.p.truth)

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """How sure the model is of each prediction."""
        return np.asarray(scores_of(self.p.predicted), dtype=np.float64)

    @cached_property
    def _corners(self) -> tuple[NDArray[Any], NDArray[Any]]:
        return _corners_of(self.p.predicted), _corners_of(self.p.truth)

    def state(self, prediction: int) -> str:
        """Return how a prediction comes out: right, swapped or spurious."""
        own = self.objects[prediction]
        if own < 0:
            return "spurious"
        return (
            "right" if self.p.truth.codes[own] == self.p.predicted.codes[prediction] else "swapped"
        )

    def state_of_object(self, number: int) -> str:
        """Return what became of an object: found, swapped or missed."""
        by = self.prediction_of[number]
        if by < 0:
            return "missed"
        return "swapped" if self.state(int(by)) == "swapped" else "found"

    def openable(self, predictions: Iterable[int]) -> list[int]:
        """Return the predictions whose pictures the run keeps."""
        of = self.pictures[0]
        return [int(i) for i in predictions if self.book.has(int(of[i]))]

    def open_predictions(self, predictions: Iterable[int], most: int) -> list[int]:
        """Return the rows of the store of some predictions, of the highest scores first.

        Parameters
        ----------
        predictions : iterable of int
            Which.
        most : int
            How many at most.

        Returns
        -------
        list of int
            Places in the store of the page.
        """
        ordered = sorted(self.openable(predictions), key=lambda i: -self.scores[i])
        return [self._row(i) for i in ordered[:most]]

    def open_objects(self, numbers: Iterable[int], most: int) -> list[int]:
        """Return the rows of the store of some objects that were missed.

        Parameters
        ----------
        numbers : iterable of int
            Which objects.
        most : int
            How many at most.

        Returns
        -------
        list of int
            Places in the store of the page.
        """
        of = self.pictures[1]
        return [self._row_of_object(int(j)) for j in numbers if self.book.has(int(of[j]))][:most]

    def _row(self, i: int) -> int:
        picture = int(self.pictures[0][i])
        truth = self.p.truth
        own = slice(*self._bounds(picture))
        overlap = self.p.overlaps[picture][i - self.p.predicted.of_row(picture).start]
        beside = int(self.objects[i])
        if beside < 0 and overlap.size and overlap.max() > NEAR:
            beside = own.start + int(overlap.argmax())
        kind = self.state(i) if self.counted[i] or self.objects[i] >= 0 else self._state_at_all(i)
        words = f"{self._class(i)} {self.scores[i]:.2f}"
        corners, of_truth = self._corners
        marks = [Mark(f"said {kind}", object_path(self.p.predicted, i))]
        boxes = [corners[i]]
        told = f"{words}: "
        if beside >= 0:
            name = truth.names[truth.codes[beside]]
            marks.insert(0, Mark("truth", object_path(truth, beside)))
            boxes.append(of_truth[beside])
            told += self._beside(i, kind, name, float(overlap[beside - own.start]))
        else:
            told += "nothing is labelled there"
        crop = self.book.around(picture, boxes)
        key = (self.name, "prediction", i)
        told += f" · {self.book.name(picture)}"
        return self.book.row(key, [View(picture, crop, marks)], told)

    def _state_at_all(self, i: int) -> str:
        """Return how a prediction below the threshold comes out."""
        return "right" if self.kinds[i] < 0 else "spurious"

    def _beside(self, i: int, kind: str, name: str, overlap: float) -> str:
        if kind == "right":
            return f"right, overlap {overlap:.2f}"
        if kind == "swapped":
            return f"is {name}"
        error = KINDS[self.kinds[i]] if self.kinds[i] >= 0 else "background"
        if error == "duplicate":
            return f"{name} is found already"
        return f"{name} is there, overlap {overlap:.2f}"

    def _row_of_object(self, j: int) -> int:
        picture, truth = int(self.pictures[1][j]), self.p.truth
        name = truth.names[truth.codes[j]]
        crop = self.book.around(picture, [self._corners[1][j]])
        marks = [Mark("truth missed", object_path(truth, j))]
        told = f"{name}, missed · {self.book.name(picture)}"
        return self.book.row((self.name, "object", j), [View(picture, crop, marks)], told)

    def _bounds(self, picture: int) -> tuple[int, int]:
        own = self.p.truth.of_row(picture)
        return own.start, own.stop

    def _class(self, i: int) -> str:
        return self.p.predicted.names[self.p.predicted.codes[i]]

    def of_picture(self, picture: int) -> tuple[list[Mark], list[Mark]]:
        """Return the marks of what is there in a picture, and of what was predicted."""
        own, said = self.p.truth.of_row(picture), self.p.predicted.of_row(picture)
        counted = [i for i in range(said.start, said.stop) if self.counted[i]]
        few = max(own.stop - own.start, len(counted)) <= FEW
        # The name of an only class would say nothing, and cover what it stands on.
        only = len(self.p.truth.names) == 1
        corners, of_truth = self._corners
        there = [
            (self.state_of_object(j), object_path(self.p.truth, j), of_truth[j],
             "" if only else self.p.truth.names[self.p.truth.codes[j]])
            for j in range(own.start, own.stop)
        ]  # fmt: skip
        found = [
            (self.state(i), object_path(self.p.predicted, i), corners[i],
             f"{'' if only else self._class(i)} {self.scores[i]:.2f}".strip())
            for i in counted
        ]  # fmt: skip
        return _together("truth", there, few), _together("said", found, few)


def _together(side: str, found: list[tuple[str, str, Any, str]], few: bool) -> list[Mark]:
    """Return one path for all objects that come out alike, and words where they are wanted."""
    paths: dict[str, list[str]] = {"right": [], "found": []}
    for state, path, _, _ in found:
        paths.setdefault(state, []).append(path)
    marks = [Mark(f"{side} {state}", "".join(every)) for state, every in paths.items() if every]
    words = [
        Mark(f"{side} {state}", "", word, (float(box[0]), float(box[1])))
        for state, _, box, word in found
        if word and (few or state not in ("right", "found"))
    ]
    return marks + words[:MOST_WORDS]


def _corners_of(objects: Objects) -> NDArray[Any]:
    return (objects if isinstance(objects, Boxes) else objects.as_boxes()).corners
