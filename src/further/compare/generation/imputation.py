"""How well a trained model fills missing values, judged on known values that are hidden from it.

A fifth of the cells of held-out rows is hidden at random. The model fills them in, and two controls
do: the median or the most frequent value of the training rows, and the mean or the most frequent
value of the ten nearest training rows (of the same class where the model is given the class).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.compare.generation.setting import Setting
from further.data.encoding import TableEncoding
from further.data.preparation.column_encoding import NumericColumn
from further.data.preparation.column_text import to_numbers
from further.errors import InputError
from further.evaluate.estimate import Estimate, Score
from further.evaluate.interval import score_from_resamples
from further.evaluate.repeats import difference
from further.generate.generative_estimator import GenerativeEstimator
from further.generate.imputation import DRAWS, TableGaps, fill, nearest_rows
from further.train.seeds import seed_of

HIDDEN = 0.2
#: Held-out rows that are judged, a seeded part where there are more, and training rows to be near.
MOST_ROWS, MOST_TRAINING_ROWS = 500, 10_000

NUMBERS, CATEGORIES = "normalised RMSE", "balanced error"
MODEL, MEDIAN, NEIGHBOURS = "model", "median or mode", "nearest neighbours"


@dataclass(frozen=True)
class Judgement:
    """What filling in hidden values scores, by who filled them in."""

    rows: Annotated[int, "Held-out rows in which values were hidden."]
    cells: Annotated[int, "Values that were hidden."]
    scores: Annotated[Mapping[str, Mapping[str, Score]], "By measure and by who filled them in."]

    def against(self, measure: str, control: str) -> Estimate:
        """Return the error of the model minus that of a control, with the interval of the pair.

        Parameters
        ----------
        measure, control : str
            As in ``scores``.

        Returns
        -------
        Estimate
            Below 0 where the model does better.
        """
        found = self.scores[measure]
        return difference(found[MODEL], found[control])

    @property
    def sentences(self) -> tuple[str, ...]:
        """Whether the model does better than the controls, in words."""
        told = []
        for measure in self.scores:
            for control in (MEDIAN, NEIGHBOURS):
                apart = self.against(measure, control)
                how = "is tied with"
                if not apart.contains_zero:
                    how = "beats" if apart.value < 0 else "does worse than"
                written = f"difference {_written(apart.value)}"
                if apart.low is not None and apart.high is not None:
                    written += f", {_written(apart.low)} to {_written(apart.high)}"
                told.append(f"By {measure} the model {how} {control} ({written}).")
        return tuple(told)

    def to_json(self) -> dict[str, Any]:
        """Return all figures as plain JSON."""
        return {
            "rows": self.rows,
            "cells": self.cells,
            "hidden": HIDDEN,
            "scores": {
                measure: {who: score.estimate.to_dict() for who, score in found.items()}
                for measure, found in self.scores.items()
            },
            "differences": {
                measure: {c: self.against(measure, c).to_dict() for c in (MEDIAN, NEIGHBOURS)}
                for measure in self.scores
            },
        }


def judge_imputation(
    setting: Setting, estimator: GenerativeEstimator, *, draws: int = DRAWS, seed: int = 0
) -> Judgement:
    """Hide known values of held-out rows and see how well they are filled in.

    Parameters
    ----------
    setting : Setting
        Rows and split of the run.
    estimator : GenerativeEstimator
        Trained on its training rows.
    draws : int
        Of each value.
    seed : int
        Of what is hidden and of the draws.

    Returns
    -------
    Judgement
        Errors of the model and of both controls, on the same hidden values.
    """
    rng = np.random.default_rng(seed_of(seed, "imputation"))
    test, train = setting.part("test"), setting.part("train")
    test = test.take(np.sort(rng.permutation(len(test))[:MOST_ROWS]))
    train = train.take(rng.permutation(len(train))[:MOST_TRAINING_ROWS])
    encoding = estimator.encoding_
    if not isinstance(encoding, TableEncoding):
        raise InputError("Missing values are filled in tables, not in pictures.")
    names = [column.name for column in encoding.columns]
    truth = test.frame[names].reset_index(drop=True)
    hidden = (rng.random(truth.shape) < HIDDEN) & truth.notna().to_numpy()
    # A row of which nothing is known would only ask for the mean.
    hidden[np.arange(len(truth)), rng.integers(0, len(names), len(truth))] = False
    masked = truth.mask(hidden)
    classes = setting.conditional and test.classes is not None
    y = test.classes.values if classes and test.classes is not None else None
    filled = {
        MODEL: estimator.impute(masked, y, n_draws=draws, random_state=seed),
        MEDIAN: _usual(masked, train.frame, encoding),
        NEIGHBOURS: _from_neighbours(
            masked, test.codes if classes else None, train, encoding, classes, rng
        ),
    }
    scores: dict[str, dict[str, Score]] = {}
    for measure, error, is_number in (
        (NUMBERS, _normalised_rmse, True), (CATEGORIES, _balanced_error, False),
    ):  # fmt: skip
        columns = [
            (i, column.name) for i, column in enumerate(encoding.columns)
            if isinstance(column, NumericColumn) is is_number and hidden[:, i].any()
        ]  # fmt: skip
        if columns:
            scores[measure] = {
                who: error(columns, truth, table, hidden, train.frame, test.groups, seed)
                for who, table in filled.items()
            }
    return Judgement(int(hidden.any(axis=1).sum()), int(hidden.sum()), scores)


def _usual(masked: pd.DataFrame, train: pd.DataFrame, encoding: Any) -> pd.DataFrame:
    """Fill in the median of numbers and the most frequent category of the training rows."""
    usual = {}
    for column in encoding.columns:
        known = train[column.name].dropna()
        if isinstance(column, NumericColumn):
            value = column.restore(np.array([np.median(to_numbers(known))]))
        else:
            value = known.mode().iloc[:1].array
        usual[column.name] = pd.Series(value).repeat(len(masked)).reset_index(drop=True)
    return fill(masked, np.arange(len(masked)), [pd.DataFrame(usual)], encoding)


def _from_neighbours(
    masked: pd.DataFrame, y: Any, train: Any, encoding: Any, classes: bool, rng: np.random.Generator
) -> pd.DataFrame:
    """Fill in what the nearest training rows have."""
    gaps = TableGaps(encoding)
    pool = gaps.present(encoding.encode(train), rng)
    rows = replace(train, values=masked, target=None, groups=None, attributes=None,
                   official_split=None)  # fmt: skip
    x = encoding.encode(rows)
    known = gaps.known(masked.isna().to_numpy())
    nearest = nearest_rows(x, known, pool, DRAWS, y, train.codes if classes else None)
    draws = [gaps.decode(pool[nearest[:, k]]) for k in range(nearest.shape[1])]
    return fill(masked, np.arange(len(masked)), draws, encoding)


def _normalised_rmse(
    columns: list[tuple[int, str]], truth: pd.DataFrame, filled: pd.DataFrame,
    hidden: NDArray[np.bool_], train: pd.DataFrame, groups: Any, seed: int,
) -> Score:  # fmt: skip
    """Return the root of the mean squared error in standard deviations, averaged over columns."""
    parts = []
    for i, name in columns:
        scale = float(np.nanstd(to_numbers(train[name]))) or 1.0
        error = np.square((to_numbers(filled[name]) - to_numbers(truth[name])) / scale)
        parts.append((hidden[:, i], np.where(hidden[:, i], error, 0.0)))

    def statistic(weights: NDArray[np.floating[Any]]) -> float:
        roots = [
            np.sqrt((weights * error).sum() / total)
            for where, error in parts
            if (total := float(weights[where].sum())) > 0
        ]
        return float(np.mean(roots)) if roots else float("nan")

    return score_from_resamples(
        statistic, len(truth), groups=groups, limits=(0.0, float("inf")), seed=seed
    )


def _balanced_error(
    columns: list[tuple[int, str]], truth: pd.DataFrame, filled: pd.DataFrame,
    hidden: NDArray[np.bool_], train: pd.DataFrame, groups: Any, seed: int,
) -> Score:  # fmt: skip
    """Return 1 minus the accuracy averaged over categories, averaged over columns."""
    parts = []
    for i, name in columns:
        where = np.flatnonzero(hidden[:, i])
        true, guess = (table[name].iloc[where].astype(str).to_numpy() for table in (truth, filled))
        parts.append((where, np.unique(true, return_inverse=True)[1], (true != guess) * 1.0))

    def statistic(weights: NDArray[np.floating[Any]]) -> float:
        errors = []
        for where, codes, wrong in parts:
            totals = np.bincount(codes, weights[where])
            drawn = totals > 0
            if drawn.any():
                missed = np.bincount(codes, weights[where] * wrong)
                errors.append((missed[drawn] / totals[drawn]).mean())
        return float(np.mean(errors)) if errors else float("nan")

    return score_from_resamples(statistic, len(truth), groups=groups, limits=(0.0, 1.0), seed=seed)


def _written(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
