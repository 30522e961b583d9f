r"""Sensitivity to hyperparameters: how far a model depends on settings that nobody decided.

Settings are drawn from the neighbourhood of the given ones
(:mod:`further.trust.safety.neighbourhood`). At each of them the model is trained with several seeds
of its own; a seed draws which training rows are taken (a share of them) and the estimator's
``random_state``. All are judged on the same
held-out rows, by balanced accuracy or R². The spread between settings stands in units of the
spread between seeds (:mod:`further.trust.safety.variance_ratio`), with the F test of no difference
between settings.

Which parameter matters is told by Spearman's rank correlation of its value with the mean figure of
a setting, of a choice by the Kruskal-Wallis test, corrected for the number of parameters (Holm).
That is a main effect: a parameter that matters in the middle of its range alone, or together with
another one, is not seen.

References
----------
D'Amour et al. 2022, "Underspecification presents challenges for credibility in modern machine
learning". Bouthillier et al. 2021, "Accounting for variance in machine learning benchmarks".
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import clone

from further.data.splits import split_rows
from further.errors import InputError
from further.evaluate.estimate import Score
from further.evaluate.metrics import find_metric
from further.evaluate.repeats import difference, mean_over_trainings
from further.evaluate.typed_json import to_json
from further.trust.safety.held_out_metric import metric_of, rows_of, score_predictions, take
from further.trust.safety.kept import KeptInRun
from further.trust.safety.main_effects import ParameterEffect, main_effects
from further.trust.safety.multiplicity import Multiplicity, multiplicity
from further.trust.safety.neighbourhood import Entry, Setting, draw_settings, names_of
from further.trust.safety.variance_ratio import VarianceRatio, variance_ratio

if TYPE_CHECKING:
    import pandas as pd

#: A forecast above which nobody waits without having been told.
LONG_SECONDS = 60.0


@dataclass(frozen=True)
class SettingResult:
    """One setting: its parameters and what it scored."""

    values: Annotated[dict[str, Any], "By parameter; those that vary."]
    mean: Annotated[float, "Of the metric over seeds."]
    scores: Annotated[tuple[float, ...], "One a seed."]
    tied: Annotated[bool, "Whether it is tied with the best one on the held-out rows."]


@dataclass(frozen=True)
class Sensitivity(KeptInRun):
    """How far the held-out figure depends on the settings."""

    record_name: ClassVar[str] = "sensitivity"

    estimator: Annotated[str, "The class."]
    metric: Annotated[str, "Balanced accuracy or R²."]
    given: Annotated[SettingResult, "The settings that were given."]
    settings: Annotated[tuple[SettingResult, ...], "Those of the neighbourhood."]
    ratio: Annotated[VarianceRatio, "Spread between settings in units of that between seeds."]
    effects: Annotated[tuple[ParameterEffect, ...], "Of each parameter, the strongest first."]
    multiplicity: Annotated[Multiplicity | None, "Of classes: rows on which tied settings differ."]
    n_held_out: Annotated[int, "Rows that judged."]
    notes: Annotated[tuple[str, ...], "What a reader has to know."] = ()

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest mean figure of the neighbourhood."""
        means = [one.mean for one in self.settings]
        return min(means), max(means)

    @property
    def sentence(self) -> str:
        """The answer."""
        low, high = self.range
        metric = find_metric(self.metric)
        name = metric.term or metric.plain
        said = [
            f"{name[0].upper()}{name[1:]} of {self.estimator} is {self.given.mean:.3f} at the "
            f"given settings and {low:.3f} to {high:.3f} over {len(self.settings)} settings near "
            "them.",
            _ratio_told(self.ratio),
        ]
        first = self.effects[0]
        if first.p_adjusted is not None and first.p_adjusted < 0.05:
            said.append(f"{first.name} matters most ({first.told}).")
        else:
            said.append("No single parameter stands out.")
        if self.multiplicity is not None and self.multiplicity.models > 1:
            said.append(_multiplicity_told(self.multiplicity))
        return " ".join(said)

    def to_frame(self) -> pd.DataFrame:
        """Return a row a setting and seed; setting 0 is the given one."""
        import pandas as pd

        rows = []
        for s, setting in enumerate((self.given, *self.settings)):
            for r, score in enumerate(setting.scores):
                rows.append({"setting": s, "seed": r, **setting.values, self.metric: score})
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {"sentence": self.sentence, "range": self.range, **to_json(self)}


def sensitivity(
    estimator: Any,
    X: Any,
    y: ArrayLike | None = None,
    neighbourhood: Mapping[str, Entry] | None = None,
    n_settings: int = 20,
    n_seeds: int = 5,
    *,
    test_share: float = 0.3,
    training_share: float = 0.8,
    groups: ArrayLike | None = None,
    seed: int = 0,
    on_forecast: Callable[[str], object] | None = None,
) -> Sensitivity:
    """Say how far a model depends on its settings, in units of how far it depends on its seed.

    When to use: before a figure is taken for a property of the data or of the method: settings that
    nobody decided may have decided it. When it fails: it looks within a factor of two of the given
    settings and at numbers alone unless choices are listed; seeds stand for another draw of the
    training rows too, so that a method without chance in it still has a spread; and all figures are
    of the same held-out rows.

    Parameters
    ----------
    estimator : classifier or regressor
        Of scikit-learn's contract; it is copied and need not be fitted.
    X : Dataset, DataFrame or array of shape (n, ...)
        Rows.
    y : array-like of shape (n,), optional
        Their target; a Dataset brings its own.
    neighbourhood : mapping, optional
        Parameter to the largest factor, or to a list of values; default: every number among the
        settings with a factor of 2.
    n_settings, n_seeds : int
        How many settings, 2 or more, and trainings at each, 2 or more.
    test_share : float, default=0.3
        Share of the rows that judges.
    training_share : float, default=0.8
        Share of the other rows that each seed draws; 1 for all of them, so that only
        ``random_state`` differs.
    groups : array-like of shape (n,), optional
        Rows that depend on each other, which stay together.
    seed : int, default=0
        Of all that is drawn.
    on_forecast : callable, optional
        Is told how long it will take, before the second training. Without it a warning says so
        where that is more than a minute.

    Returns
    -------
    Sensitivity
        With ``sentence`` and ``to_frame()``.

    Raises
    ------
    InputError
        If there is no target, nothing varies, or half of the settings cannot be trained.

    Examples
    --------
    >>> from sklearn.datasets import load_wine
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> X, y = load_wine(return_X_y=True)
    >>> found = sensitivity(
    ...     DecisionTreeClassifier(max_depth=4), X, y, {"max_depth": 4.0}, n_settings=6, n_seeds=3)
    >>> len(found.settings), found.metric
    (6, 'balanced_accuracy')
    """
    if min(n_settings, n_seeds) < 2:
        raise InputError(
            f"n_settings={n_settings} and n_seeds={n_seeds} must be at least 2: a spread takes two."
        )
    X, target = rows_of(X, y)
    if target is None:
        raise InputError("sensitivity needs y, the target of the rows.")
    names = names_of(estimator, neighbourhood)
    drawn = draw_settings(estimator, names, n_settings, np.random.default_rng([seed, 0]))
    every = estimator.get_params(deep=True)
    given = Setting({name: every[name] for name in names}, np.zeros(len(names)))
    trials = _Trials(estimator, X, target, groups, test_share, training_share, seed)
    started = time.monotonic()
    trials.run(given, 0, 0)
    _forecast((time.monotonic() - started) * (n_settings + 1) * n_seeds, on_forecast)
    notes = []
    found: list[tuple[Setting, list[Score], NDArray[Any]]] = []
    for s, setting in enumerate([given, *drawn]):
        try:
            pairs = [trials.run(setting, s, r) for r in range(n_seeds)]
        except ValueError as error:
            if s == 0:
                raise
            notes.append(f"{setting.values} could not be trained: {error}")
            continue
        found.append((setting, [p[0] for p in pairs], np.array([p[1] for p in pairs])))
    if len(found) - 1 < max(2, n_settings / 2):
        raise InputError(
            f"{n_settings + 1 - len(found)} of {n_settings} settings could not be trained; "
            f"name narrower ones as neighbourhood. The last: {notes[-1]}"
        )
    means = [mean_over_trainings(scores) for _, scores, _ in found]
    best = max(range(len(found)), key=lambda s: means[s].value)
    tied = [s == best or difference(means[best], means[s]).contains_zero for s in range(len(found))]
    results = [
        SettingResult(
            setting.values, means[s].value, tuple(score.value for score in scores), tied[s]
        )
        for s, (setting, scores, _) in enumerate(found)
    ]
    figures = np.array([one.scores for one in results[1:]])
    agreement = None
    if trials.metric == "balanced_accuracy":
        order = [best, *(s for s in range(len(found)) if tied[s] and s != best)]
        agreement = multiplicity(np.array([found[s][2][0] for s in order]), found[0][2])
    return Sensitivity(
        type(estimator).__name__, trials.metric, results[0], tuple(results[1:]),
        variance_ratio(figures),
        main_effects(names, [setting for setting, *_ in found[1:]], figures.mean(axis=1)),
        agreement, len(trials.held_out), tuple(notes),
    )  # fmt: skip


class _Trials:
    """Trainings at given settings and seeds, all judged on the same held-out rows."""

    def __init__(
        self, estimator: Any, X: Any, y: NDArray[Any], groups: ArrayLike | None,
        test_share: float, training_share: float, seed: int,
    ) -> None:  # fmt: skip
        self.estimator, self.X, self.y, self.seed = estimator, X, y, seed
        self.metric, self.training_share = metric_of(estimator, y), training_share
        self.groups = None if groups is None else np.asarray(groups)
        split = split_rows(
            len(y), self._strata(np.arange(len(y))), self.groups, seed=seed,
            fractions=(1 - test_share, 0.0, test_share),
        )  # fmt: skip
        self.training, self.held_out = split.train, split.test
        self.done: dict[tuple[int, int], tuple[Score, NDArray[Any]]] = {}

    def run(self, setting: Setting, s: int, r: int) -> tuple[Score, NDArray[Any]]:
        """Train and judge once; a second time what was found is returned."""
        if (s, r) not in self.done:
            rng = np.random.default_rng([self.seed, 1, s, r])
            model = clone(self.estimator).set_params(**setting.values)
            states = [n for n in model.get_params() if n.rpartition("__")[2] == "random_state"]
            model.set_params(**{name: int(rng.integers(2**31 - 1)) for name in states})
            rows = self._drawn(int(rng.integers(2**31 - 1)))
            model.fit(take(self.X, rows), self.y[rows])
            predicted = np.asarray(model.predict(take(self.X, self.held_out)))
            groups = None if self.groups is None else self.groups[self.held_out]
            score = score_predictions(
                self.metric, self.y[self.held_out], predicted, groups, self.seed
            )
            self.done[s, r] = score, predicted
        return self.done[s, r]

    def _drawn(self, seed: int) -> NDArray[np.int64]:
        """Return the training rows of a seed."""
        if self.training_share >= 1:
            return self.training
        groups = None if self.groups is None else self.groups[self.training]
        split = split_rows(
            len(self.training), self._strata(self.training), groups, seed=seed,
            fractions=(self.training_share, 0.0, 1 - self.training_share),
        )  # fmt: skip
        return self.training[split.train]

    def _strata(self, rows: NDArray[np.int64]) -> NDArray[np.int64] | None:
        if self.metric == "r2":
            return None
        return np.unique(self.y[rows], return_inverse=True)[1].ravel()


def _forecast(seconds: float, on_forecast: Callable[[str], object] | None) -> None:
    told = f"The trainings will take about {_duration(seconds)} here."
    if on_forecast is not None:
        on_forecast(told)
    elif seconds > LONG_SECONDS:
        warnings.warn(told, stacklevel=3)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _ratio_told(ratio: VarianceRatio) -> str:
    if ratio.value is None:
        return "Seeds make no difference at all."
    p = ratio.p or 0.0
    test = f"F test of no difference: p {'< 0.001' if p < 0.001 else f'= {p:.3f}'}"
    return (
        f"Settings spread it {ratio.value:.1f} times as far as seeds do "
        f"({ratio.low:.1f} to {ratio.high:.1f}; {test})."
    )


def _multiplicity_told(found: Multiplicity) -> str:
    a = found.ambiguity
    said = (
        f"Of {a.n:,} held-out rows {a.value:.0%} ({a.low:.0%} to {a.high:.0%}) have a predicted "
        f"class that depends on which of the {found.models} tied settings is taken; two of them "
        f"disagree about {found.between_settings:.1%} of the rows"
    )
    if found.between_seeds is not None:
        said += f", two seeds of the given settings about {found.between_seeds:.1%}"
    return f"{said}."
