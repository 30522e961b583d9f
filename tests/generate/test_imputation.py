from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from further.compare.generation.imputation import (
    CATEGORIES,
    MEDIAN,
    MODEL,
    NEIGHBOURS,
    NUMBERS,
    judge_imputation,
)
from further.compare.generation.setting import Setting
from further.data import load
from further.errors import InputError
from further.generate.diffusion import Diffusion
from further.generate.gaussian_mixture import GaussianMixtureDensity
from further.generate.vae import VAE
from further.registry import find_model
from small_models import ALL, SMALL


def mixed(n: int = 300, seed: int = 0) -> pd.DataFrame:
    """Return rows of every type, with missing values, whose columns depend on each other."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "size": a.round(3),
            "count": (10 * a + rng.normal(size=n)).round().astype(int),
            "kind": np.where(a + 0.3 * rng.normal(size=n) > 0, "large", "small"),
            "bought": pd.Timestamp("2020-01-01") + pd.to_timedelta((30 * a).round(), unit="D"),
            "new": a > 0.5,
        }
    )
    frame.loc[::9, "kind"] = None
    frame.loc[4::11, "size"] = np.nan
    return frame


def with_gaps(frame: pd.DataFrame) -> pd.DataFrame:
    gaps = np.random.default_rng(1).random(frame.shape) < 0.2
    return frame.astype(object).mask(gaps).infer_objects()


#: Those that complete rows in a way of their own, and one that does not.
QUICK = ("autoencoder", "vae", "diffusion", "gaussian_mixture")


@pytest.mark.parametrize(
    "name", [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in ALL]
)
def test_every_model_fills_in_what_is_missing_and_nothing_else(name: str) -> None:
    frame, line = mixed(), find_model(name)
    given = {**SMALL.get(name, {}), "random_state": 0}
    if line.family == "network":
        given |= {"budget": "3 steps", "precision": "float32"}
    model = line.load()(**given).fit(frame)
    rows = with_gaps(frame)
    filled, again = (model.impute(rows, n_draws=3, random_state=5) for _ in "ab")
    pd.testing.assert_frame_equal(filled, again)
    known = rows.notna()
    assert not filled.isna().any().any()
    assert ((filled.astype(object) == rows.astype(object)) | ~known).all(axis=None)
    assert filled["count"].dtype == "int64"
    assert filled["new"].dtype == bool
    assert filled["bought"].dtype.kind == "M"
    assert set(filled["kind"]) == {"large", "small"}


def test_of_a_normal_distribution_it_is_the_conditional_mean() -> None:
    rng = np.random.default_rng(0)
    correlation, n = 0.9, 1000
    covariance = [[1, correlation], [correlation, 1]]
    train, test = (
        pd.DataFrame(rng.multivariate_normal([0, 0], covariance, n), columns=["a", "b"])
        for _ in range(2)
    )
    model = GaussianMixtureDensity(random_state=0).fit(train)
    hidden = test.assign(b=np.nan)
    means = model.impute(hidden, n_draws=30, random_state=0)["b"]
    assert np.sqrt(np.mean((means - correlation * test["a"]) ** 2)) < 0.15
    # A single draw has the spread of the values, which a mean does not have.
    single = model.impute(hidden, n_draws=1, random_state=0)["b"]
    assert single.std() == pytest.approx(test["b"].std(), rel=0.1)
    assert means.std() == pytest.approx(correlation, rel=0.1)


@pytest.mark.slow
@pytest.mark.parametrize("model", [VAE, Diffusion])
def test_a_model_goes_on_from_the_nearest_rows(model: type) -> None:
    rng = np.random.default_rng(0)
    a = rng.normal(size=600)
    frame = pd.DataFrame({"a": a, "b": a + 0.1 * rng.normal(size=600), "c": -a})
    trained = model(width=32, budget="400 steps", precision="float32", random_state=0).fit(frame)
    test = frame.iloc[:100]
    filled = trained.impute(test.assign(b=np.nan), random_state=0)["b"]
    assert np.sqrt(np.mean((filled - test["b"]) ** 2)) < 0.4


def test_known_values_stay_where_their_type_is_another() -> None:
    model = GaussianMixtureDensity(random_state=0).fit(mixed())
    rows = mixed(20).assign(count=lambda frame: frame["count"] + 0.5)
    rows.loc[3, "count"] = np.nan
    filled = model.impute(rows, random_state=0)
    assert (filled["count"] == rows["count"]).sum() == len(rows) - 1
    assert not filled["count"].isna().any()


def test_a_missing_column_and_pictures_are_refused() -> None:
    model = GaussianMixtureDensity(random_state=0).fit(mixed())
    with pytest.raises(InputError, match='X has no column "kind"'):
        model.impute(mixed().drop(columns="kind"))


def test_judged_on_hidden_values_beside_controls(real_data) -> None:
    dataset = load(real_data / "tables/penguins.csv", target="species")
    setting = Setting(dataset, dataset.split(seed=0), 0, "auto", True)
    mixture = GaussianMixtureDensity(random_state=0).fit(setting.part("train"))
    found = judge_imputation(setting, mixture)
    numbers, categories = found.scores[NUMBERS], found.scores[CATEGORIES]
    assert found.against(NUMBERS, MEDIAN).high < 0
    assert found.against(NUMBERS, NEIGHBOURS).value == pytest.approx(0, abs=0.15)
    # The standard deviation of a column is what the median misses by, about.
    assert numbers[MEDIAN].value == pytest.approx(1, abs=0.25)
    # Whoever always says the commonest of k categories errs in k - 1 of them.
    sizes = [setting.part("train").frame[c].nunique() for c in ("island", "sex")]
    assert categories[MEDIAN].value == pytest.approx(np.mean([1 - 1 / k for k in sizes]), abs=0.01)
    assert categories[MODEL].value < categories[MEDIAN].value
    again = judge_imputation(setting, mixture)
    assert again.to_json() == found.to_json()
