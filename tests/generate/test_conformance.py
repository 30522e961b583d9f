"""What every model of the table promises, on tables and pictures, with and without classes."""

from __future__ import annotations

import inspect
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import further
from further.data.dataset import Dataset, as_dataset
from further.errors import InputError
from further.generate.gaussian_mixture import GaussianMixtureDensity
from further.registry import find_model, models_for
from further.train.callbacks.callback import Callback
from further.train.load import load
from small_models import ALL, NETWORKS, make_small

N = 60


@dataclass(frozen=True)
class Rows:
    """Rows of one kind, and what rows that are like them look like."""

    X: Any
    y: Any = None
    levels: int | None = None

    def assert_like(self, made: Any, n: int) -> None:
        assert len(made) == n
        if isinstance(self.X, pd.DataFrame):
            assert list(made.columns) == list(self.X.columns)
            pd.testing.assert_series_equal(made.dtypes, self.X.dtypes)
            return
        assert made.shape[1:] == np.asarray(self.X).shape[1:]
        assert np.isfinite(made).all()
        if self.levels is not None:
            assert np.issubdtype(made.dtype, np.integer)
            assert made.min() >= 0
            assert made.max() < self.levels


def numbers(labels):
    rng = np.random.default_rng(0)
    return Rows(rng.normal(size=(N, 4)), (np.arange(N) % 3) if labels else None)


def pictures(channels, side, levels, labels):
    rng = np.random.default_rng(0)
    n = N if side == 8 else 16  # convolutions take their time
    X = rng.integers(0, levels, size=(n, channels, side, side)).astype(np.uint8)
    X[0, 0, 0, :2] = 0, levels - 1
    return Rows(X, np.array(["cat", "dog"])[np.arange(n) % 2] if labels else None, levels)


def penguins(folder=None):
    rng = np.random.default_rng(0)
    species = np.array(["Adelie", "Chinstrap", "Gentoo"])[np.arange(N) % 3]
    frame = pd.DataFrame(
        {
            "bill_length_mm": rng.normal(44, 5, N).round(1),
            "body_mass_g": rng.integers(27, 63, N) * 100.0,
            "sex": rng.choice(["male", "female"], N),
            "island": pd.Categorical(rng.choice(["Biscoe", "Dream", "Torgersen"], N)),
        }
    )
    frame.loc[3:5, ["bill_length_mm", "body_mass_g"]] = np.nan
    frame.loc[7:12, "sex"] = None
    return Rows(frame, species)


KINDS = {
    "numbers": lambda: numbers(False),
    "numbers with classes": lambda: numbers(True),
    "table": penguins,
    "8x8": lambda: pictures(1, 8, 17, False),
    "8x8 with classes": lambda: pictures(1, 8, 17, True),
    "28x28": lambda: pictures(1, 28, 256, False),
    "28x28 with classes": lambda: pictures(1, 28, 256, True),
    "3x32x32": lambda: pictures(3, 32, 256, False),
    "3x32x32 with classes": lambda: pictures(3, 32, 256, True),
}


@pytest.fixture(autouse=True)
def quick(narrow_autoencoders, monkeypatch):
    """Make what follows the training as small as the training."""
    for module in ("vae", "flow"):
        monkeypatch.setattr(f"further.generate.{module}.IMPORTANCE_SAMPLES", 4)
    monkeypatch.setattr("further.generate.diffusion.BOUND_ROWS", 4)


def fit(name, rows, **parameters):
    return make_small(name, **parameters).fit(rows.X, rows.y)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ALL)
def test_fit_sample_save(name, kind, tmp_path):
    rows = KINDS[kind]()
    model = make_small(name).fit(rows.X, rows.y, run=tmp_path / "run")

    made, y = model.sample(7, return_y=True)
    rows.assert_like(made, 7)
    assert (y is None) == (rows.y is None)
    assert y is None or set(y) <= set(rows.y)

    # The same call gives the same rows; another seed gives others.
    equal(made, model.sample(7))
    assert not same(made, model.sample(7, random_state=1))

    # The same seed twice is the same model.
    equal(fit(name, rows).sample(7), made)

    # A saved model is the same model.
    loaded = load(tmp_path / "run")
    assert type(loaded) is type(model)
    equal(loaded.sample(7), made)
    for method in ("score_samples", "transform"):
        assert hasattr(loaded, method) == hasattr(model, method)
        if hasattr(model, method):
            before, after = (getattr(m, method)(rows.X[:6]) for m in (model, loaded))
            assert len(before) == 6
            assert np.isfinite(before).all()
            np.testing.assert_array_equal(before, after)

    if rows.y is not None:
        classes = np.unique(rows.y)
        asked = classes[[1, 0, 1]]
        made, y = model.sample(y=asked, return_y=True)
        rows.assert_like(made, 3)
        np.testing.assert_array_equal(y, asked)
        made, y = model.sample(4, y=classes[0], return_y=True)
        assert list(y) == [classes[0]] * 4
        assert set(model.classes_) == set(classes)
        with pytest.raises(InputError, match="y asks for the class whale; the classes are "):
            model.sample(y=["whale"])
    else:
        with pytest.raises(InputError, match="fitted without labels; leave out y"):
            model.sample(y=[0])


def same(a, b):
    return a.equals(b) if isinstance(a, pd.DataFrame) else np.array_equal(a, b)


def equal(a, b):
    if isinstance(a, pd.DataFrame):
        pd.testing.assert_frame_equal(a, b)
    else:
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("kind", ["numbers with classes", "table", "8x8 with classes", "28x28"])
@pytest.mark.parametrize("name", NETWORKS)
def test_a_gradient_reaches_every_parameter(name, kind):
    rows = KINDS[kind]()
    # The last weights: in the first ones layers that start at zero let no gradient through.
    settings = {"batch_size": 32, "keep": "last", "averaging": 0.0}
    model = fit(name, rows, budget="8 steps", training=settings)
    net = model.net_.train()
    objectives = model.objectives(net)
    moved = {id(p) for objective in objectives for p in objective.parameters}
    assert moved == {id(p) for p in net.parameters()}
    batch = model._batch(model._dataset(rows.X, rows.y, reset=False))
    for objective in objectives:
        loss = next(iter(objective.loss(batch, torch.Generator().manual_seed(0)).values()))
        assert loss.shape == ()
        gradients = torch.autograd.grad(loss, objective.parameters, allow_unused=True)
        names = {id(p): name for name, p in net.named_parameters()}
        for parameter, gradient in zip(objective.parameters, gradients, strict=True):
            where = names[id(parameter)]
            assert gradient is not None, f"no gradient reaches {where}"
            assert gradient.isfinite().all(), where
            assert gradient.abs().sum() > 0, f"the gradient of {where} is zero"


@pytest.mark.parametrize("kind", ["table", "28x28"])
@pytest.mark.parametrize("name", NETWORKS)
def test_half_precision_trains(name, kind):
    rows = KINDS[kind]()  # "auto" takes it on processors that have it, which others never try
    rows.assert_like(fit(name, rows, precision="bfloat16").sample(4), 4)


@pytest.mark.parametrize("name", ALL)
def test_docstring(name):
    text = inspect.getdoc(find_model(name).load())
    for part in ("Use it", "fails", "Parameters\n---", "Examples\n---", "References\n---"):
        assert part in text or (name == "copy" and part.startswith("References"))


@pytest.mark.parametrize("name", ALL)
def test_messages(name):
    """Value, rule and remedy; the words of scikit-learn where it has them."""
    X, y = numbers(True).X, numbers(True).y
    small = lambda **given: make_small(name, **given)  # noqa: E731
    with pytest.raises(NotFittedError, match="is not fitted yet"):
        small().sample()
    with pytest.raises(InputError, match="y has 3 labels but there are 60 rows; give one label"):
        small().fit(X, y[:3])
    with pytest.raises(ValueError, match="contains NaN"):
        small().fit(np.where(X > 2, np.nan, X))
    with pytest.raises(ValueError, match="contains infinity"):
        small().fit(np.where(X > 2, np.inf, X))
    with pytest.raises(ValueError, match=r"0 sample|no rows|minimum of 2"):
        small().fit(X[:0])
    with pytest.raises(ValueError, match=r"1 sample.* minimum of 2 is required"):
        small().fit(X[:1])
    with pytest.raises(InputError, match="rows of unequal length; give a rect") as caught:
        small().fit([[1.0, 2.0], [3.0]])
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="'random_state' parameter"):
        small(random_state="today").fit(X)
    model = small().fit(X, y)
    for wrong in (0, -1, 2.5):
        with pytest.raises(InputError, match=f"n_samples={wrong} must be a whole number"):
            model.sample(wrong)
    if name in NETWORKS:
        with pytest.raises(InputError, match='budget="soon" cannot be read; write operations'):
            small(budget="soon").fit(X)
        with pytest.raises(InputError, match='no setting "learning_rat"; did you mean "learning_r'):
            small(training={"learning_rat": 1}).fit(X)
        with pytest.raises(InputError, match="training: batch_size=0 must be a whole number"):
            small(training={"batch_size": 0}).fit(X)
        with pytest.raises(ValueError, match=r"'precision' parameter of .* must be a str among"):
            small(precision="float8").fit(X)
    if hasattr(model, "transform"):
        with pytest.raises(ValueError, match=r"X has 3 features, but .* is expecting 4 features"):
            model.transform(X[:, :3])
        assert model.transform(X[:1]).shape[0] == 1


@pytest.mark.parametrize("name", NETWORKS)
def test_divergence_is_said(name):
    """Weights from before it are kept, with a warning, or there is nothing to keep."""
    rows = numbers(False)
    wild = {"learning_rate": 1e30, "clip": None, "optimizer": "sgd", "schedule": "constant"}
    said = r"diverged after \d+ steps .* take a learning rate below 1e\+30, as in training="
    with pytest.raises(InputError, match=said):
        make_small(name, training={**wild, "warmup": 0.0}, budget="60 steps").fit(rows.X)

    class Late(Callback):
        def on_start(self, loop):
            self.rates, loop.rates = loop.rates, [1e-6] * len(loop.rates)

        def on_step(self, loop):
            if loop.step == 20:
                loop.rates = self.rates

    with pytest.warns(ConvergenceWarning, match=said):
        model = make_small(name, training=wild, budget="60 steps").fit(rows.X, callbacks=[Late()])
    assert 0 < model.best_step_ <= 20
    rows.assert_like(model.sample(5), 5)


@pytest.mark.parametrize("name", ALL)
def test_awkward_rows(name):
    """Few rows, constant columns, one class: each is learnt from, or refused in one sentence."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(12, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert make_small(name).fit(X[:3]).sample(5).shape == (5, 3)
        constant = np.column_stack([X, np.full(12, 7.0)])
        made = make_small(name).fit(constant).sample(5)
        np.testing.assert_allclose(made[:, 3], 7.0)
        assert make_small(name).fit(np.ones((12, 3))).sample(2).shape == (2, 3)
        one_class = make_small(name).fit(X, np.zeros(12, dtype=int))
        assert one_class.sample(5).shape == (5, 3)
        rare = make_small(name).fit(X, [0] * 11 + [1])
        assert rare.sample(y=[1, 1]).shape == (2, 3)
        blank = np.zeros((12, 8, 8), dtype=np.uint8)
        blank[:, 3, 3] = 1
        assert make_small(name).fit(blank).sample(2).max() <= 1


@pytest.mark.parametrize("name", ALL)
def test_refit_forgets(name):
    with_classes, without = numbers(True), numbers(False)
    model = make_small(name).fit(with_classes.X, with_classes.y).fit(without.X)
    assert not hasattr(model, "classes_")
    equal(model.sample(5), fit(name, without).sample(5))


def test_classes_keep_their_codes_where_rows_have_only_some():
    rows = numbers(True)
    model = fit("vae", rows, budget="30 steps")
    everything = model.score_samples(rows.X, rows.y)
    for code in (0, 1, 2):
        here = rows.y == code
        np.testing.assert_allclose(
            model.score_samples(rows.X[here], rows.y[here]), everything[here], rtol=1e-5
        )
    dataset = as_dataset(rows.X, rows.y)
    np.testing.assert_allclose(model.score_samples(dataset), everything)
    two = rows.y > 0
    renumbered = as_dataset(rows.X[two], rows.y[two])
    assert set(renumbered.codes) == {0, 1}
    np.testing.assert_allclose(model.score_samples(renumbered), everything[two], rtol=1e-5)
    with pytest.raises(InputError, match="class 9; the classes are 0, 1, 2"):
        model.score_samples(rows.X, np.where(rows.y == 2, 9, rows.y))
    with pytest.raises(InputError, match="y has 3 labels but there are 60 rows"):
        model.score_samples(rows.X, rows.y[:3])


def test_validation_rows_with_some_of_the_classes():
    rows = numbers(True)
    here = rows.y == 2
    model = make_small("vae").fit(rows.X, rows.y, validation=(rows.X[here], rows.y[here]))
    assert model.history_["val_loss"].notna().all()
    with pytest.raises(InputError, match="validation rows have no labels"):
        make_small("vae").fit(rows.X, rows.y, validation=rows.X)


def test_likelihood_without_a_class_is_that_of_the_mixture():
    rows = numbers(True)
    model = fit("flow", rows)
    by_class = [model.score_samples(rows.X, np.full(N, c)) for c in (0, 1, 2)]
    expected = np.logaddexp.reduce(np.stack(by_class) + np.log(1 / 3), axis=0)
    np.testing.assert_allclose(model.score_samples(rows.X), expected, rtol=1e-6)


def test_pipeline_and_grid_search():
    rows = numbers(True)
    pipeline = make_pipeline(StandardScaler(), make_small("vae"))
    assert pipeline.fit(rows.X, rows.y)[-1].sample(3).shape == (3, 4)
    assert pipeline.transform(rows.X).shape == (N, 4)
    search = GridSearchCV(make_small("vae"), {"latent_dim": [1, 2]}, cv=2).fit(rows.X)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    assert search.best_estimator_.sample(2).shape == (2, 4)


@pytest.mark.parametrize("name", ["vae", "gan", "gaussian_mixture"])
def test_real_table_with_categories_and_missing_values(name, real_data):
    data = further.data.load(real_data / "tables" / "penguins.csv")
    assert isinstance(data, Dataset)
    model = make_small(name).fit(data)
    made = model.sample(200)
    assert list(made.columns) == list(data.values.columns)
    pd.testing.assert_series_equal(made.dtypes, data.values.dtypes)
    for column in data.values:
        if not pd.api.types.is_numeric_dtype(data.values[column]):
            assert set(made[column].dropna()) <= set(data.values[column].dropna())
        else:
            assert made[column].min() >= data.values[column].min()
            assert made[column].max() <= data.values[column].max()


def test_every_model_has_its_line():
    for line in models_for("generation"):
        cls = line.load()
        assert cls.__name__ == line.cls
        assert further.registry.name_of(cls) is line
        if line.family == "network":
            assert getattr(further, line.cls) is cls


@parametrize_with_checks([make_small(name) for name in ALL])
def test_scikit_learn(estimator, check):
    check(estimator)


def test_classes_of_one_hot_rows_are_their_columns(digits):
    X, y = digits
    model = GaussianMixtureDensity(random_state=0).fit(X[y < 3], np.eye(3, dtype=int)[y[y < 3]])
    assert model.classes_.tolist() == [0, 1, 2]
    assert set(model.sample(20, return_y=True)[1].tolist()) <= {0, 1, 2}
