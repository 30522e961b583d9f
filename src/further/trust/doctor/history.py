"""The one typed history: curves by their role, whatever tool wrote them, and what was guessed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from further.errors import InputError, unknown
from further.trust.doctor.logged import Logged
from further.trust.doctor.names import Meaning, meaning

Values = NDArray[np.float64]
#: Fewest epochs that make a curve of an epoch a point where steps were logged more often.
_LEAST_EPOCHS = 5


@dataclass(frozen=True)
class Series:
    """One logged column.

    Attributes
    ----------
    name : str
        Of the column.
    at : ndarray
        Where it was logged, in the unit of the history.
    values : ndarray
        What was logged; it may be NaN or infinite.
    better : str
        Of a metric: "higher" or "lower".
    part : str
        Of a metric: the rows that it is of.
    """

    name: str
    at: Values
    values: Values
    better: str = ""
    part: str = ""

    @property
    def is_finite(self) -> NDArray[np.bool_]:
        """Whether each value is a finite number."""
        found: NDArray[np.bool_] = np.isfinite(self.values)
        return found


@dataclass(frozen=True)
class History:
    """Curves by role.

    Attributes
    ----------
    layout : str
        What wrote the history.
    unit : str
        Of the axis: "epoch", "step" or "row".
    train, validation, fit : Series or None
        Losses: of the batches as they were trained on, of held-out rows, and of training rows with
        the weights and in the mode of the validation.
    metrics : tuple of Series
        Other figures of quality.
    learning_rate, gradient_norm, generator, discriminator, diversity : Series or None
        What their names say; ``diversity`` is that of a generator's samples.
    baseline, validation_baseline : float or None
        Loss of the constant predictor, where it is known; that of validation rows by their R².
    counts : dict of int
        How many validation_rows, training_rows and parameters there are, where it is known.
    kept : float or None
        Where on the axis the weights are of that were kept, where it is known.
    comparable : bool
        Whether training and validation loss are the same loss.
    first_is_untrained : bool
        Whether the first row was logged before the first step.
    columns : dict
        Names of columns by role.
    notes : tuple of str
        What was guessed.
    """

    layout: str
    unit: str
    train: Series | None = None
    validation: Series | None = None
    fit: Series | None = None
    metrics: tuple[Series, ...] = ()
    learning_rate: Series | None = None
    gradient_norm: Series | None = None
    generator: Series | None = None
    discriminator: Series | None = None
    diversity: Series | None = None
    baseline: float | None = None
    validation_baseline: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    kept: float | None = None
    comparable: bool = True
    first_is_untrained: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def losses(self) -> list[Series]:
        """The losses there are."""
        found = (self.train, self.validation, self.fit, self.generator, self.discriminator)
        return [series for series in found if series is not None]


def history_of(
    logged: Logged,
    *,
    train: str | None = None,
    validation: str | None = None,
    epoch: str | None = None,
    baseline: float | None = None,
    classes: int | None = None,
    validation_rows: int | None = None,
    training_rows: int | None = None,
    parameters: int | None = None,
    source: str = "the history",
) -> History:
    """Give the columns of a history their roles.

    Parameters
    ----------
    logged : Logged
        Rows as they were logged.
    train, validation, epoch : str, optional
        Columns that have these roles; told by their names by default.
    baseline : float, optional
        Loss of the constant predictor.
    classes : int, optional
        Number of classes, for a loss that is a cross-entropy in nats.
    validation_rows, training_rows, parameters : int, optional
        How many there are.
    source : str, default="the history"
        What messages call it.

    Returns
    -------
    History
        With notes on what was guessed.

    Raises
    ------
    InputError
        If no column is a loss or a metric, or a named one is not there.

    Examples
    --------
    >>> rows = [{"loss": 1 / n, "val_loss": 1.2 / n} for n in range(1, 4)]
    >>> history_of(Logged("rows", rows)).columns
    {'train': 'loss', 'validation': 'val_loss'}
    """
    counts = {name: value for name, value in (
        ("validation_rows", validation_rows), ("training_rows", training_rows),
        ("parameters", parameters),
    ) if value is not None}  # fmt: skip
    for what, count in counts.items():
        if count < 1:
            raise InputError(f"{what}={count} must be at least 1.")
    columns = logged.columns
    given = {"train": train, "validation": validation, "epoch": epoch}
    roles: dict[str, str] = dict(logged.roles)
    for role, name in given.items():
        if name is not None:
            roles[role] = _named(name, columns, source)
    notes = list(logged.notes)
    _guess(columns, roles, notes)
    if not {"train", "validation", "generator", "discriminator", "metrics"} & set(roles):
        raise InputError(_nothing_found(source, columns))
    rows, unit, at = _axis(logged.rows, roles, notes)

    def series(name: str | None, **more: str) -> Series | None:
        if name is None:
            return None
        places = [i for i, row in enumerate(rows) if name in row]
        values = np.array([rows[i][name] for i in places], dtype=float)
        return Series(name, at[places], values, **more)

    kinds = {name: meaning(name) for name in columns}
    metrics = [
        found
        for name, kind in kinds.items()
        if kind.kind == "metric" and name not in roles.values()
        and (found := series(name, better=kind.better, part=kind.part)) is not None
    ]  # fmt: skip
    roles.pop("metrics", None)
    if metrics:
        roles["metrics"] = ", ".join(found.name for found in metrics)
    known = ("train", "validation", "fit", "learning_rate", "gradient_norm", "generator",
             "discriminator", "diversity")  # fmt: skip
    curves = {role: series(roles.get(role)) for role in known}
    if logged.same_weights and curves["train"] is not None and curves["fit"] is None:
        curves["fit"] = curves["train"]
    recorded, by_r2 = _recorded(logged.baselines, roles), _by_r2(curves["validation"], metrics)
    constant = _baseline(baseline, classes, notes, recorded)
    if constant is None and by_r2 is not None:
        constant, name = by_r2
        notes.append(f'The loss of the constant predictor follows from "{name}".')
    return History(
        layout=logged.layout,
        unit=unit,
        metrics=tuple(metrics),
        baseline=constant,
        validation_baseline=constant if by_r2 is None else by_r2[0],
        counts={**logged.counts, **counts},
        kept=_kept(logged.kept_step, rows, at),
        comparable=_comparable(roles, notes),
        first_is_untrained=logged.first_is_untrained,
        columns=roles,
        notes=tuple(notes),
        **curves,
    )


def _named(name: str, columns: list[str], source: str) -> str:
    """Return the column that a user means."""
    for column in columns:
        if name.strip().lower() == column.lower():
            return column
    if not columns:
        raise InputError(f"{source} has no columns of numbers.")
    raise InputError(f"{unknown('column', name, columns)[:-1]} (in {source})?")


def _nothing_found(source: str, columns: list[str]) -> str:
    if not columns:
        return f"{source} holds no numbers that could be a learning curve."
    shown = ", ".join(f'"{name}"' for name in columns[:12])
    more = f" and {len(columns) - 12} more" if len(columns) > 12 else ""
    return (
        f"{source} has the columns {shown}{more}, none of which is called a loss; "
        "say which are with --train COLUMN, --validation COLUMN and --epoch COLUMN "
        "(train=, validation=, epoch= in Python)."
    )


def _guess(columns: list[str], roles: dict[str, str], notes: list[str]) -> None:
    """Add the roles that names tell."""
    taken = set(roles.values())
    kinds = {name: meaning(name) for name in columns if name not in taken}
    for role, kind in (("epoch", "epoch"), ("step", "step"), ("learning_rate", "learning rate"),
                       ("gradient_norm", "gradient norm"), ("generator", "generator"),
                       ("discriminator", "discriminator"), ("diversity", "diversity")):  # fmt: skip
        found = [name for name, m in kinds.items() if m.kind == kind]
        if found and role not in roles:
            roles[role] = _plainest(found, kinds)
    if ("generator" in roles) != ("discriminator" in roles):
        lone = roles.pop("generator", None) or roles.pop("discriminator", "")
        notes.append(f'"{lone}" is not read: its counterpart is missing.')
    for kind in ("loss", "named loss"):
        losses = [name for name, m in kinds.items() if m.kind == kind]
        if losses:
            _guess_losses(losses, kinds, roles, notes)
        if "train" in roles and "validation" in roles:
            break
    if any(m.kind == "metric" for m in kinds.values()):
        roles.setdefault("metrics", "")


def _guess_losses(
    losses: list[str], kinds: dict[str, Meaning], roles: dict[str, str], notes: list[str]
) -> None:
    parts = {part: [name for name in losses if kinds[name].part == part]
             for part in ("train", "validation", "fit", "test", "")}  # fmt: skip
    if "train" not in roles and (found := parts["train"] or parts[""]):
        roles["train"] = _plainest(found, kinds)
        if len(found) > 1 and kinds[roles["train"]].base not in ("loss", "losses"):
            notes.append(
                f'The training loss is taken to be "{roles["train"]}"; --train says otherwise.'
            )
    base = meaning(roles["train"]).base if "train" in roles else None
    for role, names in (
        ("validation", parts["validation"] or parts["test"]),
        ("fit", parts["fit"]),
    ):
        if role in roles or not names:
            continue
        same = [name for name in names if kinds[name].base == base]
        roles[role] = same[0] if same else _plainest(names, kinds)
        if kinds[roles[role]].part == "test":
            notes.append(f'"{roles[role]}" is taken for the validation loss.')


def _plainest(names: list[str], kinds: dict[str, Meaning]) -> str:
    """Return the column of which least is said besides what it is; the means of epochs first."""
    return min(
        names,
        key=lambda name: (
            len(kinds[name].base.split()), "step" in name.lower(), "epoch" not in name.lower(),
        ),
    )  # fmt: skip


def _comparable(roles: Mapping[str, str], notes: list[str]) -> bool:
    """Whether training and validation loss have one name, but for the part.

    That of training rows with the same weights counts, where it was logged.
    """
    own = roles.get("fit", roles.get("train"))
    if own is None or "validation" not in roles:
        return True
    one, other = meaning(own), meaning(roles["validation"])
    plain = {one.base.rstrip("es"), other.base.rstrip("es")}
    if len(plain) == 1 or not all(m.kind in ("loss", "named loss") for m in (one, other)):
        return True
    notes.append(
        f'"{own}" and "{roles["validation"]}" seem to be different losses, so the gap '
        "between them is not read."
    )
    return False


def _recorded(baselines: Mapping[str, float], roles: Mapping[str, str]) -> float | None:
    """Return the recorded loss of the constant predictor, if all losses have the same."""
    names = {meaning(roles[role]).base for role in ("train", "validation", "fit") if role in roles}
    found = [baselines.get(name.replace(" ", "_"), np.nan) for name in names]
    return found[0] if found and np.ptp(found) <= 1e-6 * abs(found[0]) else None


def _by_r2(loss: Series | None, metrics: list[Series]) -> tuple[float, str] | None:
    """Return the variance of the target, and whose R² tells, if it is beside a squared error.

    R² is 1 - loss / variance, so that every row gives the same variance if the loss is that error.
    """
    for metric in metrics:
        if loss is None or meaning(metric.name).base != "r2" or metric.part != "validation":
            continue
        if not np.array_equal(metric.at, loss.at):
            continue
        known = loss.is_finite & metric.is_finite & (metric.values < 0.999)
        found = loss.values[known] / (1 - metric.values[known])
        if len(found) and np.ptp(found) < 0.01 * abs(float(np.median(found))):
            return float(np.median(found)), metric.name
    return None


def _baseline(
    baseline: float | None, classes: int | None, notes: list[str], recorded: float | None = None
) -> float | None:
    if baseline is not None and not np.isfinite(baseline):
        raise InputError(f"baseline={baseline:g} must be a finite number.")
    if baseline is None and classes is not None:
        if classes < 2:
            raise InputError(f"classes={classes} must be at least 2.")
        notes.append(f"The loss of the constant predictor is taken to be log({classes}).")
        return float(np.log(classes))
    return recorded if baseline is None else baseline


def _axis(
    rows: list[dict[str, float]], roles: dict[str, str], notes: list[str]
) -> tuple[list[dict[str, float]], str, Values]:
    """Return rows, unit and places: epochs if they can be told apart, or steps, or row numbers."""
    main = [roles[r] for r in ("train", "validation", "fit", "generator") if r in roles]
    numbered = "rows are numbered instead"
    epoch, step = roles.get("epoch"), roles.get("step")
    kept = [row for row in rows if row]
    for name, unit in ((epoch, "epoch"), (step, "step")):
        if name is None:
            continue
        at = np.array([row.get(name, np.nan) for row in kept])
        known = np.isfinite(at)
        logged = [np.array([c in row for row in kept]) & known for c in main] or [known]
        unplaced = any((np.array([c in row for row in kept]) & ~known).any() for c in main)
        if not known.any() or unplaced:
            continue
        if any((np.diff(at[rows_of]) < 0).any() for rows_of in logged):
            notes.append(f'"{name}" starts again or goes back, so {numbered}.')
            continue
        if all((np.diff(at[rows_of]) > 0).all() for rows_of in logged):
            roles.pop("step" if unit == "epoch" else "epoch", None)
            return kept, unit, at
        if unit == "epoch" and len(np.unique(at[known])) >= _LEAST_EPOCHS:
            roles.pop("step", None)
            notes.append("Of what was logged several times an epoch the mean is read.")
            return _means(kept, name)
    for role in ("epoch", "step"):
        roles.pop(role, None)
    return kept, "row", np.arange(1.0, len(kept) + 1)


def _kept(step: int | None, rows: list[dict[str, float]], at: Values) -> float | None:
    """Return the place of a step; None where no row is of it."""
    found = [place for place, row in zip(at, rows, strict=True) if row.get("step") == step]
    return None if step is None or not found else float(found[0])


def _means(rows: list[dict[str, float]], epoch: str) -> tuple[list[dict[str, float]], str, Values]:
    """Return a row an epoch, of what was logged in it the mean."""
    groups: dict[float, dict[str, list[float]]] = {}
    for row in rows:
        if np.isfinite(row.get(epoch, np.nan)):
            group = groups.setdefault(row[epoch], {})
            for name, value in row.items():
                group.setdefault(name, []).append(value)
    epochs = sorted(groups)
    merged = [
        {name: sum(values) / len(values) for name, values in groups[e].items()} for e in epochs
    ]
    return merged, "epoch", np.array(epochs, dtype=float)
