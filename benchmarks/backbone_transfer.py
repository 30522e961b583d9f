"""What a backbone that was trained before gains: blood cells, after flowers, at an equal budget.

A CNNClassifier learns to tell flowers12 apart. Its convolutions are the backbone of a YOLO that
then learns the cells of bccd, from all or from a few of its training pictures, with everything or
with the head alone trained; beside it stand the same networks from random weights, trained for as
many steps. AP50 on the official test pictures; intervals by resampling these, for a gain in pairs.
They hold for the seed of the training, of which there is one unless ``--seeds`` says otherwise.

    FURTHER_TEST_DATA=... python benchmarks/backbone_transfer.py --steps 200
"""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from processor import processor

import further
from further.data import Dataset
from further.evaluate.interval import score_from_resamples
from further.evaluate.vision.detection import AT_50, DRAWS, ObjectPredictions
from further.supervised import CNNClassifier
from further.vision.yolo import YOLO

CHANNELS = (16, 32, 64, 96, 128)
FLOWERS_SIDE = 64


def trained_before(folder: Path, flowers: Path, budget: str) -> tuple[Path, float]:
    """Return the run of a classifier of flowers, and its accuracy on held-out ones."""
    data = further.data.load(flowers, resize=FLOWERS_SIDE)
    parts = data.split(seed=0)
    model = CNNClassifier(
        channels=CHANNELS, augmentation="mirror", budget=budget, precision="float32", random_state=0
    ).fit(data.take(np.concatenate([parts.train, parts.validation])), run=folder)
    test = data.take(parts.test)
    assert test.classes is not None
    right = model.predict(test.values) == np.asarray(model.classes_)[test.classes.codes]
    return folder, float(right.mean())


def found(train: Dataset, test: Dataset, steps: int, seed: int, **parameters: Any) -> Any:
    """Return the predictions of a detector beside the truth."""
    model = YOLO(
        backbone="cnn", channels=CHANNELS, augmentation="turn", budget=f"{steps} steps",
        random_state=seed, **parameters,
    ).fit(train)  # fmt: skip
    return ObjectPredictions(test.target, model.predict(test, threshold=0.0))


def figures(predictions: list[Any]) -> Any:
    """Return AP50 of the first predictions, and by how much it exceeds that of the second."""
    ranked = [one.ranked(one.matches) for one in predictions]

    def of(weights: np.ndarray) -> np.ndarray:
        ap50 = [np.nanmean([a.average(weights)[0][AT_50] for a in classes]) for classes in ranked]
        return np.array([ap50[0], ap50[0] - ap50[1]])

    n = len(predictions[0].truth.counts)
    return score_from_resamples(of, n, groups=None, seed=0, limits=(-1.0, 1.0), draws=DRAWS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=200, help="of each detector")
    parser.add_argument("--before", default="40 epochs", help="budget of the classifier")
    parser.add_argument("--pictures", type=int, nargs="+", default=[292, 40])
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--run", type=Path, help="of the classifier; one that is there is taken")
    given = parser.parse_args()
    folder = Path(os.environ["FURTHER_TEST_DATA"])
    run = given.run or Path(tempfile.mkdtemp()) / "flowers"
    if not (run / "model.json").is_file():
        _, accuracy = trained_before(run, folder / "flowers12", given.before)
        print(f"flowers12: accuracy {accuracy:.2f} on held-out flowers", flush=True)
    data = further.data.load(folder / "bccd")
    parts = data.split(seed=0)
    train = data.take(np.concatenate([parts.train, parts.validation]))
    test = data.take(parts.test)
    print(f"\n{processor({})}; {given.steps} steps of 8 pictures, {given.size} px wide\n")
    print("| pictures | seed | what learns | AP50, random | AP50, after flowers | gain |")
    print("|---|---|---|---|---|---|")
    for n in given.pictures:
        some = train.take(np.sort(np.random.default_rng(0).permutation(len(train))[:n]))
        for seed in given.seeds:
            for trainable in ("all", "head"):
                shared = {"size": given.size, "trainable": trainable}
                plain, after = (
                    found(some, test, given.steps, seed, weights=weights, **shared)
                    for weights in (None, str(run))
                )
                (ours, gain), (theirs, _) = figures([after, plain]), figures([plain, after])
                told = [score.estimate for score in (theirs, ours, gain)]
                cells = [f"{e.value:.3f} [{e.low:.3f}, {e.high:.3f}]" for e in told]
                print(f"| {n} | {seed} | {trainable} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
