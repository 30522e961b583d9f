r"""Advice on hyperparameters, measured on the rows at hand: one factor at a time.

Every setting of a cheat sheet (width, depth, epochs, activation, optimizer, batch size, dropout)
is changed alone, in short trainings with several seeds, and the loss on held-out rows is compared
with that of the model as it is,

.. math:: d_{vs} = \ell(v, s) - \ell(\text{as it is}, s), \qquad
          \bar d_v \pm t_{1 - 0.025 / m, S - 1} \sqrt{\operatorname{Var}_s(d_{vs}) / S},

with the same split and the same seed of weights for each s of S. The intervals of all m values that
are tried hold together with 95 % (Bonferroni), since the best of many looks good by chance. A value
is advised where its interval lies below 0: with five seeds only large differences do. Another
optimizer is tried at the rate that a range test finds for it. The learning rate is found by a
range test (:mod:`further.supervised.range_test`), loss and output by the target
(:mod:`further.supervised.match`). Settings act together, which one factor at a time cannot see.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from sklearn.base import clone

from further.data.dataset import Dataset
from further.data.target import Numbers
from further.errors import InputError
from further.supervised.match import match
from further.supervised.network import SupervisedNetwork
from further.supervised.range_test import RangeTest, range_test
from further.train.seeds import seed_of

#: Rows that are learnt from at most, and the share of all that is held out.
MOST_ROWS, HELD_OUT = 2000, 0.25
#: Epochs of a short training, and steps that it does not exceed.
EPOCHS, MOST_STEPS = 64, 1500
#: Trainings of the range test.
RANGE_SEEDS = 3
OPTIMIZER, RATE = "training.optimizer", "training.learning_rate"


@dataclass(frozen=True)
class Trial:
    """One value of one setting, tried.

    Attributes
    ----------
    value : str
        As people would type it.
    difference : float
        Its held-out loss less that of the model as it is; below 0 it is better.
    low, high : float
        Of its interval over the seeds; those of all trials together hold with 95 %.
    gap : float
        Held-out loss less the loss on training rows, in units of the same loss.
    seconds : float
        Of one training.
    """

    value: str
    difference: float
    low: float
    high: float
    gap: float
    seconds: float

    @property
    def better(self) -> bool:
        """Whether the interval lies below 0."""
        return self.high < 0

    @property
    def worse(self) -> bool:
        """Whether the interval lies above 0."""
        return self.low > 0


@dataclass(frozen=True)
class Setting:
    """A setting of the cheat sheet: what it is here, what was tried, and what is advised.

    Attributes
    ----------
    name : str
        Of the hyperparameter.
    value : str
        What it is.
    advice : str
        What to do, in a sentence.
    trials : tuple of Trial
        The other values.
    """

    name: str
    value: str
    advice: str
    trials: tuple[Trial, ...] = ()


@dataclass(frozen=True)
class Advice:
    """What was found about a model on some rows.

    Attributes
    ----------
    settings : tuple of Setting
        In the order of a cheat sheet.
    rates : RangeTest
        Of the learning rate.
    loss : float
        Held-out loss of the model as it is, in short trainings, the mean over the seeds.
    metric : str
        What the loss is.
    seeds, rows, held_out : int
        What it rests on.
    notes : tuple of str
        What a reader has to know.
    """

    settings: tuple[Setting, ...]
    rates: RangeTest
    loss: float
    metric: str
    seeds: int
    rows: int
    held_out: int
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """Return all of it as plain JSON."""
        return asdict(self)


#: What is tried besides the value that a model has, by hyperparameter; those that it lacks are
#: left out. Keys with a dot are settings of the training.
TRIED: Mapping[str, Sequence[Any]] = {
    "hidden": ((32,), (64, 64), (1024, 1024), (256,) * 6),
    "activation": ("relu", "tanh"),
    "dropout": (0.0, 0.4),
    "label_smoothing": (0.1,),
    "channels": ((16, 32), (64, 128, 256)),
    "training.batch_size": (32, 1024),
    "training.optimizer": ("sgd",),
    "training.weight_decay": (0.0, 0.2),
    "training.schedule": ("constant", "cosine"),
}


def advise(
    estimator: SupervisedNetwork,
    dataset: Dataset,
    *,
    tried: Mapping[str, Sequence[Any]] | None = None,
    seeds: int = 5,
    seed: int = 0,
    on_event: Callable[[dict[str, Any]], None] | None = None,
) -> Advice:
    """Try the settings of a cheat sheet one at a time, in short trainings on the rows at hand.

    When to use: before a long training, or to see what a setting does. When it fails: short
    trainings favour what learns soon; few seeds see large differences only; and settings act
    together.

    Parameters
    ----------
    estimator : SupervisedNetwork
        With the settings that are in doubt; it is not changed.
    dataset : Dataset
        Rows with their target; of more than 2,000 so many are drawn.
    tried : mapping of str to sequence, optional
        Values by hyperparameter; default: :data:`TRIED`.
    seeds : int, default=5
        Trainings of each value, at least 2.
    seed : int, default=0
        Of the splits and of all trainings.
    on_event : callable, optional
        Called with every progress message, a dict.

    Returns
    -------
    Advice
        Setting by setting.

    Raises
    ------
    InputError
        If there is no target, too few rows, or fewer than two seeds.

    Examples
    --------
    >>> from further import MLPClassifier
    >>> from further.data import load
    >>> found = advise(MLPClassifier(hidden=(16,)), load("iris"), seeds=2,
    ...                tried={"training.optimizer": ["sgd"]})
    >>> [setting.name for setting in found.settings]
    ['loss', 'output', 'learning_rate', 'epochs', 'optimizer']
    """
    if seeds < 2:
        raise InputError(f"seeds={seeds} must be at least 2, since one shows no variation.")
    if dataset.target is None:
        raise InputError(f"{dataset.name} has no target; name the column to predict.")
    emit = on_event or (lambda message: None)
    n = len(dataset)
    rows = np.sort(np.random.default_rng(seed).permutation(n)[:MOST_ROWS])
    dataset = dataset.take(rows)
    bench = _Bench(estimator, dataset, seeds, seed)
    assert dataset.target is not None
    loss, output = match(dataset.target, estimator.loss, estimator.output)
    emit({"event": "step", "what": "Learning rate: range test"})
    rates = range_test(estimator, dataset, seeds=[seed + i for i in range(RANGE_SEEDS)])
    settings = [
        Setting("loss", loss.name, "It goes with the target."),
        Setting("output", output.name, "It goes with the loss and the target."),
        _learning_rate(estimator, rates),
    ]
    emit({"event": "step", "what": "As it is"})
    usual = bench.run({})
    settings.append(_epochs(bench))
    every = {
        name: [value for value in values if not _same(value, _value(estimator, name))]
        for name, values in (TRIED if tried is None else tried).items()
        if _value(estimator, name) is not None
    }
    level = 1 - 0.025 / max(1, sum(map(len, every.values())))
    settings += [bench.compare(name, every[name], usual, level, emit) for name in every]
    notes = (
        f"Short trainings of {bench.epochs} epochs at most on {bench.n_train} rows, judged on "
        f"{bench.n_test} others; {seeds} seeds each, so only large differences show.",
        *([f"{len(dataset):,} of {n:,} rows were drawn at random."] if len(dataset) < n else []),
    )
    mean = float(np.mean([held for held, _, _ in usual]))
    return Advice(
        tuple(settings), rates, mean, bench.metric, seeds, bench.n_train, bench.n_test, notes
    )


#: Held-out loss, loss on training rows, seconds.
_Run = tuple[float, float, float]


class _Bench:
    """Short trainings on the same splits with the same seeds."""

    def __init__(
        self, estimator: SupervisedNetwork, dataset: Dataset, seeds: int, seed: int
    ) -> None:
        self.estimator, self.dataset, self.seed = estimator, dataset, seed
        self.is_numbers = isinstance(dataset.target, Numbers)
        self.metric = "root mean squared error" if self.is_numbers else "log loss"
        self.splits = [
            dataset.split(seed=seed + i, fractions=(1 - HELD_OUT, 0.0, HELD_OUT))
            for i in range(seeds)
        ]
        self.n_train, self.n_test = len(self.splits[0].train), len(self.splits[0].test)
        batch = estimator.training_settings().batch_size
        per_epoch = max(1, round(0.8 * self.n_train) // batch)
        self.epochs = max(4, min(EPOCHS, MOST_STEPS // per_epoch))
        self.curves: list[NDArray[np.float64]] = []

    def run(self, changes: dict[str, Any]) -> list[_Run]:
        """Return the result of each seed with some settings changed."""
        return [self._train(i, changes) for i in range(len(self.splits))]

    def _train(self, i: int, changes: dict[str, Any]) -> _Run:
        given = self.estimator.training
        training = dict(given) if isinstance(given, dict) else {}
        own = {}
        for name, value in changes.items():
            part, _, setting = name.rpartition(".")
            if part:
                training[setting] = value
            else:
                own[name] = value
        model = clone(self.estimator).set_params(
            **own, training=training, budget=f"{self.epochs} epochs", precision="float32",
            random_state=seed_of(self.seed, "repeat", i) % (2**31 - 1),
        )  # fmt: skip
        split = self.splits[i]
        train, test = self.dataset.take(split.train), self.dataset.take(split.test)
        started = time.perf_counter()
        model.fit(train)
        seconds = time.perf_counter() - started
        if not changes and "val_refinement" in model.history_:
            self.curves.append(model.history_[["epoch", "val_refinement"]].to_numpy(float))
        elif not changes and "val_loss" in model.history_:
            self.curves.append(model.history_[["epoch", "val_loss"]].to_numpy(float))
        return self._loss(model, test), self._loss(model, train), seconds

    def _loss(self, model: Any, rows: Dataset) -> float:
        target = rows.target
        if isinstance(target, Numbers):
            return float(np.sqrt(np.mean((model.predict(rows) - target.values[:, 0]) ** 2)))
        p = np.asarray(model.predict_proba(rows))
        floor = 0.5 / self.n_train
        return float(-np.log(np.maximum(p[np.arange(len(rows)), rows.codes], floor)).mean())

    def _rate_for(self, optimizer: str) -> float:
        """Return the rate that a range test finds for another optimizer."""
        given = self.estimator.training
        training = {**(given if isinstance(given, dict) else {}), "optimizer": optimizer}
        other = clone(self.estimator).set_params(training=training)
        return range_test(other, self.dataset.take(self.splits[0].train), seeds=[self.seed]).rate

    def compare(
        self,
        name: str,
        values: Sequence[Any],
        usual: list[_Run],
        level: float,
        emit: Callable[..., None],
    ) -> Setting:
        """Return what other values of a setting do."""
        now = _value(self.estimator, name)
        trials = []
        for value in values:
            emit({"event": "step", "what": f"{name.rpartition('.')[2]}: {_written(value)}"})
            changes, told = {name: value}, _written(value)
            if name == OPTIMIZER:
                changes[RATE] = self._rate_for(value)
                told += f" at {changes[RATE]:.2g}"
            found = self.run(changes)
            apart = np.array([a[0] - b[0] for a, b in zip(found, usual, strict=True)])
            half = float(stats.t.ppf(level, len(apart) - 1) * stats.sem(apart))
            mean = float(apart.mean())
            gap = float(np.mean([held - own for held, own, _ in found]))
            seconds = float(np.median([s for _, _, s in found]))
            trials.append(Trial(told, mean, mean - half, mean + half, gap, seconds))
        return Setting(name.rpartition(".")[2], _written(now), _verdict(trials), tuple(trials))


def _verdict(trials: Sequence[Trial]) -> str:
    better = sorted((t for t in trials if t.better), key=lambda t: t.difference)
    if better:
        return f"Take {better[0].value}: its loss is lower by {-better[0].difference:.2g}."
    worse = [t.value for t in trials if t.worse]
    if worse:
        return f"Keep it: worse are {', '.join(worse)}."
    return "Keep it: nothing that was tried differs for certain."


def _learning_rate(estimator: SupervisedNetwork, rates: RangeTest) -> Setting:
    now = estimator.training_settings().learning_rate
    interval = "" if rates.low is None else f" ({rates.low:.2g} to {rates.high:.2g})"
    found = f"the loss falls fastest at {rates.rate:.2g}{interval}"
    if now > rates.limit:
        advice = f"Too high: {found} and rises from {rates.limit:.2g} on; take {rates.rate:.2g}."
    elif now < rates.rate / 10:
        advice = f"Low: {found}; take up to that."
    else:
        advice = f"Keep it: {found} and rises from {rates.limit:.2g} on."
    return Setting("learning_rate", f"{now:g}", advice)


def _epochs(bench: _Bench) -> Setting:
    """Say when the held-out loss was lowest in the short trainings."""
    best = [curve[np.nanargmin(curve[:, 1]), 0] for curve in bench.curves if len(curve)]
    if not best:
        return Setting("epochs", str(bench.estimator.budget), "Too few rows to hold some out.")
    last = bench.epochs
    told = f"the held-out loss was lowest at epoch {np.median(best):.0f} of {last}"
    advice = (
        f"Train longer than {last} epochs: {told}."
        if np.median(best) > 0.9 * last
        else f"{told[0].upper()}{told[1:]}; the best weights are kept, so more cost time only."
    )
    return Setting("epochs", str(bench.estimator.budget), advice)


def _value(estimator: SupervisedNetwork, name: str) -> Any:
    part, _, setting = name.rpartition(".")
    if part:
        return getattr(estimator.training_settings(), setting, None)
    return getattr(estimator, name, None)


def _same(a: Any, b: Any) -> bool:
    return _written(a) == _written(b)


def _written(value: Any) -> str:
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "-".join(str(item) for item in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
