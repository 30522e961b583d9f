"""The claims of a cheat sheet for neural networks, measured on embedded data sets.

Each setting of MLPClassifier or MLPRegressor is changed alone, in short trainings with five seeds
(:func:`further.supervised.advice.advise`). Three claims of courses are looked at closely:

1. A smaller batch overtrains.
2. A wide network overfits.
3. Training is done when the loss flattens out.

Prints, by data set: difference of the held-out loss (below 0 is better) with an interval that holds
for all values together, and the gap between held-out and training loss.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from further import MLPClassifier, MLPRegressor
from further.data import load
from further.supervised.advice import Advice, advise
from further.train.run import machine

DATA = ("breast_cancer", "wine", "digits", "diabetes")
TRIED = {
    "hidden": [(16,), (64,), (1024, 1024)],
    "activation": ["relu", "tanh"],
    "dropout": [0.0],
    "training.batch_size": [16, 64],
    "training.optimizer": ["sgd"],
    "training.schedule": ["constant"],
}


def main() -> None:
    """Measure, and print a table a data set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--data", default=",".join(DATA))
    asked = parser.parse_args()
    print(f"Machine: {machine()}")
    for name in asked.data.split(","):
        started = time.perf_counter()
        data, model = load(name), MLPClassifier()
        if name == "diabetes":
            data, model = data.with_numbers("progression"), MLPRegressor()
        show(name, advise(model, data, tried=TRIED, seeds=asked.seeds))
        print(f"  {time.perf_counter() - started:.0f} s")
        flat(name, model, data, asked.seeds)


def show(name: str, found: Advice) -> None:
    """Print what was found on one data set."""
    print(f"\n{name}: {found.metric} {found.loss:.4g} as it is; {found.notes[0]}")
    for setting in found.settings:
        print(f"  {setting.name:14s} {setting.value:26s} {setting.advice}")
        for trial in setting.trials:
            sign = "better" if trial.better else "worse" if trial.worse else ""
            print(
                f"    {trial.value:22s} {trial.difference:+.4f} "
                f"({trial.low:+.4f} to {trial.high:+.4f}) gap {trial.gap:.4f} "
                f"{trial.seconds:5.1f} s {sign}"
            )


def flat(name: str, model: MLPClassifier | MLPRegressor, data: object, seeds: int) -> None:
    """Print what the loss does after it has become flat: when it is best, and when it is flat."""
    best, quiet = [], []
    for seed in range(seeds):
        model.set_params(random_state=seed, budget="256 epochs", precision="float32").fit(data)
        history = model.history_
        held = history.filter(regex="val_(refinement|loss)").iloc[:, 0].to_numpy()
        train = history["train_loss"].to_numpy()
        smooth = np.convolve(train, np.ones(10) / 10, mode="valid")
        still = np.flatnonzero(np.abs(np.diff(smooth)) < 0.001 * smooth[0])
        quiet.append(history["epoch"].iloc[still[0] + 10] if len(still) else np.nan)
        best.append(history["epoch"].iloc[int(np.nanargmin(held))])
    print(
        f"  flat: training loss moves by less than 0.1 % of its start from epoch "
        f"{np.nanmedian(quiet):.0f} on; the held-out loss is lowest at epoch {np.median(best):.0f} "
        f"of 256 (medians of {seeds})"
    )


if __name__ == "__main__":
    main()
