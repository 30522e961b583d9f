"""The diagnosis of a training: what its curves show, and what they cannot."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from further.trust.doctor.conditions import CONDITIONS
from further.trust.doctor.features import Features
from further.trust.doctor.finding import Finding
from further.trust.doctor.formats import read
from further.trust.doctor.formats.objects import is_path
from further.trust.doctor.history import History, history_of
from further.trust.doctor.thresholds import LEAST_ROWS, STILL

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Diagnosis:
    """What the curves of a training show.

    Attributes
    ----------
    findings : tuple of Finding
        Conditions that are there, the gravest first; notes, which speak against nothing, come last.
    columns : dict
        Columns by the role in which they were read.
    layout : str
        What wrote the history.
    unit : str
        Of the axis: "epoch", "step" or "row".
    rows : int
        Rows of the longest curve.
    notes : tuple of str
        What was guessed.
    cannot_tell : tuple of str
        What these curves cannot show, and what to log so that they do.
    """

    findings: tuple[Finding, ...]
    columns: dict[str, str] = field(default_factory=dict)
    layout: str = ""
    unit: str = "epoch"
    rows: int = 0
    notes: tuple[str, ...] = ()
    cannot_tell: tuple[str, ...] = ()

    @property
    def problems(self) -> tuple[Finding, ...]:
        """The findings that speak against the training."""
        return tuple(finding for finding in self.findings if finding.is_problem)

    @property
    def healthy(self) -> bool:
        """Whether there are rows enough to judge and nothing speaks against the training."""
        return not self.problems and self.rows >= LEAST_ROWS

    @property
    def headline(self) -> str:
        """The answer in one sentence."""
        if self.problems:
            first = self.problems[0]
            more = len(self.problems) - 1
            also = f" (and {more} more finding{'s' if more > 1 else ''})" if more else ""
            return f"{first.title.capitalize()}: {first.summary}{also}."
        if self.rows < LEAST_ROWS:
            return f"Too short to judge: {self.rows} rows, of which {LEAST_ROWS} are needed."
        noted = "".join(f" Noted: {finding.summary}." for finding in self.findings)
        return f"Healthy: nothing in {self.rows} rows speaks against this training.{noted}"

    def to_json(self) -> dict[str, Any]:
        """Return the diagnosis as ``further doctor --json`` writes it."""
        return {
            "findings": [finding.to_json() for finding in self.findings],
            "healthy": self.healthy,
            "headline": self.headline,
            "layout": self.layout,
            "unit": self.unit,
            "rows": self.rows,
            "columns": self.columns,
            "notes": list(self.notes),
            "cannot_tell": list(self.cannot_tell),
        }

    def to_frame(self) -> pd.DataFrame:
        """Return a row a finding."""
        import pandas as pd

        keys = ("condition", "severity", "confidence", "epoch", "evidence", "causes", "try")
        rows = [{key: finding.to_json()[key] for key in keys} for finding in self.findings]
        texts = [
            {k: " ".join(v) if isinstance(v, list) else v for k, v in row.items()} for row in rows
        ]
        return pd.DataFrame(texts, columns=list(keys))


def doctor(
    history: Any,
    *,
    train: str | None = None,
    validation: str | None = None,
    epoch: str | None = None,
    baseline: float | None = None,
    classes: int | None = None,
    validation_rows: int | None = None,
    training_rows: int | None = None,
    parameters: int | None = None,
) -> Diagnosis:
    """Say what the learning curves of a training show: conditions with evidence, or healthy.

    Use it after any training, ours or not. It fails where curves say nothing: a model that is too
    small and data that hold no more look alike, a leak that is not perfect looks like skill, and
    what happened between two rows is lost. ``cannot_tell`` says what to log.

    Parameters
    ----------
    history : path or object
        A run folder; a file of Keras, Lightning, Ultralytics, Hugging Face, skorch, scikit-learn,
        TensorBoard, MLflow, Weights & Biases, Neptune or Aim; any CSV or JSON with columns of
        losses; a console log; or a dict of lists, a list of dicts, a data frame, or an object that
        has one of these.
    train, validation, epoch : str, optional
        Columns that have these roles; told by their names by default.
    baseline : float, optional
        Loss of the constant predictor, such as the variance of the target for a squared error.
        With it more can be told.
    classes : int, optional
        Number of classes, for a loss that is a cross-entropy in nats.
    validation_rows : int, optional
        Number of validation rows. With it more can be told of a small rise; the steps of an
        accuracy count them too.
    training_rows, parameters : int, optional
        Numbers of training rows and of parameters of the network: whether it could know its rows
        by heart, and should show a gap.

    Returns
    -------
    Diagnosis
        Findings, the gravest first, and what was guessed.

    Raises
    ------
    InputError
        If the history cannot be read or has no column that is a loss.

    References
    ----------
    Schoop, Huang and Hartmann 2021, UMLAUT, CHI. Zhang et al. 2021, AUTOTRAINER, ICSE.

    Examples
    --------
    >>> import numpy as np
    >>> from further import doctor
    >>> epochs = np.arange(1, 31)
    >>> train, validation = 2 / epochs, 0.4 + 1.6 / epochs + 0.002 * epochs**1.5
    >>> found = doctor({"epoch": epochs, "train_loss": train, "val_loss": validation})
    >>> [finding.condition for finding in found.findings]
    ['overfitting']
    >>> found.healthy
    False
    """
    source = f'"{history}"' if is_path(history) else "The history"
    logged = read(history)
    return diagnose(
        history_of(
            logged, train=train, validation=validation, epoch=epoch, baseline=baseline,
            classes=classes, validation_rows=validation_rows,
            training_rows=training_rows, parameters=parameters, source=source,
        )
    )  # fmt: skip


def diagnose(history: History) -> Diagnosis:
    """Return the diagnosis of a history whose columns have their roles.

    Parameters
    ----------
    history : History
        See :func:`~further.trust.doctor.history.history_of`.

    Returns
    -------
    Diagnosis
        Of it.
    """
    features = Features.of(history)
    findings: dict[str, Finding] = {}
    for condition in CONDITIONS:
        if any(name in findings for name in condition.unless):
            continue
        finding = condition.find(features)
        if finding is not None:
            findings[condition.name] = finding
    is_ill = any(finding.is_problem for finding in findings.values())
    return Diagnosis(
        findings=tuple(sorted(findings.values(), key=lambda finding: not finding.is_problem)),
        columns=history.columns,
        layout=history.layout,
        unit=history.unit,
        rows=max((len(series.values) for series in history.losses), default=0),
        notes=history.notes,
        cannot_tell=tuple(_cannot_tell(features, is_ill)),
    )


def _cannot_tell(features: Features, is_ill: bool) -> list[str]:
    """Return what is not in these curves, with what to log."""
    history = features.history
    found = []
    if not is_ill and features.learnt is not None and len(features.learnt) < LEAST_ROWS:
        found.append(f"Fewer than {LEAST_ROWS} rows show no trend; log the losses more often.")
    if history.generator is not None:
        if history.diversity is None:
            found.append(
                "Whether samples are all alike (mode collapse): losses do not show it; log the "
                "diversity of samples, such as their mean distance from each other."
            )
        return found
    if history.validation is None:
        found.append(
            "Whether it overfits, and all else about unseen rows: log the loss of held-out rows."
        )
    if history.train is None and history.fit is None:
        found.append("Whether the training itself is sound: log the training loss.")
    if not features.knows_baseline:
        since = None if is_ill else _still_since(features)
        what = (
            "Whether the losses are good, so that it underfits or not"
            if since is None
            else f"Whether it is solved or stuck: the loss has not moved since {since}"
        )
        found.append(
            f"{what}; give the loss of the constant predictor (--baseline), or the number of "
            "classes (--classes)."
        )
    if history.validation is not None and history.fit is None:
        found.append(
            "How much of the gap is dropout or augmentation: log the loss of some training rows in "
            "evaluation mode, as fit_loss."
        )
    if history.learning_rate is None:
        found.append(
            "Whether more epochs would help where the learning rate falls to 0, which flattens "
            "every curve: log it as lr."
        )
    if history.gradient_norm is None:
        found.append("Why nothing moves or all breaks: log the norm of the gradient as grad_norm.")
    return found


def _still_since(features: Features) -> str | None:
    """Return from where on the loss stood still, if it did so nearly from the start."""
    curve = features.learnt
    if curve is None or len(curve) < 2 * LEAST_ROWS:
        return None
    row = max(2, len(curve) // 10)
    later = curve.smoothed[row:]
    if later.max() - later.min() > STILL * abs(curve.last) + 2 * curve.noise:
        return None
    return f"{features.history.unit} {curve.at[row]:g}"
