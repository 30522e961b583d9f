r"""Robustness: what the held-out figure loses under stated corruptions, and what breaks it first.

With the figure m of the clean rows and :math:`m_{cs}` of those under a corruption c of severity s,
the loss is :math:`m - m_{cs}`, with an interval that pairs the two on the same rows. A corruption
*breaks* a model where the figure has fallen more than halfway to that of a constant :math:`m_0`,

.. math:: m_{cs} < \tfrac12 (m + m_0),

and the interval of the loss is above 0. What breaks it at the lowest severity breaks it first; of
several the one that costs most.

The figure is balanced accuracy (:math:`m_0 = 1/K`) or R² (:math:`m_0 = 0`). Severities of different
corruptions are no common scale: 5 is bad in each, and what is met in use only its user knows. The
interval speaks of other rows; of other draws of the same noise it holds as far as rows are many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from further.errors import InputError
from further.evaluate.estimate import Estimate
from further.evaluate.interval import paired_difference
from further.evaluate.metrics import find_metric
from further.evaluate.record import Measured
from further.evaluate.typed_json import to_json
from further.trust.safety.corruptions.corruption import Corruption
from further.trust.safety.corruptions.pictures import PICTURE_CORRUPTIONS
from further.trust.safety.corruptions.tables import table_corruptions
from further.trust.safety.held_out_metric import (
    constant_value,
    metric_of,
    rows_of,
    score_predictions,
)
from further.trust.safety.kept import KeptInRun

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class CorruptedFigure:
    """The figure under one corruption of one severity."""

    corruption: Annotated[str, "Its name."]
    severity: Annotated[int, "From 1 on."]
    amount: Annotated[float, "In its unit."]
    unit: Annotated[str, "What the amount is."]
    figure: Annotated[Measured, "The metric on corrupted rows."]
    loss: Annotated[Measured, "What it lost, paired with the clean rows."]
    breaks: Annotated[bool, "Whether it fell more than halfway to a constant."]

    @property
    def told(self) -> str:
        """The corruption with its amount, in words."""
        if self.unit == "column":
            return self.corruption
        return f"{self.corruption} of severity {self.severity} ({self.amount:g} {self.unit})"


@dataclass(frozen=True)
class Robustness(KeptInRun):
    """The held-out figure by corruption and severity."""

    record_name: ClassVar[str] = "robustness"

    metric: Annotated[str, "Balanced accuracy or R²."]
    clean: Annotated[Measured, "On rows as they are."]
    constant: Annotated[float, "What a constant scores."]
    figures: Annotated[tuple[CorruptedFigure, ...], "By corruption, the mildest first."]
    notes: Annotated[tuple[str, ...], "What a reader has to know."] = ()

    @property
    def first(self) -> CorruptedFigure | None:
        """What breaks the model first; None where nothing does."""
        broken = [one for one in self.figures if one.breaks]
        return min(broken, key=lambda f: (f.severity, -(f.loss.value or 0.0)), default=None)

    @property
    def worst(self) -> CorruptedFigure:
        """What costs most of all."""
        return max(self.figures, key=lambda one: one.loss.value or 0.0)

    @property
    def sentence(self) -> str:
        """The answer."""
        metric = find_metric(self.metric)
        name = metric.term or metric.plain
        said = f"{name[0].upper()}{name[1:]} is {_told(self.clean)} on clean rows. "
        if self.first is not None:
            what = self.first.told
            return (
                f"{said}{what[0].upper()}{what[1:]} breaks it first: it falls to "
                f"{_told(self.first.figure)}, a loss of {_told(self.first.loss)}; a constant has "
                f"{self.constant:.2f}."
            )
        return (
            f"{said}None of the corruptions breaks it; the largest loss, {_told(self.worst.loss)}, "
            f"comes with {self.worst.told}."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row a corruption and severity."""
        import pandas as pd

        rows = []
        for one in self.figures:
            rows.append({
                "corruption": one.corruption, "severity": one.severity, "amount": one.amount,
                "unit": one.unit, self.metric: one.figure.value, "low": one.figure.low,
                "high": one.figure.high, "loss": one.loss.value, "loss_low": one.loss.low,
                "loss_high": one.loss.high, "breaks": one.breaks,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {"sentence": self.sentence, "first": to_json(self.first), **to_json(self)}


def robustness(
    model: Any,
    X: Any,
    y: ArrayLike | None = None,
    corruptions: Sequence[Corruption] | None = None,
    *,
    shape: tuple[int, ...] | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> Robustness:
    """Say what a model loses under stated corruptions of held-out rows, and what breaks it first.

    When to use: before a model meets rows that are worse than those it was judged on. When it
    fails: it knows the corruptions that it is given and no others, one at a time; and the largest
    of many losses, picked after the fact, is flattered a little.

    Parameters
    ----------
    model : classifier or regressor
        Fitted, with ``predict``.
    X : Dataset, DataFrame or array of shape (n, ...)
        Rows that it never saw; more than two axes are pictures (n, height, width[, channels]).
    y : array-like of shape (n,), optional
        Their target; a Dataset brings its own.
    corruptions : sequence of Corruption, optional
        Default: those of pictures (:mod:`further.trust.safety.corruptions.pictures`) or of tables
        (:mod:`further.trust.safety.corruptions.tables`).
    shape : tuple of int, optional
        Of a picture, where rows are pictures with their values one after the other.
    groups : array-like of shape (n,), optional
        Rows that depend on each other.
    seed : int, default=0
        Of noise, places and resamples.

    Returns
    -------
    Robustness
        With ``sentence`` and ``to_frame()``.

    Raises
    ------
    InputError
        If there is no target, or rows do not have the shape that is named.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_digits(return_X_y=True)
    >>> model = LogisticRegression(max_iter=300).fit(X[:1200] / 16, y[:1200])
    >>> found = robustness(model, X[1200:] / 16, y[1200:], shape=(8, 8))
    >>> found.first.corruption, found.first.severity
    ('rotation', 4)
    """
    check_is_fitted(model)
    X, target = rows_of(X, y)
    if target is None:
        raise InputError("robustness needs y, the target of the held-out rows.")
    if shape is not None and np.prod(shape) != np.prod(X.shape[1:]):
        raise InputError(f"shape={shape} has {np.prod(shape)} values, but rows have {X.shape[1:]}.")
    rows = X if shape is None else np.asarray(X).reshape(len(X), *shape)
    if corruptions is None:
        is_table = getattr(rows, "ndim", 2) < 3
        corruptions = table_corruptions(model, rows) if is_table else PICTURE_CORRUPTIONS
    metric = metric_of(model, target)

    def score(values: Any) -> Any:
        given = values if shape is None else np.asarray(values).reshape(X.shape)
        return score_predictions(metric, target, model.predict(given), groups, seed)

    clean = score(rows)
    constant = constant_value(metric, target)
    found = []
    for corruption in corruptions:
        for severity, amount in enumerate(corruption.amounts, start=1):
            corrupted = score(corruption(rows, severity, seed))
            loss = paired_difference(clean, corrupted)
            found.append(
                CorruptedFigure(
                    corruption.name, severity, float(amount), corruption.unit,
                    _measured(corrupted.estimate), _measured(loss),
                    bool(corrupted.value < (clean.value + constant) / 2 and (loss.low or 0) > 0),
                )
            )  # fmt: skip
    return Robustness(metric, _measured(clean.estimate), constant, tuple(found))


def _measured(estimate: Estimate) -> Measured:
    return Measured(estimate.value, estimate.low, estimate.high, estimate.n, estimate.method)


def _told(figure: Measured) -> str:
    if figure.low is None:
        return f"{figure.value:.2f}"
    return f"{figure.value:.2f} ({figure.low:.2f} to {figure.high:.2f})"
