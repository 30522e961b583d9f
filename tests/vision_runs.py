"""Runs of models that find something in pictures, whose predictions are the truth with errors.

The writers are those of the library; only the model is a cheat, so that a run has objects that are
found, missed, swapped, doubled and invented without a training.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from further.compare.scores import read_scores
from further.compare.vision.advice import advise
from further.compare.vision.member import judge_model
from further.compare.vision.run import write_evaluation
from further.compare.vision.setting import Setting, describe_setting, seen_by
from further.data.dataset import Dataset
from further.data.target import Boxes, Instances, Mask
from further.evaluate.record import Measured
from further.evaluate.vision.record import LearningCurveRecord, LearningPoint
from further.registry import ModelEntry
from further.train.run import Run
from further.vision.cells import Stages
from squares import SIDE, squares


@dataclasses.dataclass
class Cheat:
    """A model that knows the truth of the pictures that it is given, and errs at random."""

    task: str
    seed: int
    amount: float = 1.0
    notes_: tuple[str, ...] = ("It cheats.",)
    n_parameters_: int = 7

    @property
    def cost_(self) -> dict[str, Any]:
        return {"seconds": 41.0 + self.seed, "energy_wh": 0.21, "carbon_g": 0.08}

    def predict(self, X: Dataset) -> Any:
        truth = seen_by(self.task, X)
        rng = np.random.default_rng(self.seed)
        if isinstance(truth, Mask):
            return _wrong_pixels(truth, rng, self.amount)
        assert isinstance(truth, Boxes | Instances)
        return _wrong_objects(truth, rng, self.amount)


class CheatingDetector(Cheat):
    """A cheat that shows how it comes to its boxes."""

    def stages(self, X: Dataset) -> Stages:
        kept, rng = self.predict(X), np.random.default_rng(0)
        repeats = np.repeat(np.arange(len(kept.codes)), 6)
        around = kept.corners[repeats] + rng.normal(0, 2, (len(repeats), 4)).astype(np.float32)
        lower = (kept.scores[repeats] * rng.uniform(0.3, 0.95, len(repeats))).astype(np.float32)
        n, codes = np.array([len(around)]), kept.codes[repeats]
        removed = Boxes("boxes", n, codes, kept.names, around, lower)
        raw = Boxes(
            "boxes", kept.counts + n, np.concatenate([kept.codes, codes]), kept.names,
            np.concatenate([kept.corners, around]), np.concatenate([kept.scores, lower]),
        )  # fmt: skip
        cells = []
        for side in (8, 16, 32):
            y, x = np.mgrid[0:SIDE:side, 0:SIDE:side]
            corner = np.stack([x.ravel(), y.ravel()], axis=1)
            cells.append(np.concatenate([corner, corner + side], axis=1))
        corners = np.concatenate(cells).astype(np.float32)
        said = rng.uniform(0, 0.5, len(corners)).astype(np.float32)
        first = np.zeros(len(corners), dtype=np.int64)
        of_cells = Boxes("cells", np.array([len(corners)]), first, kept.names, corners, said)
        return Stages(of_cells, raw, kept, removed)


def _wrong_pixels(truth: Mask, rng: np.random.Generator, amount: float) -> Mask:
    codes = truth.codes.copy()
    for picture in codes:
        picture[:] = np.roll(picture, rng.integers(-2, 3, 2), axis=(0, 1))
        present = np.unique(picture[picture > 0])
        if len(present) and rng.random() < 0.4 * amount:
            picture[picture == rng.choice(present)] = rng.integers(len(truth.names))
    return dataclasses.replace(truth, codes=codes)


def _wrong_objects(truth: Any, rng: np.random.Generator, amount: float) -> Any:
    n, pictures = len(truth.codes), len(truth.counts)
    kept = rng.random(n) > 0.08 * amount
    doubled = kept & (rng.random(n) < 0.06 * amount)
    chosen = np.sort(np.concatenate([np.flatnonzero(kept), np.flatnonzero(doubled)]))
    of_row = np.repeat(np.arange(pictures), truth.counts)[chosen]
    codes = truth.codes[chosen].copy()
    swapped = rng.random(len(codes)) < 0.1 * amount
    codes[swapped] = rng.integers(0, len(truth.names), swapped.sum())
    scores = np.clip(rng.beta(8, 2, len(codes)) - 0.2 * swapped, 0.02, 1).astype(np.float32)
    counts = np.bincount(of_row, minlength=pictures)
    if isinstance(truth, Instances):
        masks = np.unpackbits(truth.packed[chosen], axis=2, count=truth.width)
        masks = [np.roll(mask, rng.integers(-1, 2, 2), axis=(0, 1)) for mask in masks]
        packed = np.packbits(np.array(masks), axis=2)
        return dataclasses.replace(truth, counts=counts, codes=codes, packed=packed, scores=scores)
    corners = truth.corners[chosen]
    sides = np.tile(corners[:, 2:] - corners[:, :2], 2)
    moved = corners + rng.normal(0, 0.05 * amount, corners.shape) * sides
    far = rng.random(len(moved)) < 0.06
    moved[far] += 0.5 * sides[far]
    # Something that is not there, in every picture, with a low score.
    extra = rng.uniform(0, SIDE / 2, (pictures, 2))
    invented = np.concatenate([extra, extra + rng.uniform(10, 30, extra.shape)], axis=1)
    order = np.argsort(np.concatenate([of_row, np.arange(pictures)]), kind="stable")
    more = rng.integers(0, len(truth.names), pictures), rng.beta(2, 4, pictures)
    return dataclasses.replace(
        truth,
        counts=counts + 1,
        codes=np.concatenate([codes, more[0]])[order],
        corners=np.concatenate([moved, invented])[order].astype(np.float32),
        scores=np.concatenate([scores, more[1]])[order].astype(np.float32),
    )


def write_run(
    folder: Path, task: str, *, labels: tuple[str, ...] = ("YOLO",), dataset: Dataset | None = None
) -> Path:
    """Write a run of a task with models that are better and worse, and a control."""
    setting = Setting(squares(8, 20) if dataset is None else dataset, task, 0)
    pictures = setting.dataset.take(setting.test)
    run = Run.create(
        folder, command=f"further train yolo {setting.dataset.name}", model="yolo", parameters={},
        **describe_setting(setting),
    )  # fmt: skip
    records, scores = [], {}
    for i, label in enumerate(labels):
        line = ModelEntry(f"model{i}", "", "", task, "network", "model", label)
        own = folder / "models" / line.name if len(labels) > 1 else folder
        cheat = CheatingDetector if task == "detection" and not i else Cheat
        record = judge_model(cheat(task, i, 1.0 + i), line, own, pictures, setting)
        scores[line.name] = read_scores(own, record.metrics)
        curve = None if i else _more_pictures()
        records.append(dataclasses.replace(record, learning_curve=curve))
    line = ModelEntry("control", "", "", task, "classical", "control", "Mean box")
    own = folder / "controls" / line.name
    control = judge_model(Cheat(task, 9, 4.0), line, own, pictures, setting)
    write_evaluation(
        run, setting, setting.held_out, records, controls=[control],
        recommendation=advise(task, records, scores), seconds=61.0,
    )  # fmt: skip
    run.update(status="finished")
    return folder


def _more_pictures() -> LearningCurveRecord:
    points = [(125, 0.61), (250, 0.74), (375, 0.80), (500, 0.83)]
    return LearningCurveRecord(
        "ap",
        tuple(LearningPoint(n, Measured(v, v - 0.05, v + 0.04, 24, "")) for n, v in points),
        LearningPoint(1000, Measured(0.89, 0.82, 0.95, 24, "")),
        "With twice the pictures expect an AP of 0.89 (0.82 to 0.95).",
    )
