"""Whom a generator leaves out: by hand, on Adult, and how often it errs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from compas import read_adult
from further import Copy, audit_generator
from further.errors import InputError
from further.trust.bias.coverage import covered_by_group
from further.trust.bias.quantification import corrected_shares


def without(rows: pd.DataFrame, share: float, rng: np.random.Generator) -> pd.DataFrame:
    """Keep that share of the women."""
    kept = (rows.sex != "Female") | (rng.random(len(rows)) < share)
    return rows[kept].reset_index(drop=True)


def parts(rows: pd.DataFrame, seed: int, *sizes: int) -> list[pd.DataFrame]:
    order = np.random.default_rng(seed).permutation(len(rows))
    ends = np.cumsum(sizes)
    return [rows.iloc[p].reset_index(drop=True) for p in np.split(order[: ends[-1]], ends[:-1])]


def test_coverage_is_what_the_order_of_neighbours_says() -> None:
    """Of equally many rows of one distribution the first five are all reference rows in 1 of 32."""
    rng = np.random.default_rng(0)
    group = rng.integers(0, 2, 6000)
    real = rng.normal(size=(6000, 2)) * (1 + 9 * group[:, None])
    made = rng.normal(size=(6000, 2)) * (1 + 9 * group[:, None])
    found = covered_by_group(real, group, made, group, groups=2)
    for kind in (found.generated, found.control):
        assert kind.share().values == pytest.approx([1 - 2**-5] * 2, abs=0.012)
    # A tenth of the rows: each is a reference row with 1 in 1.1.
    few = np.concatenate([np.flatnonzero(group == 0), np.flatnonzero(group == 1)[::10]])
    made, of_made = made[few], group[few]
    pad = np.flatnonzero(of_made == 0)[: 6000 - len(made)]
    made, of_made = (np.concatenate([x, x[pad]]) for x in (made, of_made))
    found = covered_by_group(real, group, made, of_made, groups=2)
    assert found.generated.share().values[1] == pytest.approx(1 - 1.1**-5, abs=0.05)
    assert found.beyond_others().low[1] > 0 > found.beyond_others().high[0]


def test_shares_are_corrected_for_errors_that_are_known() -> None:
    # 33 % are said to be the second; of its rows 90 % are, of the first's 20 %: 0.13 / 0.7.
    found = corrected_shares(np.array([[800, 200], [100, 900]]), np.array([670, 330]))
    assert found is not None
    assert found.values == pytest.approx([1 - 0.13 / 0.7, 0.13 / 0.7])
    assert corrected_shares(np.array([[50, 50], [50, 50]]), np.array([500, 500])) is None


@pytest.mark.parametrize("is_column", [True, False])
def test_a_generator_that_lost_women_is_caught_and_an_honest_one_is_not(
    real_data: Path, is_column: bool
) -> None:
    held_out, training = parts(read_adult(real_data), 0, 1500, 3000)
    attributes: object = "sex"
    if not is_column:
        attributes, held_out = held_out[["sex"]], held_out.drop(columns="sex")
    for share in (1.0, 0.1):
        learnt = without(training, share, np.random.default_rng(0))
        generator = Copy(random_state=0).fit(learnt if is_column else learnt.drop(columns="sex"))
        told = {"training": learnt} if is_column else {}
        found = audit_generator(generator, held_out, attributes, **told)
        assert found.left_out == (["sex: Female"] if share < 1 else [])
        frame = found.to_frame().set_index("group")
        assert frame.loc["Female", "control"] == pytest.approx(1 - 2**-5, abs=0.03)
        if share < 1:
            assert frame.loc["Female", "share_generated_high"] < 0.15 < frame.share_real["Female"]
            assert found.sentence.startswith("The generator leaves out sex Female: ")
            if is_column:
                assert "of the training rows" in found.sentence
        else:
            assert found.sentence.startswith("No group by sex is left out")
    assert is_column or "recognised by a classifier" in found.notes[0]


def test_hearts_are_too_few_to_accuse_but_not_to_miss_women_altogether(real_data: Path) -> None:
    rows = pd.read_csv(real_data / "tables" / "heart_cleveland.csv", index_col=0)
    held_out, others = parts(rows, 0, 150, 150)
    assert audit_generator(others, held_out, "Sex").left_out == []
    assert audit_generator(others[others.Sex == 1], held_out, "Sex").left_out == ["Sex: 0"]


def test_pictures_have_attributes_beside_them(digits) -> None:
    X, y = digits
    kind = pd.DataFrame({"digit": np.where(y < 5, "low", "high")})
    found = audit_generator(X[y < 5], X, kind)
    assert found.left_out == ["digit: high"]


def test_a_run_knows_its_rows_and_what_its_model_did_not_see(tmp_path: Path) -> None:
    from further.compare import train_model

    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 600)
    rows = pd.DataFrame({"height": rng.normal(170, 8, 600) - 12 * (sex == "f"), "sex": sex})
    rows.insert(0, "weight", rows.height - 100 + rng.normal(0, 9, 600))
    done = train_model("copy", rows, target="none", attributes=["sex"], out=tmp_path / "run")
    found = audit_generator(done.path, attributes="sex")
    assert found.left_out == []
    assert found.n == 240
    assert found.by[0].recognised is not None
    assert found.by[0].training is not None


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"attributes": ()}, "name the attributes"),
        ({"real": None}, "give the real rows"),
        ({"attributes": "sexx"}, 'no column "sexx"'),
        ({"source": pd.DataFrame({"other": [1.0] * 100})}, "share no column"),
        ({"real": pd.DataFrame({"sex": ["f", "m"] * 9, "x": range(18)})}, "too few"),
        ({"attributes": pd.DataFrame({"a": [1, 2]})}, "do not fit"),
    ],
)
def test_what_cannot_be_audited_is_said_in_one_sentence(given: dict, message: str) -> None:
    rng = np.random.default_rng(0)
    rows = pd.DataFrame({"sex": rng.choice(["f", "m"], 100), "x": rng.normal(size=100)})
    with pytest.raises(InputError, match=message) as told:
        audit_generator(**({"source": rows, "real": rows, "attributes": "sex"} | given))
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_how_often_it_catches_and_how_often_it_errs(real_data: Path) -> None:
    rows = read_adult(real_data)
    caught = accused = 0
    for seed in range(30):
        held_out, made = parts(rows, seed, 1500, 1500)
        accused += bool(audit_generator(made, held_out, "sex", seed=seed).left_out)
        cut = without(made, 0.1, np.random.default_rng(seed))
        caught += audit_generator(cut, held_out, "sex", seed=seed).left_out == ["sex: Female"]
    assert caught == 30
    assert accused <= 5  # of 30 at 5 %, more are one in 300


@pytest.mark.slow
@pytest.mark.parametrize("share", [1.0, 0.1])
def test_coverage_lies_in_its_interval(share: float) -> None:
    rng = np.random.default_rng(0)
    found = []
    for seed in range(150):
        group, of_made = rng.random(450) < 0.3, rng.random(450) < 0.3 * share
        real, made = (rng.normal(size=(450, 3)) + 4 * g[:, None] for g in (group, of_made))
        found.append(
            covered_by_group(real, group * 1, made, of_made * 1, groups=2, seed=seed).generated
        )
    shares = [kind.share() for kind in found]
    truth = np.mean([of.values for of in shares], axis=0)
    held = np.mean([(of.low <= truth) & (of.high >= truth) for of in shares], axis=0)
    assert held.min() > 0.91


@pytest.mark.slow
def test_corrected_shares_lie_in_their_intervals() -> None:
    rng = np.random.default_rng(0)
    for right, share in ((0.8, 0.05), (0.8, 0.3), (0.65, 0.3)):
        held = 0
        for seed in range(400):
            rates = [right, 1 - right]
            confusion = [rng.multinomial(150, rates), rng.multinomial(80, rates[::-1])]
            said = rng.binomial(300, (1 - share) * (1 - right) + share * right)
            found = corrected_shares(np.array(confusion), np.array([300 - said, said]), seed=seed)
            held += found is None or found.low[1] <= share <= found.high[1]
        assert held / 400 > 0.92
