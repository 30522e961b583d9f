"""Our figures by group beside those of fairlearn, on real predictions, to 1e-12."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, balanced_accuracy_score, precision_score

from compas import read_adult, read_compas
from further import audit

fairlearn = pytest.importorskip("fairlearn.metrics")


def adult(folder: Path) -> pd.DataFrame:
    rows = read_adult(folder).dropna().reset_index(drop=True)
    y = rows.income.str.startswith(">").astype(int)
    X = rows[["age", "education_num", "gain", "hours"]].to_numpy(dtype=float) / [40, 10, 5000, 40]
    first = len(rows) // 2
    said = LogisticRegression().fit(X[:first], y[:first]).predict(X[first:])
    kept = rows.iloc[first:].reset_index(drop=True)
    return kept[["race", "sex"]].assign(y=y[first:].to_numpy(), said=said)


def compas(folder: Path) -> pd.DataFrame:
    rows = read_compas(folder)
    said = (rows.score_text != "Low") * 1
    return rows[["race", "sex"]].assign(y=rows.two_year_recid, said=said)


METRICS = {
    "accuracy": accuracy_score,
    "balanced_accuracy": balanced_accuracy_score,
    "ppv": precision_score,
    "selection_rate": fairlearn.selection_rate,
    "fpr": fairlearn.false_positive_rate,
    "fnr": fairlearn.false_negative_rate,
}


@pytest.mark.parametrize("data", [compas, adult])
@pytest.mark.parametrize("by", [["race"], ["sex"], ["race", "sex"]])
def test_every_figure_of_every_group(real_data: Path, data, by: list[str]) -> None:
    rows = data(real_data)
    frame = fairlearn.MetricFrame(
        metrics=METRICS, y_true=rows.y, y_pred=rows.said, sensitive_features=rows[by]
    )
    found = audit(rows, label="y", score="said", group=by)
    theirs = frame.by_group
    assert len(theirs) == len(found.by[-1].family.groups)
    for g, group in enumerate(found.by[-1].family.groups):
        line = theirs.loc[tuple(group.values()) if len(by) > 1 else next(iter(group.values()))]
        cells = found.by[-1].measured.cells
        assert cells is not None
        # Where nothing is to divide by, scikit-learn says 0 or leaves a class out; we say NaN.
        unknown = {
            "ppv": not cells.sum("tp fp")[g], "fpr": not cells.sum("fp tn")[g],
            "fnr": not cells.sum("tp fn")[g],
        }  # fmt: skip
        unknown["balanced_accuracy"] = unknown["fpr"] or unknown["fnr"]
        for name in METRICS:
            ours = found.by[-1].measured.figures[name].values[g]
            theirs_is = np.nan if unknown.get(name) else line[name]
            assert ours == pytest.approx(theirs_is, abs=1e-12, nan_ok=True), (group, name)
    for name in METRICS:
        ours = found.overall.figures[name].values[0]
        assert ours == pytest.approx(frame.overall[name], abs=1e-12), name


def test_maximum_type_measures(real_data: Path) -> None:
    rows = compas(real_data)
    found = audit(rows, label="y", score="said", group="race").by[0]
    given = {"y_true": rows.y, "y_pred": rows.said, "sensitive_features": rows.race}
    pairs = {
        ("differences", "selection_rate"): fairlearn.demographic_parity_difference(**given),
        ("ratios", "selection_rate"): fairlearn.demographic_parity_ratio(**given),
        ("differences", "equalized_odds"): fairlearn.equalized_odds_difference(**given),
        ("ratios", "equalized_odds"): fairlearn.equalized_odds_ratio(**given),
    }
    for (of, name), theirs in pairs.items():
        ours = getattr(found, of)[name].largest
        assert ours is not None
        assert ours.value == pytest.approx(theirs, abs=1e-12), (of, name)
        assert ours.low <= ours.value <= ours.high


@pytest.mark.slow
def test_our_intervals_are_where_their_bootstrap_puts_them(real_data: Path) -> None:
    rows = compas(real_data)
    frame = fairlearn.MetricFrame(
        metrics={name: METRICS[name] for name in ("fpr", "fnr")}, y_true=rows.y, y_pred=rows.said,
        sensitive_features=rows.race, n_boot=60, ci_quantiles=[0.025, 0.975], random_state=0,
    )  # fmt: skip
    found = audit(rows, label="y", score="said", group="race").by[0]
    low, high = frame.by_group_ci
    for g, group in enumerate(found.family.groups):
        for name in ("fpr", "fnr"):
            of = found.measured.figures[name]
            ends = np.array([of.low[g], of.high[g]])
            theirs = [end.loc[group["race"], name] for end in (low, high)]
            assert ends == pytest.approx(theirs, abs=0.015), (group, name)
