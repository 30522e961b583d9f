"""Runs of models that find something in pictures, by hand, through the writers of the library.

What is predicted is the truth, jittered: some objects are left out, some invented, some swapped.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from further.compare.vision.held_out import kept_rows, write_held_out, write_predictions
from further.compare.vision.stages import write_stages
from further.data import load
from further.data.dataset import Dataset
from further.data.target import Boxes, Instances, Mask
from further.evaluate.record import Apart, DataRecord, Figure, HeldOutRecord, Measured
from further.evaluate.typed_json import to_json
from further.evaluate.vision.judged import evidence, judge
from further.evaluate.vision.record import (
    LearningCurveRecord,
    LearningPoint,
    VisionEvaluation,
    VisionRecommendation,
    VisionRecord,
)
from further.train.files import write_json

HELD_OUT = 24


def scenes(kind: str, n: int = HELD_OUT) -> tuple[Dataset, np.ndarray]:
    """Return scenes with such a target, and the rows of held-out ones."""
    dataset = load("scenes")
    held = np.flatnonzero(dataset.official_split == "test")[:n]
    target = {"detection": "boxes", "segmentation": "mask", "instances": "instances"}[kind]
    assert dataset.target is not None
    return dataclasses.replace(dataset, target=dataset.target.seen_as(target)), held


def jittered(truth: Any, seed: int, amount: float = 1.0) -> Any:
    """Return a prediction: the truth with errors of all kinds."""
    rng = np.random.default_rng(seed)
    if isinstance(truth, Mask):
        codes = truth.codes.copy()
        for picture in codes:
            shift = rng.integers(-2, 3, 2)
            picture[:] = np.roll(picture, shift, axis=(0, 1))
            present = np.unique(picture[picture > 0])
            if len(present) and rng.random() < 0.4 * amount:
                picture[picture == rng.choice(present)] = rng.integers(len(truth.names))
        return dataclasses.replace(truth, codes=codes)
    n = len(truth.codes)
    kept = rng.random(n) > 0.08 * amount
    doubled = kept & (rng.random(n) < 0.06 * amount)
    chosen = np.sort(np.concatenate([np.flatnonzero(kept), np.flatnonzero(doubled)]))
    of_row = np.repeat(np.arange(len(truth.counts)), truth.counts)[chosen]
    codes = truth.codes[chosen].copy()
    swapped = rng.random(len(codes)) < 0.07 * amount
    codes[swapped] = rng.integers(0, len(truth.names), swapped.sum())
    scores = np.clip(rng.beta(8, 2, len(codes)) - 0.4 * swapped, 0.02, 1).astype(np.float32)
    counts = np.bincount(of_row, minlength=len(truth.counts))
    common: dict[str, Any] = {"counts": counts, "codes": codes, "scores": scores}
    if isinstance(truth, Boxes):
        corners = truth.corners[chosen]
        sides = np.tile(corners[:, 2:] - corners[:, :2], 2)
        moved = corners + rng.normal(0, 0.05 * amount, corners.shape) * sides
        far = rng.random(len(moved)) < 0.06
        moved[far] += 0.5 * sides[far]
        # Something that is not there, in every picture, with a low score.
        extra = rng.uniform(0, 90, (len(truth.counts), 2))
        invented = np.concatenate([extra, extra + rng.uniform(10, 30, extra.shape)], axis=1)
        rows = np.concatenate([of_row, np.arange(len(truth.counts))])
        order = np.argsort(rows, kind="stable")
        common = {
            "counts": counts + 1,
            "codes": np.concatenate([codes, rng.integers(0, len(truth.names), len(extra))])[order],
            "scores": np.concatenate([scores, rng.beta(2, 4, len(extra))])[order],
        }
        corners = np.concatenate([moved, invented])[order]
        return dataclasses.replace(truth, corners=corners.astype(np.float32), **common)
    masks = np.unpackbits(truth.packed[chosen], axis=2, count=truth.width)
    shifted = [np.roll(m, rng.integers(-2, 3, 2), axis=(0, 1)) for m in masks]
    packed = np.packbits(np.array(shifted), axis=2)
    return dataclasses.replace(truth, packed=packed, **common)


def _record(name: str, label: str, found: Any, held: Dataset, rows: Any, **more: Any) -> Any:
    judged = judge(held.target, found)
    figures = {
        metric: _figure(score) for metric, score in judged.scores().items() if score is not None
    }
    by_class = {
        metric: {of: _figure(score) for of, score in scores.items() if score is not None}
        for metric, scores in judged.scores_by_class().items()
    }
    return VisionRecord(
        name=name, label=label, metrics=figures, by_class=by_class,
        **evidence(judged, rows=rows, files=held.files), **more,
    )  # fmt: skip


def _figure(score: Any) -> Figure:
    estimate = score.estimate
    return Figure(
        estimate.value, estimate.low, estimate.high, estimate.n, "resampled pictures"
    )  # fmt: skip


def write_run(
    folder: Path, task: str, *, models: int = 1, found: Any = None, n: int = HELD_OUT,
    dataset: Dataset | None = None, held_rows: Any = None, history: Path | None = None,
) -> Path:  # fmt: skip
    """Write a run of a task with some models and a control."""
    if dataset is None:
        dataset, held_rows = scenes(task, n)
    held = dataset.take(held_rows)
    truth: Any = held.target
    names = [("yolo", "YOLO"), ("faster_rcnn", "Faster R-CNN"), ("small", "Small one")][:models]
    records = []
    for i, (name, label) in enumerate(names):
        said = found if found is not None and not i else jittered(truth, i, 1.0 + i)
        own = folder / "models" / name if models > 1 else folder
        write_predictions(own, said, held_rows)
        if task == "detection" and not i:
            write_stages(own, int(held_rows[0]), _stages(said, held))
        curve = _more_pictures() if not i else None
        records.append(
            _record(
                name, label, said, held, held_rows, parameters=141_000, seconds=41.0 + i,
                seconds_per_picture=0.004, energy_wh=0.21, carbon_g=0.08, learning_curve=curve,
            )
        )  # fmt: skip
    control = jittered(truth, 9, 4.0)
    write_predictions(folder / "controls" / "mean_box", control, held_rows)
    of_control = _record("mean_box", "Mean box", control, held, held_rows, role="control")
    places = {int(row): place for place, row in enumerate(held_rows)}
    worst = [places[one.row] for record in records for one in record.worst]
    write_held_out(folder, dataset, held_rows, kept_rows(len(held_rows), worst, 0))
    metric = "mean_iou" if task == "segmentation" else "ap50"
    advice = None
    if models > 1:
        apart = Measured(-0.08, -0.13, -0.02, len(held_rows), "paired")
        advice = VisionRecommendation(
            "Use YOLO: its AP50 of 0.89 is the highest; Faster R-CNN is 0.08 lower.", metric,
            names[0][0], (), tuple(Apart(name, apart, False, 0.99, 0.0) for name, _ in names[1:]),
        )  # fmt: skip
    evaluation = VisionEvaluation(
        task=task,  # type: ignore[arg-type]
        command=f"further train yolo {dataset.name} --seed 0",
        further="0.1",
        data=DataRecord(
            name=dataset.name, kind="images", source=dataset.source, classes=truth.names,
            rows={"all": len(dataset), "held out": len(held_rows)}, notes=dataset.notes,
        ),
        seed=0,
        held_out=HeldOutRecord("the test part that the data set comes with", 1, len(held_rows)),
        models=tuple(records),
        controls=(of_control,),
        recommendation=advice,
        seconds=61.0,
    )  # fmt: skip
    write_json(folder / "evaluation.json", to_json(evaluation))
    write_json(folder / "run.json", {"status": "finished", "model": "yolo", "task": task})
    if history is not None:
        (folder / "history.csv").write_text(history.read_text())
    return folder


def _more_pictures() -> LearningCurveRecord:
    points = [(25, 0.61), (50, 0.74), (75, 0.80), (100, 0.83)]
    return LearningCurveRecord(
        "ap50",
        tuple(LearningPoint(n * 5, Measured(v, v - 0.05, v + 0.04, 24, "")) for n, v in points),
        LearningPoint(1000, Measured(0.89, 0.82, 0.95, 24, "")),
        "With twice the pictures expect AP50 0.89 (0.82 to 0.95).",
    )


def _stages(found: Boxes | Instances, held: Dataset) -> dict[str, Boxes]:
    """Return steps of a made-up detector on the first picture."""
    assert isinstance(found, Boxes)
    kept, rng = found.take(np.array([0])), np.random.default_rng(0)
    repeats = np.repeat(np.arange(len(kept.codes)), 6)
    around = kept.corners[repeats] + rng.normal(0, 2, (len(repeats), 4)).astype(np.float32)
    assert kept.scores is not None
    lower = (kept.scores[repeats] * rng.uniform(0.3, 0.95, len(repeats))).astype(np.float32)
    removed = Boxes(
        "boxes", np.array([len(around)]), kept.codes[repeats], kept.names, around, lower
    )
    raw = Boxes(
        "boxes", kept.counts + len(around), np.concatenate([kept.codes, removed.codes]), kept.names,
        np.concatenate([kept.corners, around]), np.concatenate([kept.scores, lower]),
    )  # fmt: skip
    cells = []
    for side in (8, 16, 32):
        y, x = np.mgrid[0:128:side, 0:128:side]
        corner = np.stack([x.ravel(), y.ravel()], axis=1)
        cells.append(np.concatenate([corner, corner + side], axis=1))
    corners = np.concatenate(cells).astype(np.float32)
    middles = (kept.corners[:, :2] + kept.corners[:, 2:]) / 2
    inside = (corners[:, None, :2] <= middles) & (middles < corners[:, None, 2:])
    scores = np.where(inside.all(axis=2).any(axis=1), 0.8, 0.01).astype(np.float32)
    codes = np.zeros(len(corners), dtype=np.int64)
    grid = Boxes("boxes", np.array([len(corners)]), codes, kept.names, corners, scores)
    return {"cells": grid, "raw": raw, "suppressed": removed, "kept": kept}
