"""Which shift score sees which kind of shift: each against real shifted rows, beside the control.

A score is judged by two figures. The area under the ROC curve says how often a shifted row scores
higher than a held-out one that is not shifted; the detection rate says how many shifted rows raise
an alarm at a threshold that 5 % of rows like the training data pass
(:mod:`further.trust.safety.shift`). Rows that calibrate must be new to the model: those it learnt
from look more typical than any other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.validation import check_is_fitted

from further.errors import InputError
from further.evaluate.ranking import area_under_curve
from further.evaluate.record import Measured
from further.evaluate.share import share_intervals
from further.evaluate.typed_json import to_json
from further.supervised.conformal import conformal_quantile, least_calibration_rows
from further.trust.safety.held_out_metric import rows_of
from further.trust.safety.kept import KeptInRun
from further.trust.safety.representation import Represent, representation_of
from further.trust.safety.shift_scores import (
    CONTROL,
    SCORES,
    Reference,
    fit_members,
    logits_of,
    possible,
    scorer_of,
)

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]
#: Of the area: it is DeLong's; of a rate: given the threshold.
AREA_METHOD = "DeLong with Student's t on log-odds"
RATE_METHOD = "Wilson or exact, given the threshold"
#: An area above which a shift is told apart well enough to speak of a detector.
DETECTS = 0.8


@dataclass(frozen=True)
class Detection:
    """One score on one kind of shifted rows."""

    score: Annotated[str, "Its name."]
    shift: Annotated[str, "What the rows are."]
    auc: Annotated[Measured, "How often a shifted row scores above one that is not."]
    detected: Annotated[Measured, "Share of the shifted rows that raise the alarm."]
    n: Annotated[int, "Shifted rows."]


@dataclass(frozen=True)
class ShiftComparison(KeptInRun):
    """Shift scores on several kinds of shifted rows."""

    record_name: ClassVar[str] = "shift"

    detections: Annotated[tuple[Detection, ...], "Each score on each kind."]
    false_alarm_rate: Annotated[float, "Share of rows like the training data that raise an alarm."]
    n_calibration: Annotated[int, "Rows that calibrated the alarm."]
    notes: Annotated[tuple[str, ...], "What a reader has to know."] = ()

    def best(self, shift: str) -> Detection:
        """Return the score, other than the control, with the largest area on one kind of rows."""
        own = [d for d in self.detections if d.shift == shift and d.score != CONTROL]
        return max(own, key=lambda d: d.auc.value or 0.0)

    @property
    def shifts(self) -> tuple[str, ...]:
        """The kinds of shifted rows."""
        return tuple(dict.fromkeys(d.shift for d in self.detections))

    @property
    def sentence(self) -> str:
        """The answer: how each kind of shift is seen best, beside the control."""
        return " ".join(self._told(shift) for shift in self.shifts)

    def _told(self, shift: str) -> str:
        best = self.best(shift)
        said = (
            f"{shift}: {SCORES[best.score][0]} sees {_percent(best.detected)} of them at "
            f"{self.false_alarm_rate:.0%} false alarms (AUC {best.auc.value:.2f})"
        )
        control = [d for d in self.detections if d.shift == shift and d.score == CONTROL]
        if control:
            said += (
                f", confidence alone {_percent(control[0].detected)} "
                f"(AUC {control[0].auc.value:.2f})"
            )
        return f"{said}."

    def to_frame(self) -> pd.DataFrame:
        """Return a row a score and kind of shift."""
        import pandas as pd

        rows = []
        for d in self.detections:
            rows.append({
                "shift": d.shift, "score": d.score, "n": d.n,
                "auc": d.auc.value, "auc_low": d.auc.low, "auc_high": d.auc.high,
                "detected": d.detected.value, "detected_low": d.detected.low,
                "detected_high": d.detected.high,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def to_json(self) -> dict[str, Any]:
        """Return all of it for JSON."""
        return {"sentence": self.sentence, **to_json(self)}


def compare_shift_scores(
    model: Any,
    X_train: Any,
    X_calibration: Any,
    shifted: Mapping[str, Any],
    *,
    y_train: ArrayLike | None = None,
    ensemble: Sequence[Any] | int = 10,
    representation: str | Represent = "auto",
    n_neighbors: int = 5,
    false_alarm_rate: float = 0.05,
    seed: int = 0,
) -> ShiftComparison:
    """Say how well each shift score tells shifted rows from rows like the training data.

    When to use: to choose a score for :class:`~further.trust.safety.shift.ShiftDetector`, with
    shifted rows of a kind that may be met. When it fails: the best score here is the best for these
    kinds of shift; of another kind it says nothing. Picked after the fact, the best figure is
    flattered a little.

    Parameters
    ----------
    model : classifier or regressor
        Fitted to ``X_train``.
    X_train : Dataset, DataFrame or array of shape (n, ...)
        What it learnt from.
    X_calibration : Dataset, DataFrame or array of shape (m, ...)
        Rows like those, new to the model.
    shifted : mapping of str to rows
        Kinds of rows that are not like those, by name.
    y_train : array-like of shape (n,), optional
        Target of the training rows, for the ensemble and the Mahalanobis distance; a Dataset brings
        its own.
    ensemble : sequence of fitted models or int, default=10
        Whose disagreement is measured; or how many bootstrapped copies to fit, 0 for none.
    representation : {"auto", "columns", "network"} or callable, default="auto"
        See :class:`~further.trust.safety.shift.ShiftDetector`.
    n_neighbors : int, default=5
        Likewise.
    false_alarm_rate : float, default=0.05
        At which detection rates are given.
    seed : int, default=0
        Of the ensemble.

    Returns
    -------
    ShiftComparison
        With ``to_frame()`` and ``sentence``.

    Raises
    ------
    InputError
        If there is nothing shifted, or fewer rows calibrate than the rate takes.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, y = load_iris(return_X_y=True)
    >>> X, y, virginica = X[y < 2], y[y < 2], X[y == 2]
    >>> model = LogisticRegression().fit(X[::2], y[::2])
    >>> found = compare_shift_scores(
    ...     model, X[::2], X[1::2], {"virginica": virginica}, y_train=y[::2])
    >>> found.best("virginica").score
    'mahalanobis'
    """
    check_is_fitted(model)
    rows, y = rows_of(X_train, y_train)
    calibration, _ = rows_of(X_calibration)
    if not shifted:
        raise InputError("Give shifted rows by name, such as {'other letters': X_letters}.")
    least = least_calibration_rows(1 - false_alarm_rate)
    if len(calibration) < least:
        raise InputError(
            f"X_calibration has {len(calibration)} rows, but a false alarm rate of "
            f"{false_alarm_rate:.4g} takes at least {least}."
        )
    members: tuple[Any, ...] = () if isinstance(ensemble, int) else tuple(ensemble)
    if isinstance(ensemble, int) and ensemble > 1 and y is not None:
        members = fit_members(model, rows, y, ensemble, seed)
    represent = representation_of(rows, model, representation)
    reference = Reference(rows, y, represent, model, members, n_neighbors)
    found: list[Detection] = []
    for name in possible(model, members):
        score = scorer_of(name, reference)
        usual = score(calibration)
        threshold = conformal_quantile(np.sort(usual), 1 - false_alarm_rate)
        for kind, new in shifted.items():
            found.append(_detection(name, kind, score(rows_of(new)[0]), usual, threshold))
    notes = []
    if "energy" in possible(model, members):
        notes.append(f"Energy is that of {logits_of(model, calibration[:2])[1]}.")
    return ShiftComparison(tuple(found), false_alarm_rate, len(calibration), tuple(notes))


def _detection(name: str, kind: str, new: Floats, usual: Floats, threshold: float) -> Detection:
    values = np.unique(np.concatenate([new, usual]))[::-1]
    # Places of the highest score first, as the area takes them.
    positives, negatives = (
        np.bincount(np.searchsorted(-values, -part), minlength=len(values)).astype(np.float64)
        for part in (new, usual)
    )
    area = area_under_curve(positives, negatives)
    share = share_intervals([(new > threshold).sum()], [len(new)])
    detected = Measured(
        float(share.values[0]), float(share.low[0]), float(share.high[0]), len(new), RATE_METHOD
    )
    n = len(new) + len(usual)
    auc = Measured(area.value, _known(area.low), _known(area.high), n, AREA_METHOD)
    return Detection(name, kind, auc, detected, len(new))


def _known(end: float) -> float | None:
    return float(end) if np.isfinite(end) else None


def _percent(share: Measured) -> str:
    return f"{share.value:.0%} ({share.low:.0%} to {share.high:.0%})"
