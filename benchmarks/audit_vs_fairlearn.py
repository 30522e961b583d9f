"""Figures by group with intervals beside fairlearn's MetricFrame, on COMPAS.

Two groups (race) and four metrics, score not "Low" (from the folder that FURTHER_TEST_DATA names):
fairlearn with 100 bootstrap resamples, and an audit of ours with all its intervals. The ends of the
intervals are compared. Then ours alone on a million simulated rows with 50 intersections. Each time
is the median of several in this process; imports are not counted.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pandas as pd
from fairlearn.metrics import (
    MetricFrame,
    false_negative_rate,
    false_positive_rate,
    selection_rate,
)
from sklearn.metrics import accuracy_score

from further import audit
from further.trust.audit.audit import audit_predictions
from further.trust.audit.predictions import Predictions

METRICS = {
    "accuracy": accuracy_score,
    "selection_rate": selection_rate,
    "fpr": false_positive_rate,
    "fnr": false_negative_rate,
}
RESAMPLES, MANY = 100, 1_000_000


def timed(work: Callable[[], object], repeats: int) -> tuple[float, object]:
    times, result = [], None
    for _ in range(repeats):
        start = time.perf_counter()
        result = work()
        times.append(time.perf_counter() - start)
    return statistics.median(times), result


def compas() -> pd.DataFrame:
    folder = Path(os.environ["FURTHER_TEST_DATA"]) / "compas"
    rows = pd.read_csv(folder / "compas-scores-two-years.csv")
    rows = rows[rows.race.isin(["African-American", "Caucasian"])].reset_index(drop=True)
    return pd.DataFrame({
        "y": rows.two_year_recid, "said": (rows.score_text != "Low") * 1, "race": rows.race,
    })  # fmt: skip


def beside_fairlearn() -> None:
    rows = compas()
    given = {"y_true": rows.y, "y_pred": rows.said, "sensitive_features": rows.race}
    plain, _ = timed(lambda: MetricFrame(metrics=METRICS, **given).by_group, 5)
    theirs, frame = timed(
        lambda: MetricFrame(
            metrics=METRICS, n_boot=RESAMPLES, ci_quantiles=[0.025, 0.975], random_state=0, **given
        ),
        1,
    )
    ours, found = timed(lambda: audit(rows, label="y", score="said", group="race"), 20)
    p = Predictions(
        "compas", "binary", rows.y.to_numpy() == 1, None, rows.said.to_numpy() == 1, ("0", "1"),
        rows[["race"]],
    )  # fmt: skip
    bare, _ = timed(lambda: audit_predictions(p, ["race"]), 20)
    print(f"fairlearn, no intervals            {plain * 1000:9.1f} ms")
    print(f"fairlearn, {RESAMPLES} resamples           {theirs * 1000:9.1f} ms")
    print(f"further.audit, everything          {ours * 1000:9.1f} ms  ({theirs / ours:,.0f} times)")
    print(f"of which without reading the table {bare * 1000:9.1f} ms  ({theirs / bare:,.0f} times)")
    low, high = frame.by_group_ci
    of_race = found.by[0]
    print("\nends of 95 % intervals, ours minus fairlearn's")
    for g, group in enumerate(of_race.family.groups):
        for name in METRICS:
            of = of_race.measured.figures[name]
            ends = [end.loc[group["race"], name] for end in (low, high)]
            print(
                f"{group['race']:18} {name:15} {of.values[g]:.4f} "
                f"({of.low[g]:.4f} to {of.high[g]:.4f})  {of.low[g] - ends[0]:+.4f} "
                f"{of.high[g] - ends[1]:+.4f}"
            )


def a_million_rows() -> None:
    rng = np.random.default_rng(0)
    columns = pd.DataFrame({
        "a": pd.Categorical(rng.choice(list("abcde"), MANY)),
        "b": pd.Categorical(rng.choice(list("ABCDEFGHIJ"), MANY)),
    })  # fmt: skip
    truth = rng.random(MANY) < 0.4
    score = np.round(np.clip(rng.normal(0.4 + 0.2 * truth, 0.2), 0, 1), 3)
    for what, scores in (("decisions", None), ("scores of three digits", score)):
        p = Predictions("simulated", "binary", truth, scores, score >= 0.5, ("0", "1"), columns)
        took, found = timed(lambda p=p: audit_predictions(p, ["a", "b"]), 3)
        groups = len(found.by[-1].family.groups)
        print(f"{MANY:,} rows, {groups} intersections, {what}: {took:.2f} s")


if __name__ == "__main__":
    beside_fairlearn()
    print()
    a_million_rows()
