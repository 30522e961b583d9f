from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from further.errors import InputError
from further.evaluate.generation.constraints import Constraints
from further.generate.gaussian_mixture import GaussianMixtureDensity
from further.generate.rejection import LEAST_DRAWN, MOST_DRAWN, sample_where


@pytest.fixture(scope="module")
def people() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    age = rng.normal(50, 10, 600)
    return pd.DataFrame({"age": age, "weight": age + rng.normal(20, 5, 600)})


@pytest.fixture(scope="module")
def model(people: pd.DataFrame) -> GaussianMixtureDensity:
    return GaussianMixtureDensity(random_state=0).fit(people)


def test_what_is_left_follows_the_model_given_the_condition(
    people: pd.DataFrame, model: GaussianMixtureDensity
) -> None:
    found = sample_where(model, 1500, where="age > 60", seed=1)
    free = model.sample(20_000, random_state=2)
    given = free[free["age"] > 60]
    assert len(found.frame) == 1500
    assert stats.ks_2samp(found.frame["weight"], given["weight"]).pvalue > 0.001
    assert found.rate == pytest.approx(len(given) / len(free), abs=0.02)
    assert found.accepted >= 1500
    low, high = found.to_json()["acceptance_interval"]
    assert low < len(given) / len(free) < high


def test_the_same_seed_gives_the_same_rows(model: GaussianMixtureDensity) -> None:
    first, again, other = (sample_where(model, 30, where="age < 45", seed=s) for s in (3, 3, 4))
    pd.testing.assert_frame_equal(first.frame, again.frame)
    assert not first.frame.equals(other.frame)


def test_only_so_many_rows_are_drawn_at_a_time(
    model: GaussianMixtureDensity, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []
    sample = GaussianMixtureDensity.sample

    def counted(self, n, *args, **kwargs):
        sizes.append(n)
        return sample(self, n, *args, **kwargs)

    monkeypatch.setattr(GaussianMixtureDensity, "sample", counted)
    with pytest.raises(InputError, match="Only 0 of 25,000 rows drawn meet") as error:
        sample_where(model, 10, where="age > 1000", limit=25_000)
    assert "\n" not in str(error.value)
    assert LEAST_DRAWN <= max(sizes) <= MOST_DRAWN
    assert sum(sizes) == 25_000


def test_rows_that_break_a_rule_of_the_training_rows_are_dropped(
    people: pd.DataFrame, model: GaussianMixtureDensity
) -> None:
    rules = Constraints(people, people[:100])
    free = model.sample(5000, random_state=5)
    broken = rules.broken(free).any(axis=0)
    assert 0 < broken.mean() < 0.5
    found = sample_where(model, 2000, rules=rules, seed=5)
    assert not rules.broken(found.frame).any()
    assert found.rejected + found.accepted == found.drawn
    assert found.rejected / found.drawn == pytest.approx(broken.mean(), abs=0.03)
    assert f"{found.rejected:,} of {found.drawn:,} rows were rejected" in found.sentences[1]
