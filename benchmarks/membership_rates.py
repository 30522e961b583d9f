"""What membership inference finds of generators whose leaks are known, and how often it errs.

Each table is split at random into training, validation and test rows, and the attack of
``further.evaluate.generation.membership`` is run on

* controls that leak by construction: a copy, a copy with noise, one Gaussian a row, a tenth copied;
* networks trained on few rows to the last step, by their samples and by their weights;
* honest cases, in which members and others are both rows that the generator never saw: how often
  the flag is raised is the rate of false alarms.

Each figure is printed with what it should be, as it is found; the exit status is 1 if one misses.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

import further
from further.data import Dataset, load
from further.data.kind import fit_encoding
from further.evaluate.generation.flags import leaks
from further.evaluate.generation.membership import SAMPLES_A_ROW, MembershipInference
from further.generate.membership import membership_scores
from further.registry import find_model

ROWS = {"digits": 200, "breast_cancer": 180, "german_credit": 200, "adult": 200, "heart": 100}
FILES = {
    "german_credit": ("german_credit_readable.csv", "credit_risk"),
    "adult": ("adult_test.csv", None),
    "heart": ("heart_cleveland.csv", None),
}
#: The least that samples of an over-trained network must give away; of weights it is 0.9.
OVERTRAINED = {
    ("vae", "german_credit"): 0.95, ("vae", "breast_cancer"): 0.95, ("vae", "digits"): 0.95,
    ("diffusion", "german_credit"): 0.95, ("diffusion", "breast_cancer"): 0.75,
    ("diffusion", "digits"): 0.6,
}  # fmt: skip
WHITE_BOX = ("autoencoder", "flow")
failed = 0


def read(name: str) -> Dataset:
    if name not in FILES:
        return load(name)
    file, target = FILES[name]
    return load(Path(os.environ["FURTHER_TEST_DATA"]) / "tables" / file, target=target)


class Case:
    """A random split of a table, with rows encoded as the judge encodes them."""

    def __init__(self, name: str, seed: int) -> None:
        data, n = read(name), ROWS[name]
        order = np.random.default_rng(seed).permutation(len(data))
        self.train, self.validation, self.test = (
            data.take(order[i * n : (i + 1) * n]) for i in range(3)
        )
        self.encoding = fit_encoding(self.train)
        parts = (self.train, self.validation, self.test)
        self.x, self.reference, self.others = (self.encode(part) for part in parts)
        self.attack = MembershipInference(self.x, self.reference, self.others, seed=seed)

    def encode(self, part: Dataset) -> np.ndarray:
        return self.encoding.encode(part).reshape(len(part), -1)


def told(what: str, value: float, least: float | None = None, most: float | None = None) -> None:
    global failed
    good = (least is None or value >= least) and (most is None or value <= most)
    failed += not good
    rule = "" if least is None else f", at least {least}"
    rule += "" if most is None else f", at most {most}"
    print(f"  {what:<48} {value:.3f}{rule}{'' if good else '   MISSED'}", flush=True)


def around(x: np.ndarray, times: int, noise: float, rng: np.random.Generator) -> np.ndarray:
    rows = np.repeat(x, times, axis=0)
    return rows + noise * x.std(axis=0) * rng.normal(size=rows.shape)


def controls(seeds: int) -> None:
    """Generators that leak by construction: the mean over seeds."""
    print(f"Controls, mean of {seeds} splits")
    for name in ROWS:
        found: dict[str, list[float]] = {}
        for seed in range(seeds):
            case, rng = Case(name, seed), np.random.default_rng(seed)
            x, half = case.x, case.reference[: len(case.x) // 2]
            fair = MembershipInference(x, case.reference[len(half) :], case.others, seed=seed)
            tenth = np.concatenate([np.repeat(x[: len(x) // 10], 20, 0), np.repeat(half, 20, 0)])
            drawn = x[rng.integers(0, len(x), SAMPLES_A_ROW * len(x))]
            for what, attack, samples in (
                ("copy", case.attack, drawn),
                ("copy and noise of 0.3 sd, 5 samples a row", case.attack, around(x, 5, 0.3, rng)),
                ("one Gaussian a row, 0.5 sd wide", case.attack, around(x, 20, 0.5, rng)),
                ("a tenth copied", fair, tenth),
            ):
                found.setdefault(what, []).append(attack.score(samples).value)
        for (what, values), least in zip(found.items(), (0.95, 0.85, 0.7, None), strict=True):
            told(f"{name}: {what}", float(np.mean(values)), least)


def networks(budget: str) -> None:
    """Networks at their last weights, by samples and by weights."""
    print(f"Networks trained on few rows to the last step, budget {budget}")
    plan = [*OVERTRAINED, *((model, "breast_cancer") for model in WHITE_BOX)]
    for model, name in plan:
        case, start = Case(name, 0), time.perf_counter()
        estimator: Any = find_model(model).load()(
            training={"keep": "last"}, random_state=0, precision="float32", budget=budget
        )
        estimator.fit(case.train, validation=case.validation)
        n = SAMPLES_A_ROW * len(case.x)
        encoded = estimator.sample_encoded(n, estimator.condition(n, None, 0), 0)
        # On the source's own grid, as the judge sees samples.
        values = estimator.encoding_.decode_values(encoded)
        samples = case.encode(further.data.as_dataset(values)) if name == "digits" else encoded
        score = case.attack.score(samples.reshape(n, -1))
        seconds = time.perf_counter() - start
        told(f"{name}: {model}, samples", score.value, OVERTRAINED.get((model, name)))
        parts = []
        for part, rows in ((case.train, case.attack.members), (case.test, case.attack.others)):
            part = part.take(rows)
            parts.append(
                membership_scores(estimator, estimator.encoding_.encode(part), part.codes, 0)
            )
        white = case.attack.score_known(*parts)
        told(f"{name}: {model}, weights ({seconds:.0f} s)", white.value, 0.9)


def false_alarms(seeds: int, budget: str) -> None:
    """Flags where neither members nor others were seen by the generator."""
    print(f"False alarms of {seeds} splits, by samples and by weights; at most 0.05")
    for name in ROWS:
        data = read(name)
        n = min(ROWS[name], len(data) // 5)
        order = np.random.default_rng(0).permutation(len(data))
        seen, held, rest = order[:n], order[n : 2 * n], order[2 * n :]
        train = data.take(seen)
        estimator: Any = find_model("vae").load()(
            random_state=0, precision="float32", budget=budget, training={"keep": "last"}
        )
        estimator.fit(train, validation=data.take(held))
        m = SAMPLES_A_ROW * n
        encoded = estimator.sample_encoded(m, estimator.condition(m, None, 0), 0).reshape(m, -1)
        others = data.take(rest)
        x = estimator.encoding_.encode(others)
        known = membership_scores(estimator, x, others.codes, 0)
        flat, flags = x.reshape(len(x), -1), np.zeros((seeds, 2))
        for seed in range(seeds):
            parts = np.array_split(
                np.random.default_rng(seed + 1).permutation(len(rest))[: 3 * n], 3
            )
            members, reference, non_members = parts
            attack = MembershipInference(
                flat[members], flat[reference], flat[non_members], seed=seed
            )
            by_weights = attack.score_known(
                known[members[attack.members]], known[non_members[attack.others]]
            )
            for which, score in enumerate((attack.score(encoded), by_weights)):
                flags[seed, which] = leaks(score)
        for which, rate in zip(("samples", "weights"), flags.mean(axis=0), strict=True):
            told(f"{name}: {which}, {len(members)} rows", float(rate), most=0.05)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=["controls", "networks", "false_alarms"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--splits", type=int, default=100)
    parser.add_argument("--budget", default="auto")
    arguments = parser.parse_args()
    parts = {
        "controls": lambda: controls(arguments.seeds),
        "networks": lambda: networks(arguments.budget),
        "false_alarms": lambda: false_alarms(arguments.splits, "300 steps"),
    }
    for name, part in parts.items():
        if arguments.only in (None, name):
            part()
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
