"""The label audit beside cleanlab's ObjectLab: injected errors among the first 50 suspicions.

Into the labels of ``bccd`` (in the folder that FURTHER_TEST_DATA names) go 300 errors: 100 labels
are deleted, 100 boxes moved by 20 to 45 % of each side, 100 labels get another class. Both sides
see the same labels and the same out-of-fold predictions of a YOLO that learnt from them as they
were given (``--retrained``: from the labels with the errors, one injection). A suspicion is a hit
if the label that it is about was moved or got another class, or if its prediction overlaps a
deleted label, or the old place of a moved one, by half; each error counts once, whatever the kind
of the suspicion. bccd has many errors of its own, which count as false here, for both.

ObjectLab gives a score for each label and kind, and for each prediction: all in one list, of each
label the lowest. Its thresholds on the detector's scores (0.95 and 0.5) fit no detector whose
scores mean an expected overlap, so that it stands twice in the table: by default, and with the
thresholds that are best for it, chosen on the hits themselves. Since its scores of different kinds
are not on one scale, its three lists are also taken in turn, and the better of the two counts.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import os
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from cleanlab.object_detection import rank

from further.data import Dataset, load
from further.data.target import Boxes
from further.trust.labels.audit import audit_labels
from further.trust.labels.evidence import confident, overlaps, rows_of
from further.trust.labels.out_of_fold import out_of_fold, read_boxes, write_boxes
from further.vision.yolo import YOLO

PER_KIND, FIRST = 100, 50
KINDS = ("missing", "misplaced", "swapped")
#: Thresholds that ObjectLab is tried with: of confident and of possible predictions.
HIGH, LOW = (0.95, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3), (0.5, 0.4, 0.3, 0.2, 0.1)
SHIFT, ALPHA = (0.2, 0.45), 0.9


@dataclass(frozen=True)
class Injected:
    """Labels with errors; ``kinds`` of each label, and where the objects really are."""

    dataset: Dataset
    kinds: np.ndarray
    places: Boxes
    place_kinds: np.ndarray
    #: Of each label its entry in ``places``; -1 for those that are as they were.
    error_of: np.ndarray


class Suspect(NamedTuple):
    """A suspicion of either side: a label's number, or a predicted box."""

    score: float
    picture: int
    label: int | None
    box: np.ndarray | None
    kind: str


def inject(dataset: Dataset, seed: int) -> Injected:
    """Put errors into labels."""
    labels = dataset.target
    assert isinstance(labels, Boxes)
    assert dataset.sizes is None
    rng = np.random.default_rng([11, seed])
    rows = rows_of(labels)
    drawn = rng.permutation(len(rows))[: 3 * PER_KIND]
    kinds = np.full(len(rows), "", dtype="<U9")
    for i, kind in enumerate(KINDS):
        kinds[drawn[i * PER_KIND : (i + 1) * PER_KIND]] = kind
    corners, codes = labels.corners.copy(), labels.codes.copy()
    moved = kinds == "misplaced"
    sides = corners[moved, 2:] - corners[moved, :2]
    step = sides * rng.uniform(*SHIFT, sides.shape) * rng.choice([-1, 1], sides.shape)
    height, width = dataset.values.shape[2:]
    corners[moved] = np.clip(corners[moved] + np.tile(step, 2), 0, [width, height, width, height])
    swapped = kinds == "swapped"
    codes[swapped] += rng.integers(1, len(labels.names), swapped.sum())
    codes[swapped] %= len(labels.names)
    stays, wrong = kinds != "missing", kinds != ""
    n = len(dataset)
    given = replace(
        labels, codes=codes[stays], corners=corners[stays],
        counts=np.bincount(rows[stays], minlength=n),
    )  # fmt: skip
    places = replace(
        labels, codes=labels.codes[wrong], corners=labels.corners[wrong],
        counts=np.bincount(rows[wrong], minlength=n),
    )  # fmt: skip
    number = np.where(wrong, np.cumsum(wrong) - 1, -1)
    return Injected(
        replace(dataset, target=given), kinds[stays], places, kinds[wrong], number[stays]
    )


def hits(made: Injected, ranked: list[Suspect]) -> np.ndarray:
    """Return of each suspicion whether it is about an error that no earlier one was about."""
    labels = made.dataset.target
    starts = np.cumsum(labels.counts) - labels.counts
    found: set[int] = set()
    out = np.zeros(len(ranked), dtype=bool)
    for i, suspect in enumerate(ranked):
        if suspect.label is not None:
            error = int(made.error_of[starts[suspect.picture] + suspect.label])
        else:
            there = made.places.of_row(suspect.picture)
            iou = overlaps(made.places.corners[there], np.float32(suspect.box)[None])[0][:, 0]
            iou[made.place_kinds[there] == "swapped"] = 0
            error = there.start + int(iou.argmax()) if iou.max(initial=0) >= 0.5 else -1
        out[i] = error >= 0 and error not in found
        found.add(error)
    return out


def further_list(made: Injected, predictions: Boxes, seed: int) -> list[Suspect]:
    """Return the ranking of the label audit."""
    found = audit_labels(made.dataset, predictions, seed=seed)
    return [
        Suspect(-s.probability, s.picture, s.label, np.array(s.found_box or ()), s.kind)
        for s in found.suspicions
    ]


def as_theirs(boxes: Boxes, n_classes: int) -> list[dict] | list[np.ndarray]:
    """Return labels, or predictions, as cleanlab takes them."""
    out = []
    for row in range(len(boxes.counts)):
        part = boxes.of_row(row)
        corners, codes = boxes.corners[part].astype(float), boxes.codes[part]
        if boxes.scores is None:
            out.append({"bboxes": corners, "labels": codes})
        else:
            rows = np.column_stack([corners, boxes.scores[part]])
            per_class = [rows[codes == code] for code in range(n_classes)]
            out.append(np.array([*per_class, None], dtype=object)[:-1])
    return out


class ObjectLab:
    """Its scores for one set of labels, the pairs of boxes compared once."""

    def __init__(self, made: Injected, predictions: Boxes) -> None:
        n_classes = len(predictions.names)
        self.n = len(made.dataset)
        labels = as_theirs(made.dataset.target, n_classes)
        theirs = as_theirs(predictions, n_classes)
        inputs = rank._get_valid_inputs_for_compute_scores(ALPHA, labels, theirs)
        self.inputs = inputs
        self.boxes = [one["pred_bboxes"] for one in inputs]

    @cache  # noqa: B019 (one object an injection)
    def confident(self, high: float) -> tuple[list[np.ndarray], list[np.ndarray]]:
        given = {
            "auxiliary_inputs": self.inputs,
            "alpha": ALPHA,
            "high_probability_threshold": high,
        }
        return rank.compute_overlooked_box_scores(**given), rank.compute_swap_box_scores(**given)

    @cache  # noqa: B019
    def placed(self, low: float) -> list[np.ndarray]:
        return rank.compute_badloc_box_scores(
            auxiliary_inputs=self.inputs, alpha=ALPHA, low_probability_threshold=low
        )

    def scores(self, high: float, low: float) -> dict[str, list[np.ndarray]]:
        overlooked, swap = self.confident(high)
        return {"missing": overlooked, "misplaced": self.placed(low), "swapped": swap}

    def ranked(self, high: float, low: float) -> list[Suspect]:
        out = [
            Suspect(
                score, row, None if kind == "missing" else i,
                self.boxes[row][i] if kind == "missing" else None, kind,
            )
            for kind, of_kind in self.scores(high, low).items()
            for row, scores in enumerate(of_kind)
            for i, score in enumerate(scores)
            if not np.isnan(score)
        ]  # fmt: skip
        return sorted(out, key=lambda suspect: suspect.score)

    def pictures(self, high: float, low: float) -> np.ndarray:
        found = self.scores(high, low)
        pooled = [rank.pool_box_scores_per_image(scores) for scores in found.values()]
        return np.prod(pooled, axis=0)


def once_a_label(ranked: list[Suspect]) -> list[Suspect]:
    """Leave out what is said of a label again, of another kind."""
    said = {(s.picture, s.label): i for i, s in reversed(list(enumerate(ranked)))}
    return [s for i, s in enumerate(ranked) if s.label is None or said[s.picture, s.label] == i]


def in_turn(ranked: list[Suspect]) -> list[Suspect]:
    """Take the kinds in turn, since their scores are not on one scale."""
    places = {kind: itertools.count() for kind in KINDS}
    by_place = [(next(places[suspect.kind]), i) for i, suspect in enumerate(ranked)]
    return [ranked[i] for _, i in sorted(by_place)]


def picture_scores(ranked: list[Suspect], n: int) -> np.ndarray:
    """Return the probability that a picture has no error."""
    out = np.ones(n)
    for suspect in ranked:
        out[suspect.picture] *= 1 + suspect.score
    return out


def predicted(dataset: Dataset, file: Path | None, budget: str, precision: str) -> Boxes:
    """Return out-of-fold predictions, from a file where it is there."""
    if file is not None and file.is_file():
        return read_boxes(file)
    detector = YOLO(size=320, augmentation="turn", budget=budget, precision=precision)
    found = out_of_fold(detector, dataset)
    if file is not None:
        write_boxes(file, found)
    return found


def interval(values: list[float]) -> str:
    """Write a mean over injections with its 95 % interval."""
    from scipy.stats import t

    mean = float(np.mean(values))
    if len(values) < 2:
        return f"{mean:.3f}"
    half = t.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / np.sqrt(len(values))
    return f"{mean:.3f} ({mean - half:.3f} to {min(1.0, mean + half):.3f})"


def measures(made: Injected, ranked: list[Suspect], pictures: np.ndarray) -> dict[str, float]:
    """Return precision among the first 50: of all, of each kind alone, and of pictures."""
    one_list = once_a_label(ranked)
    found = {
        "all kinds": float(hits(made, one_list[:FIRST]).mean()),
        f"all kinds, first {3 * PER_KIND}": float(hits(made, one_list[: 3 * PER_KIND]).mean()),
    }
    for kind in KINDS:
        alone = [suspect for suspect in ranked if suspect.kind == kind][:FIRST]
        found[f"{kind} alone"] = float(hits(made, alone).sum() / FIRST)
    bad = np.bincount(rows_of(made.places), minlength=len(pictures)) > 0
    found["pictures"] = float(bad[np.argsort(pictures, kind="stable")[:FIRST]].mean())
    return found


def compared(made: Injected, predictions: Boxes, seed: int) -> dict[str, dict[str, float]]:
    """Return the measures of all sides for one injection."""
    mine = further_list(made, predictions, seed)
    out = {"further": measures(made, mine, picture_scores(mine, len(made.dataset)))}
    with contextlib.redirect_stdout(io.StringIO()):
        theirs = ObjectLab(made, predictions)
        for high, low in itertools.product(HIGH, LOW):
            found = measures(made, theirs.ranked(high, low), theirs.pictures(high, low))
            out[f"ObjectLab {high} {low}"] = found
            lists = in_turn(theirs.ranked(high, low))
            found = measures(made, lists, theirs.pictures(high, low))
            out[f"ObjectLab {high} {low} in turn"] = found
    return out


def report(results: list[dict[str, dict[str, float]]]) -> None:
    """Write the table: further, ObjectLab by default, ObjectLab at its best."""

    def average(side: str, name: str) -> float:
        return float(np.mean([result[side][name] for result in results]))

    tried = [side for side in results[0] if side.startswith("ObjectLab")]
    for name in results[0]["further"]:
        best = max(tried, key=lambda side: average(side, name))
        print(name)
        for side in ("further", "ObjectLab 0.95 0.5", best):
            print(f"  {side:<28} {interval([result[side][name] for result in results])}")
        gap = [result["further"][name] - result[best][name] for result in results]
        print(f"  further less the best        {interval(gap)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--injections", type=int, default=5)
    parser.add_argument("--budget", default="12 epochs")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--predictions", type=Path, help="NPZ file, written where it is not there")
    parser.add_argument("--retrained", action="store_true", help="learn from the wrong labels")
    arguments = parser.parse_args()
    folder = os.environ.get("FURTHER_TEST_DATA")
    if not folder:
        parser.error("FURTHER_TEST_DATA names no folder")
    dataset = load(Path(folder) / "bccd")
    made = [inject(dataset, seed) for seed in range(arguments.injections)]
    learns = dataset
    if arguments.retrained:
        made = made[:1]
        learns = made[0].dataset
    # Both sides look at the same ones.
    predictions, _ = confident(
        predicted(learns, arguments.predictions, arguments.budget, arguments.precision)
    )
    print(
        f"{len(dataset)} pictures, {len(dataset.target.codes)} labels, {3 * PER_KIND} errors, "
        f"{len(made)} injections; precision among the first {FIRST}, 95 % interval over injections"
    )
    report([compared(one, predictions, seed) for seed, one in enumerate(made)])


if __name__ == "__main__":
    main()
