"""The model card of real runs: what it forbids and why, what was not measured, who answers."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LinearRegression

import further
from further import card
from further.cli.main import Commands
from further.compare.auditing import audit, keep_audit
from further.errors import InputError, RunError
from further.report.card.page import page, write_page
from further.train.files import read_json, write_json
from further.trust.card.measurements import Measurements
from further.trust.card.rules import RULES, must_not

FIELDS = [
    "model_details", "intended_use", "factors", "metrics", "evaluation_data", "training_data",
    "quantitative_analyses", "ethical_considerations", "caveats_and_recommendations",
]  # fmt: skip


def rules_of(found):
    return {one.rule for one in found.must_not}


def invoke(*given):
    return CliRunner().invoke(Commands(name="further"), list(map(str, given)), prog_name="further")


@pytest.mark.parametrize("name", ["predictor", "numbers", "single", "iris", "boxes", "pixels"])
def test_every_task_has_a_card_with_the_nine_fields(real_runs, name):
    found = card(real_runs.path(name))
    assert [field.name for field in found.fields] == FIELDS
    assert all(field.lines for field in found.fields if field.name != "quantitative_analyses")
    assert found.field("quantitative_analyses").figures
    text = found.to_markdown()
    assert "Nobody has been named as accountable" in "\n".join(text.splitlines()[:4])
    assert len(found.not_measured) > 0
    assert "None" not in text
    json.dumps(found.to_json())
    html = page(found).html()
    assert html.index("Nobody has been named") < html.index("It must not be used for</h2>")


def test_figures_stand_beside_those_of_the_constant(real_runs):
    run = real_runs.path("predictor")
    figures = {f.label: f for f in card(run).field("quantitative_analyses").figures}
    evaluation = read_json(run / "evaluation.json")
    own, constant = evaluation["models"][0]["metrics"], evaluation["controls"][0]["metrics"]
    found = figures["Balanced accuracy"]
    assert found.value == own["balanced_accuracy"]["value"]
    assert (found.low, found.high) == (
        own["balanced_accuracy"]["low"],
        own["balanced_accuracy"]["high"],
    )
    assert found.control == constant["balanced_accuracy"]["value"]


def test_a_model_that_is_no_better_than_its_control_is_good_for_nothing(real_runs, tmp_path):
    assert "no_better_than_control" in rules_of(card(real_runs.path("single")))
    assert "no_better_than_control" not in rules_of(card(real_runs.path("predictor")))
    run = real_runs.copy("predictor", tmp_path / "damaged")
    evaluation = read_json(run / "evaluation.json")
    evaluation["models"][0]["metrics"]["log_loss"].update(value=1.0, low=0.9, high=1.2)
    write_json(run / "evaluation.json", evaluation)
    first = card(run).must_not[0]
    assert first.rule == "no_better_than_control"
    assert first.sentence.startswith("Anything at all: its log loss, 1 (0.9 to 1.2)")


def test_what_was_measured_is_no_longer_missing_and_forbids(real_runs, tmp_path):
    from sklearn.datasets import load_iris

    run = real_runs.copy("predictor", tmp_path / "run")
    before = card(run).not_measured
    model = further.load(run)
    X, y = load_iris(return_X_y=True, as_frame=True)
    y = load_iris().target_names[y]
    found = further.robustness(model, X, y)
    found.keep(run)
    shifted = further.compare_shift_scores(model, X[::2], X[1::2], {"the same": X[::3]}, ensemble=0)
    shifted.keep(run)
    after = card(run)
    assert {w.split(":")[0] for w in before} - {w.split(":")[0] for w in after.not_measured} == {
        "Robustness to worse rows", "Whether other kinds of data are noticed",
    }  # fmt: skip
    assert {"corruptions_hurt", "shifts_unnoticed"} <= rules_of(after)
    assert any(
        line.startswith("Robustness: ") for line in after.field("quantitative_analyses").lines
    )
    hurt = next(o.sentence for o in after.must_not if o.rule == "corruptions_hurt")
    assert "wrong values" in hurt


def test_sensitivity_forbids_reasons_for_single_decisions(real_runs, tmp_path):
    run = real_runs.copy("predictor", tmp_path / "run")
    write_json(run / "sensitivity.json", {
        "sentence": "It depends.", "ratio": {"value": 3.0, "low": 2.0, "high": 4.0},
        "multiplicity": {"ambiguity": {"value": 0.2, "low": 0.15, "high": 0.25, "n": 300}},
    })  # fmt: skip
    found = card(run)
    told = [one.sentence for one in found.must_not if one.rule == "settings_decide"]
    assert told[0].startswith("Reasons for a single decision: of 300 rows 20% get another class")
    assert "3.0 times" in told[1]
    assert "trained_once" not in rules_of(found)


def test_groups_that_differ_and_groups_too_small(real_data, tmp_path):
    """COMPAS: the gap that ProPublica printed, and the groups of which there are a handful."""
    found = audit(
        real_data / "compas" / "compas-scores-two-years.csv", label="two_year_recid",
        score="score_text", selected=("Medium", "High"), group="race",
    )  # fmt: skip
    m = Measurements(
        tmp_path, {}, {"task": "classification"}, {}, None, None, {"audit": found.to_json()}
    )
    told = {one.rule: one.sentence for one in must_not(m)}
    assert "race, as long as nobody answers for it: false positive rate" in told["groups_differ"]
    assert "higher for African-American than for" in told["groups_differ"]
    assert "Native American" in told["groups_too_small"]
    answered = Measurements(
        tmp_path, {"decided_by": "Jane Doe"}, {}, {}, None, None, {"audit": found.to_json()}
    )
    assert "unless Jane Doe answers for it" in next(iter(must_not(answered))).sentence


def speaks(**records):
    measured = Measurements(Path(), {}, {}, {}, None, None, records)
    return {one.rule for one in must_not(measured)}


@pytest.mark.parametrize(
    ("value", "low", "said"),
    [(0.05, 0.01, True), (0.049, 0.01, False), (0.2, -0.01, False), (0.2, None, False)],
)
def test_a_difference_speaks_from_the_threshold_on_if_its_interval_excludes_none(value, low, said):
    """5 points, with an interval above 0 whose nearer end may be below 5 points."""
    one = {"by": ["sex"], "value": value, "low": low, "high": 0.3,
           "highest": {"sex": "f"}, "lowest": {"sex": "m"}}  # fmt: skip
    audit = {"kind": "binary", "differences": {"fpr": one}}
    assert ("groups_differ" in speaks(audit=audit)) is said
    (threshold,) = (told for rule, told in RULES if rule.__name__ == "groups_differ")
    assert "5 points or more" in threshold
    assert "an interval above 0" in threshold


@pytest.mark.parametrize(
    ("loss", "low", "said"), [(0.125, 0.01, True), (0.12, 0.01, False), (0.3, -0.01, False)]
)
def test_a_loss_speaks_from_the_threshold_on_if_its_interval_excludes_none(loss, low, said):
    """A quarter of the way from 1 to 0.5."""
    one = {"corruption": "noise", "severity": 1, "amount": 0.1, "unit": "spreads",
           "figure": {"value": 0.8}, "loss": {"value": loss, "low": low}}  # fmt: skip
    record = {"metric": "balanced_accuracy", "clean": {"value": 1.0}, "constant": 0.5,
              "figures": [one]}  # fmt: skip
    assert ("corruptions_hurt" in speaks(robustness=record)) is said


def test_a_slice_that_was_confirmed_is_named(tmp_path):
    weak = {
        "conditions": ["age > 60", "town is east"], "n": 150, "error": 0.52, "low": 0.44,
        "high": 0.6, "rest": 0.15, "p": 1e-9,
    }  # fmt: skip
    measured = Measurements(tmp_path, {}, {}, {}, None, None, {"audit": {"slices": [weak]}})
    (told,) = (one.sentence for one in must_not(measured) if one.rule == "slices_are_weak")
    assert told.startswith("Rows where age > 60 and town is east: an error of 0.52 (0.44 to 0.6)")


def test_an_audit_in_the_run_is_read(real_runs, tmp_path):
    run = real_runs.copy("predictor", tmp_path / "run")
    keep_audit(audit(run, group="petal width (cm):1"), run)
    found = card(run)
    assert "petal width (cm)" in found.field("factors").lines[0]
    assert any("petal width" in f.label for f in found.field("quantitative_analyses").figures)


def test_what_the_user_says_is_kept_and_stands_first(real_runs, tmp_path):
    run = real_runs.copy("predictor", tmp_path / "run")
    done = invoke(
        "card", run, "--accountable", "Jane Doe", "--contact", "jane@example.org",
        "--out-of-scope", "Orchids", "--intended-use", "Teaching",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "- Orchids (out of scope)" in done.output
    assert "Jane Doe (jane@example.org) is accountable for this model." in done.output
    assert read_json(run / "run.json")["card"]["accountable"] == "Jane Doe"
    text = (run / "card.md").read_text()
    assert text.splitlines()[2] == "**Jane Doe (jane@example.org) is accountable for this model.**"
    again = invoke("card", run, "--json")
    found = json.loads(again.output)
    assert found["said"]["intended_use"] == "Teaching"
    assert found["card"].endswith("card.html")
    assert "jane@example.org" in (run / "card.html").read_text()
    nobody = invoke("card", real_runs.copy("single", tmp_path / "nobody"))
    assert "Nobody has been named as accountable" in nobody.output
    assert "--accountable NAME" in nobody.output


def test_one_of_several_models_may_be_asked_for(real_runs):
    run = real_runs.path("numbers")
    assert card(run, model="decision_tree_regressor").model == "Decision tree"
    with pytest.raises(InputError, match="did you mean"):
        card(run, model="decision_tree_regresor")
    with pytest.raises(RunError, match="member of a comparison"):
        card(run / "models" / "linear_regression")
    with pytest.raises(RunError, match="not a run"):
        card(run / "nowhere")


def test_what_was_measured_of_another_model_is_left_out_aloud(real_runs, tmp_path):
    run = real_runs.copy("numbers", tmp_path / "run")
    own, other = "linear_regression", "decision_tree_regressor"
    write_json(run / "audit.json", {"sentence": "Alike.", "model": other})
    X, y = np.arange(80.0).reshape(40, 2), np.arange(40.0)
    further.robustness(LinearRegression().fit(X, y), X, y).keep(run, model=own)
    write_json(run / "sensitivity.json", {"sentence": "It depends.", "model": None})
    write_json(run / "shift.json", {"sentence": "It shifts."})
    for model, left_out, mine, of in (
        (own, "audit", "Robustness: ", other), (other, "robustness", "Audit: ", own),
    ):  # fmt: skip
        found = card(run, model=model)
        assert f"{left_out}.json is left out: it is of {of}" in found.not_measured
        assert sum("is left out" in what for what in found.not_measured) == 1
        lines = found.field("quantitative_analyses").lines
        assert any(line.startswith(mine) for line in lines)
        assert {"Sensitivity: It depends.", "Shift: It shifts."} <= set(lines)
        assert not any(line.startswith(f"{left_out.capitalize()}: ") for line in lines)
    assert "Groups of people or things" in card(run, model=own).not_measured[0]


def test_names_that_are_markup_stay_text(real_runs, tmp_path):
    found = card(real_runs.path("hostile ladder"), accountable="<b>me</b> | [x](javascript:1)")
    html = write_page(found, tmp_path / "card.html").read_text()
    assert "<script>alert" not in html
    assert "<img src=x" not in html
    text = found.to_markdown()
    assert "<script>" not in text.replace("\\<", "")
    assert "[x](javascript" not in text


def test_every_rule_says_when_it_speaks():
    assert all(rule.__doc__ and threshold for rule, threshold in RULES)
    assert len({rule.__name__ for rule, _ in RULES}) == len(RULES)


def test_a_flag_of_a_generator_forbids_what_it_endangers(real_runs, tmp_path):
    run = real_runs.copy("single", tmp_path / "run")
    evaluation = read_json(run / "evaluation.json")
    evaluation["models"][0].update(flags=["memorizes"], notes=["It repeats training rows."])
    write_json(run / "evaluation.json", evaluation)
    told = [one.sentence for one in card(run).must_not if one.rule == "samples_fail"]
    assert told == ["Data that give nobody away: It repeats training rows."]
