"""Mitigation: the weights by hand, gain and price on COMPAS, intervals that hold what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from compas import features, read_compas
from further import mitigate
from further.errors import InputError
from further.trust.audit import mitigation
from further.trust.audit.reweighing import reweighing


def test_weights_make_group_and_label_independent() -> None:
    # 4 of 10 rows are a, 5 are positive: of a positive a there should be 2 and is 1.
    group, y = list("aaaabbbbbb"), [1, 0, 0, 0, 1, 1, 1, 1, 0, 0]
    weights = reweighing(y, group)
    assert weights[0] == pytest.approx(2.0)
    assert weights[1] == pytest.approx(2 / 3)
    table = pd.DataFrame({"g": group, "y": y, "w": weights}).groupby(["g", "y"]).w.sum().unstack()
    assert (table[1] / table.sum(axis=1)).tolist() == pytest.approx([0.5, 0.5])
    assert weights.mean() == pytest.approx(1.0)


@pytest.mark.parametrize("constraint", list(mitigation.CONSTRAINTS))
def test_thresholds_bring_groups_together_on_rows_they_never_saw(
    real_data: Path, constraint: mitigation.Constraint
) -> None:
    pytest.importorskip("fairlearn")
    rows = read_compas(real_data)
    model = LogisticRegression()
    found = mitigate(model, features(rows), rows.two_year_recid, rows.race, constraint=constraint)
    before, after = found.unfairness
    assert found.gain.values[0] > 0.05
    # Of negative rows alone there are too few to be sure of it.
    assert (found.gain.low[0] > 0) == (constraint != "false_positive_rate_parity")
    assert before.value - after.value == pytest.approx(found.gain.values[0])
    assert found.accuracy.low[0] < found.accuracy.values[0] < 0.005
    assert "accuracy changed by" in found.sentence
    assert "1,538 held-out rows" in found.sentence
    judged = rows.iloc[found.rows]
    right = found.decisions == judged.two_year_recid.to_numpy(dtype=bool)[:, None]
    share = right.mean(axis=0)
    assert found.accuracy.values[0] == pytest.approx(share[1] - share[0])
    frame = found.to_frame()
    assert frame.loc["accuracy", "before"] == pytest.approx(share[0])
    assert frame.loc[f"{constraint} difference", "change"] == pytest.approx(-found.gain.values[0])


def test_what_learns_what_chooses_and_what_judges_are_other_rows(real_data: Path) -> None:
    rows = read_compas(real_data)
    truth = rows.two_year_recid.to_numpy(dtype=bool)
    parts = mitigation._parts(truth, rows.race.to_numpy().astype(str), False, 0)
    assert sorted(np.concatenate(parts)) == list(range(len(rows)))
    rates = [truth[part][(rows.race == "Caucasian").to_numpy()[part]].mean() for part in parts]
    assert np.ptp(rates) < 0.002  # divided within each group and label


def test_scores_alone_do_for_thresholds(real_data: Path) -> None:
    pytest.importorskip("fairlearn")
    rows = read_compas(real_data)
    found = mitigate(
        None, rows.decile_score, rows.two_year_recid, rows.race, constraint="equalized_odds",
        threshold=5,
    )  # fmt: skip
    judged = rows.iloc[found.rows]
    assert (found.decisions[:, 0] == (judged.decile_score >= 5)).all()
    before, after = found.unfairness
    assert before.value > 0.18
    assert after.value < 0.1


def test_reductions_and_reweighing_on_a_gap_that_the_model_makes() -> None:
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 3000)
    X = np.column_stack([rng.normal(size=(3000, 2)) + group[:, None], group])
    y = X[:, 0] + rng.normal(size=3000) > 0.5
    for method in ("reweighing", "reductions"):
        if method == "reductions":
            pytest.importorskip("fairlearn")
        found = mitigate(LogisticRegression(), X, y, group, method, "demographic_parity")
        before, after = found.unfairness
        assert before.value > 0.25
        assert after.value < before.value - 0.1, method
        assert found.gain.low[0] > 0
        assert found.accuracy.values[0] < 0


def test_nothing_changed_is_known_to_be_nothing() -> None:
    """Before and after are paired: the same decisions have hardly an interval."""
    rng = np.random.default_rng(0)
    y, group = rng.random(2000) < 0.5, rng.choice(["a", "b"], 2000)
    said = rng.random(2000) < np.where(group == "a", 0.6, 0.4)
    found = mitigation._compared(
        "reweighing", "demographic_parity", y, group, said, said, np.arange(2000), None, (), 0
    )
    assert found.gain.values[0] == 0
    assert found.gain.high[0] - found.gain.low[0] < 0.005
    assert "may be nothing" in found.sentence


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "treshold"}, 'did you mean "threshold"'),
        ({"constraint": "parity"}, "constraint"),
        ({"y": [0, 1, 2] * 100}, "y has to be 0 and 1"),
        ({"group": ["a"] * 299 + ["b"]}, 'the group "b" has only 1 rows'),
        ({"group": ["a"] * 10}, "give as many"),
        ({"estimator": None}, "without an estimator"),
        ({"estimator": KNeighborsClassifier()}, "takes no sample_weight"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(change: dict, message: str) -> None:
    rng = np.random.default_rng(0)
    given = {
        "estimator": LogisticRegression(), "X": rng.normal(size=(300, 2)), "y": [0, 1] * 150,
        "group": ["a", "a", "b"] * 100, "method": "reweighing", "constraint": "equalized_odds",
    } | change  # fmt: skip
    with pytest.raises(InputError, match=message) as told:
        mitigate(**given)
    assert "\n" not in str(told.value)


def test_without_fairlearn_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr("importlib.import_module", missing)
    with pytest.raises(InputError, match=r"further-ml\[fairness\]"):
        mitigation._fairlearn("postprocessing")


@pytest.mark.slow
@pytest.mark.parametrize("after", [[0.33, 0.6], [0.3, 0.6]])
@pytest.mark.parametrize("keep", [0.9, 0.0])
def test_gain_and_price_hold_the_truth(keep: float, after: list[float]) -> None:
    """Decisions before are kept with a probability, else drawn alike for both groups."""
    rng = np.random.default_rng(0)
    base, share = np.array([0.5, 0.4]), np.array([0.6, 0.4])
    was = np.array([[0.45, 0.72], [0.23, 0.52]])
    fresh = np.array([after, [0.33, 0.6]])
    now = keep * was + (1 - keep) * fresh
    selected = [r[:, 0] * (1 - base) + r[:, 1] * base for r in (was, now)]
    right = [share @ ((1 - r[:, 0]) * (1 - base) + r[:, 1] * base) for r in (was, now)]
    gain, price = np.ptp(selected[0]) - np.ptp(selected[1]), right[1] - right[0]
    held = np.zeros(2)
    for _ in range(400):
        group = rng.choice(2, 600, p=share)
        y = rng.random(600) < base[group]
        before = rng.random(600) < was[group, y * 1]
        then = np.where(rng.random(600) < keep, before, rng.random(600) < fresh[group, y * 1])
        found = mitigation._compared(
            "threshold", "demographic_parity", y, group.astype(str), before, then,
            np.arange(600), None, (), 0,
        )  # fmt: skip
        for k, (of, truth) in enumerate(((found.gain, gain), (found.accuracy, price))):
            held[k] += of.low[0] <= truth <= of.high[0]
    assert held.min() / 400 > 0.92  # of 400 at 95 %, fewer are one in 300
