"""What the doctor finds of faults whose presence is known, and how often it errs.

Trainings and their labels are made first, by ``doctor_trainings.py``, and written to a file; the
doctor sees them in a second pass. Five parts share neither data sets nor architectures: thresholds
were chosen on four, three of which had judged before; ``judging`` is what counts.
Each training is diagnosed three times: with all that a run of further logs; with the losses, the
validation metric and the constant predictor's loss (``--classes`` or ``--baseline``), which whoever
has a history can give; and without the last.

* *Detection*: of the trainings with a fault put in, the share in which the fault's condition, or an
  equivalent of the table below, is among the findings. *Exact*: the findings name every fault that
  is there, the injected one and those of length, and nothing else.
* *False alarms*: of the healthy trainings, the share with any finding that is a problem. What the
  doctor only notes (validation loss below training loss, as dropout makes it) is no alarm, and
  finds nothing.

The same follows for real trainings of DeepOBS (``FURTHER_TEST_DATA``), whose labels come from their
test losses and their grid of learning rates. Intervals are Wilson's, of 95 %.
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from math import sqrt
from pathlib import Path

import doctor_trainings as trainings
import numpy as np
from doctor_trainings import Example

from further import doctor
from further.trust.doctor.diagnosis import Diagnosis

#: What counts as having found a fault: its condition first, then what a reader would act on in the
#: same way. Fixed before the first diagnosis.
EQUIVALENTS: dict[str, tuple[str, ...]] = {
    "stopped_early": ("still_learning", "learning_rate_too_low", "underfitting"),
    "too_short": ("still_learning", "learning_rate_too_low", "underfitting"),
    "overfitted": ("overfitting",),
    "rate_too_high": (
        "learning_rate_too_high", "diverged", "non_finite", "not_learning", "underfitting",
    ),
    "rate_too_low": (
        "learning_rate_too_low", "still_learning", "not_learning", "underfitting",
    ),
    "shuffled_labels": ("overfitting", "not_learning"),
    "half_shuffled_labels": (
        "overfitting", "not_learning", "underfitting", "validation_below_training",
    ),
    "tiny_validation": ("noisy_validation", "unrepresentative_split"),
    "leak_of_rows": ("leakage_suspected",),
    "leak_of_target": ("leakage_suspected",),
    "no_regularisation": ("overfitting",),
    "net_too_small": ("underfitting", "not_learning"),
    "dead_start": ("not_learning", "plateau_then_drop"),
    "huge_start": (
        "diverged", "non_finite", "not_learning", "plateau_then_drop", "overfitting",
        "still_learning",
    ),
    "dropout_too_strong": ("underfitting", "not_learning", "validation_below_training"),
    "unlike_split": ("unrepresentative_split", "overfitting"),
    "stuck_in_all_rates": ("not_learning", "diverged"),  # of DeepOBS
}  # fmt: skip
#: Faults that curves do not show, decided beforehand: half of the labels wrong on both sides of the
#: split is a task with noise. They are told beside the others and not counted with them.
NOT_IN_CURVES = ("half_shuffled_labels",)


def wilson(hits: int, n: int) -> tuple[float, float]:
    """Return the interval of a share."""
    if not n:
        return 0.0, 1.0
    z, p = 1.96, hits / n
    centre, half = p + z * z / (2 * n), z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (centre - half) / (1 + z * z / n), (centre + half) / (1 + z * z / n)


def share(hits: int, n: int) -> str:
    low, high = wilson(hits, n)
    return f"{hits:4d} of {n:3d} = {hits / max(n, 1):6.1%} ({low:.0%} to {high:.0%})"


#: What a training shows besides training and validation loss and the metric of validation rows.
VIEWS: dict[str, tuple[str, ...]] = {
    "all that further logs": ("fit_loss", "lr", "baseline", "counts"),
    "losses, metric and the constant predictor's loss": ("baseline",),
    "losses and metric alone": (),
}


def diagnose(example: Example, view: str) -> Diagnosis:
    also = VIEWS[view]
    hidden = {"fit_loss", "lr"} - set(also)
    shown = {name: values for name, values in example.history.items() if name not in hidden}
    counts = {
        "validation_rows": example.rows["validation"], "training_rows": example.rows["train"],
        "parameters": example.parameters,
    }  # fmt: skip
    return doctor(
        shown,
        baseline=example.baseline if "baseline" in also else None,
        **(counts if "counts" in also else {}),
    )


def problems(found: Diagnosis) -> set[str]:
    return {finding.condition for finding in found.problems}


def is_found(fault: str, found: Diagnosis) -> bool:
    return bool(problems(found) & set(EQUIVALENTS[fault]))


def is_exact(example: Example, found: Diagnosis) -> bool:
    allowed = {name for fault in example.faults for name in EQUIVALENTS[fault]}
    return problems(found) <= allowed and all(is_found(fault, found) for fault in example.faults)


# Simple rules -------------------------------------------------------------------------------------


def textbook(history: trainings.History) -> bool:
    """Validation above 1.5 times training, at the end."""
    return not history["val_loss"][-1] <= 1.5 * history["train_loss"][-1]


def patience(history: trainings.History) -> bool:
    """The lowest validation loss is more than ten epochs, or a fifth of them, ago."""
    values = np.nan_to_num(np.array(history["val_loss"]), nan=np.inf)
    return len(values) - 1 - int(np.argmin(values)) > max(10, len(values) // 5)


def rises(history: trainings.History) -> bool:
    """The last validation loss is 5 % above the lowest."""
    return not history["val_loss"][-1] <= 1.05 * np.nanmin(history["val_loss"])


RULES: dict[str, Callable[[trainings.History], bool]] = {
    "validation above 1.5 times training": textbook,
    "patience of ten epochs or a fifth": patience,
    "validation 5 % above its lowest": rises,
}


# Tables -------------------------------------------------------------------------------------------


def tell(examples: list[Example], part: str, view: str) -> tuple[float, float]:
    """Print the tables of a part, and return detection and false alarms."""
    both = [(example, diagnose(example, view)) for example in examples]
    healthy = [(e, f) for e, f in both if e.is_healthy]
    print(f"\n{part}, {view}: {len(examples)} trainings, {len(healthy)} healthy")
    print(f"\n{'fault':20s} {'found':38s} {'by its own name':16s} exact")
    total = Counter[str]()
    for fault, names in EQUIVALENTS.items():
        of = [(e, f) for e, f in both if e.fault == fault]
        hits = sum(is_found(fault, f) for _, f in of)
        own = sum(names[0] in problems(f) for _, f in of)
        exact = sum(is_exact(e, f) for e, f in of)
        if of:
            n = len(of)
            aside = " (not in the curves)" if fault in NOT_IN_CURVES else ""
            print(f"{fault:20s} {share(hits, n):38s} {own / n:16.0%} {exact / n:.0%}{aside}")
        if fault not in NOT_IN_CURVES:
            total.update(n=len(of), hits=hits, own=own, exact=exact)
    n = max(total["n"], 1)
    own, exact = total["own"] / n, total["exact"] / n
    print(f"{'all':20s} {share(total['hits'], total['n']):38s} {own:16.0%} {exact:.0%}")
    ill = [(e, f) for e, f in both if not e.is_healthy and e.fault not in NOT_IN_CURVES]
    injected = [(e, f) for e, f in ill if e.injected]
    hits = sum(is_found(e.fault, f) for e, f in injected)
    print(f"{'all injected':20s} {share(hits, len(injected))}")
    print(f"{'called unhealthy':20s} {share(sum(bool(problems(f)) for _, f in ill), len(ill))}")
    alarms = sum(bool(problems(f)) for _, f in healthy)
    print(f"\nfalse alarms         {share(alarms, len(healthy))}")
    for name, count in Counter(n for _, f in healthy for n in problems(f)).most_common():
        print(f"  {name:28s} {share(count, len(healthy))}")
    for low, high in ((0.05, 0.1), (0.1, 0.2), (0.2, 0.5), (0.5, 2.0)):
        of = [(e, f) for e, f in ill if low <= e.cost < high]
        hits = sum(is_found(e.fault, f) for e, f in of)
        what = f"costs {low:.0%} to {high:.0%}" if high < 1 else f"costs more than {low:.0%}"
        print(f"{what:20s} found {share(hits, len(of))}")
    overfitted = [e for e in examples if "overfitted" in e.faults]
    print(f"\n{'overfitting by':38s} {'found':38s} false alarms of healthy trainings")
    rows: dict[str, Callable[[Example], bool]] = {
        name: (lambda e, rule=rule: rule(e.history)) for name, rule in RULES.items()
    }
    diagnosed = {id(e): f for e, f in both}
    rows["the doctor"] = lambda e: "overfitting" in problems(diagnosed[id(e)])
    for name, says in rows.items():
        hits, wrong = sum(map(says, overfitted)), sum(says(e) for e, _ in healthy)
        print(f"{name:38s} {share(hits, len(overfitted)):38s} {share(wrong, len(healthy))}")
    return total["hits"] / n, alarms / max(len(healthy), 1)


# Real trainings -----------------------------------------------------------------------------------


LADDERS_AND_INJECTIONS = {
    "tuning 1": (110, 12), "tuning 2": (260, 14), "tuning 3": (260, 14), "tuning 4": (260, 14),
    "judging": (260, 14),
}  # fmt: skip
#: Loss of the constant predictor where it is known: log 10; the mean picture.
DEEPOBS_BASELINES = {"fmnist_2c2d": 2.3026, "mnist_vae": 52.92}


def deepobs_label(line: dict[str, str], best: dict[tuple[str, str], tuple[float, float]]) -> str:
    """Return the label of a training of DeepOBS by its test losses and its grid of rates.

    Where the best rate of the grid does no better than a constant, none of that grid is healthy.
    """
    if int(line["test_loss_non_finite"]):
        return "rate_too_high"
    last, lowest = float(line["test_loss_last_finite"]), float(line["test_loss_min"])
    of_grid, best_rate = best[line["problem"], line["optimizer"]]
    if last <= (1 + trainings.WORTH) * min(of_grid, lowest):
        is_constant = last > 0.98 * DEEPOBS_BASELINES.get(line["problem"], np.inf)
        return "stuck_in_all_rates" if is_constant else "healthy"
    if trainings.gain(last, lowest) >= trainings.WORTH and float(line["train_loss_last"]) < lowest:
        return "overfitted"
    return "rate_too_high" if float(line["learning_rate"]) > best_rate else "rate_too_low"


def tell_deepobs(folder: Path, baselines: dict[str, float]) -> None:
    """Print detection and false alarms on real trainings."""
    with open(folder / "index.csv", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    best: dict[tuple[str, str], tuple[float, float]] = {}
    for line in lines:
        if not int(line["test_loss_non_finite"]):
            key = line["problem"], line["optimizer"]
            here = float(line["test_loss_last_finite"]), float(line["learning_rate"])
            best[key] = min(best.get(key, (np.inf, 0.0)), here)
    labelled: dict[str, list[tuple[dict[str, str], Diagnosis]]] = {}
    for line in lines:
        label = deepobs_label(line, best)
        found = doctor(folder / line["file"], baseline=baselines.get(line["problem"]))
        labelled.setdefault(label, []).append((line, found))
    known = ", ".join(f"{name} {value:g}" for name, value in baselines.items()) or "of none"
    print(f"\nDeepOBS: {len(lines)} real trainings of three problems; baseline given: {known}")
    hits = n = 0
    for label in ("rate_too_high", "rate_too_low", "overfitted", "stuck_in_all_rates"):
        of = labelled.get(label, [])
        here = sum(is_found(label, found) for _, found in of)
        anything = sum(bool(problems(found)) for _, found in of)
        hits, n = hits + here, n + len(of)
        print(f"{label:20s} {share(here, len(of)):38s} called unhealthy {share(anything, len(of))}")
    print(f"{'all':20s} {share(hits, n)}")
    healthy = labelled.get("healthy", [])
    alarms = [found for _, found in healthy if problems(found)]
    print(f"false alarms         {share(len(alarms), len(healthy))}")
    for name, count in Counter(name for found in alarms for name in problems(found)).most_common():
        print(f"  {name:28s} {share(count, len(healthy))}")


def read_or_make(folder: Path, part: str, quick: bool, processes: int) -> list[Example]:
    path = folder / f"{part.replace(' ', '_')}{'_quick' if quick else ''}.json.gz"
    began = time.perf_counter()
    if path.is_file():
        examples, mark = trainings.load(path)
    else:
        numbers = (6, 1) if quick else LADDERS_AND_INJECTIONS[part]
        examples = trainings.make(part, *numbers, processes)
        mark = trainings.save(path, examples)
    took = time.perf_counter() - began
    print(f"{part}: {len(examples)} trainings, first seed 0, fingerprint {mark}, {took:.0f} s")
    return examples


def main(arguments: Iterable[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="a tenth of the trainings")
    parser.add_argument("--part", choices=(*LADDERS_AND_INJECTIONS, "all"), default="all")
    parser.add_argument(
        "--trainings", type=Path, default=Path("doctor_trainings"), metavar="FOLDER",
        help="where trainings and labels are kept; made if they are not there",
    )  # fmt: skip
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="that train")
    given = parser.parse_args(None if arguments is None else list(arguments))
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} processors")
    parts = tuple(LADDERS_AND_INJECTIONS) if given.part == "all" else (given.part,)
    made = {
        part: read_or_make(given.trainings, part, given.quick, given.processes) for part in parts
    }
    print("\nWhat counts as found:")
    for fault, names in EQUIVALENTS.items():
        print(f"  {fault:20s} {', '.join(names)}")
    for part, examples in made.items():
        for view in VIEWS:
            tell(examples, part, view)
    data = os.environ.get("FURTHER_TEST_DATA")
    if data and (Path(data) / "curves_deepobs").is_dir():
        for baselines in ({}, DEEPOBS_BASELINES):
            tell_deepobs(Path(data) / "curves_deepobs", baselines)


if __name__ == "__main__":
    main()
