"""Rejection sampling: rows of a model that meet a condition.

Rows are drawn and those that do not meet it are dropped, so that what is left follows the model's
distribution given the condition, exactly; the price is the acceptance rate. Rows are drawn so many
at a time and only those that are kept stay in memory.

References
----------
von Neumann (1951), Various techniques used in connection with random digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.memory import refuse_too_large
from further.data.predicate import Predicate
from further.errors import InputError
from further.evaluate.generation.constraints import Constraints
from further.evaluate.wilson import wilson
from further.generate.generative_estimator import BYTES_A_VALUE, GenerativeEstimator
from further.train.seeds import seed_of

#: Rows drawn at a time, at least and at most.
LEAST_DRAWN, MOST_DRAWN = 100, 10_000
#: As many rows are drawn in all, or so many for each that is asked for, if that is more.
LIMIT, LIMIT_PER_ROW = 100_000, 100


@dataclass(frozen=True)
class Accepted:
    """Rows that meet a condition, and what they cost."""

    frame: Annotated[pd.DataFrame, "The rows, with their label where the model has classes."]
    condition: Annotated[str, "What they meet, in words."]
    drawn: Annotated[int, "How many were drawn."]
    accepted: Annotated[int, "How many of these met it, also those that were not needed."]
    rules: Annotated[int | None, "How many rules they keep, where any were asked for."] = None
    rejected: Annotated[int, "How many rows that met the rest broke a rule."] = 0

    @property
    def rate(self) -> float:
        """The share of drawn rows that meet the condition."""
        return self.accepted / self.drawn

    @property
    def sentences(self) -> tuple[str, ...]:
        """The acceptance rate, and what the rules did, in words."""
        low, high = wilson(self.rate, self.drawn)
        told = (
            f"{self.accepted:,} of {self.drawn:,} rows drawn meet {self.condition}: acceptance "
            f"rate {self.rate:.3g} (95 % interval {low:.3g} to {high:.3g}).",
        )
        if self.rules is None:
            return told
        others = self.accepted + self.rejected
        return (
            *told,
            f"{self.rejected:,} of {others:,} rows were rejected for breaking one of the "
            f"{self.rules:,} rules that hold in all training rows.",
        )

    def to_json(self) -> dict[str, Any]:
        """Return what the draws cost, as plain JSON."""
        facts: dict[str, Any] = {
            "condition": self.condition,
            "drawn": self.drawn,
            "accepted": self.accepted,
            "acceptance_rate": self.rate,
            "acceptance_interval": list(wilson(self.rate, self.drawn)),
        }
        if self.rules is not None:
            facts["rules"] = {"found": self.rules, "rejected": self.rejected}
        return facts


def sample_where(
    estimator: GenerativeEstimator,
    n: int,
    *,
    where: str | None = None,
    rules: Constraints | None = None,
    y: Any = None,
    seed: int = 0,
    limit: int | None = None,
) -> Accepted:
    """Draw rows of a table until n of them meet a condition.

    Use it for any condition that can be checked on a row, whatever the model. It fails where next
    to no row meets it, and then says so; and it is no better than the model where the condition
    picks what was rare in the training rows.

    Parameters
    ----------
    estimator : GenerativeEstimator
        Fitted to a table.
    n : int
        How many rows are wanted.
    where : str, optional
        A condition as :class:`further.data.predicate.Predicate` has it.
    rules : Constraints, optional
        Rows that break one are dropped.
    y : class label, optional
        Only rows of this class are drawn.
    seed : int
        Of the draws; the same seed gives the same rows.
    limit : int, optional
        How many rows are drawn at most; default: 100,000, or 100 for each that is wanted.

    Returns
    -------
    Accepted
        The rows, with the acceptance rate.

    Raises
    ------
    InputError
        If the model is one of pictures, or the condition cannot be used, or the limit is reached.

    Examples
    --------
    >>> from further.generate.gaussian_mixture import GaussianMixtureDensity
    >>> frame = pd.DataFrame({"age": np.random.default_rng(0).normal(50, 10, 200)})
    >>> model = GaussianMixtureDensity(random_state=0).fit(frame)
    >>> found = sample_where(model, 20, where="age > 60")
    >>> bool((found.frame["age"] > 60).all()), len(found.frame), 0.1 < found.rate < 0.25
    (True, 20, True)
    """
    if estimator.spec_.is_image:
        raise InputError("Conditions are for tables; of pictures a class can be asked for.")
    refuse_too_large(
        f"{n:,} rows", BYTES_A_VALUE * estimator.spec_.size * n, "ask for fewer at a time"
    )
    meets = None if where is None else Predicate(where)
    wanted = [f'"{meets.text}"'] if meets is not None else []
    wanted += ["the rules of the training rows"] if rules is not None else []
    condition = " and ".join(wanted)
    limit = max(LIMIT, LIMIT_PER_ROW * n) if limit is None else limit
    kept: list[pd.DataFrame] = []
    drawn = accepted = rejected = 0
    while accepted < n and drawn < limit:
        # Some more than what is missing would take at the rate so far.
        expected = 1.2 * (n - accepted) * (drawn + 1) / (accepted + 1)
        size = int(min(max(expected, LEAST_DRAWN), MOST_DRAWN, limit - drawn))
        rows = _labelled(estimator, size, y, seed_of(seed, "rejection", drawn) % (2**31 - 1))
        found = np.ones(size, dtype=bool) if meets is None else meets(rows)
        if rules is not None:
            broken = found & rules.broken(rows).any(axis=0)
            found &= ~broken
            rejected += int(broken.sum())
        kept.append(rows[found].iloc[: max(0, n - accepted)])
        drawn += size
        accepted += int(found.sum())
    if accepted < n:
        raise InputError(
            f"Only {accepted:,} of {drawn:,} rows drawn meet {condition}, but {n:,} are wanted; "
            "ask for fewer rows, for less of each, or allow more draws."
        )
    frame = pd.concat(kept, ignore_index=True)
    count = None if rules is None else len(rules.rules)
    return Accepted(frame, condition, drawn, accepted, count, rejected)


def _labelled(estimator: Any, n: int, y: Any, seed: int) -> pd.DataFrame:
    """Return n generated rows with the source's columns, that of the label included."""
    asked = None if y is None else [y] * n
    X, labels = estimator.sample(n, asked, return_y=True, random_state=seed)
    return labelled_frame(estimator, X, labels)


def labelled_frame(estimator: Any, X: Any, y: NDArray[Any] | None) -> pd.DataFrame:
    """Return generated rows with the source's columns, that of the label included.

    Parameters
    ----------
    estimator : GenerativeEstimator
        That generated them.
    X : DataFrame or array
        The rows.
    y : array, or None
        Their classes.

    Returns
    -------
    DataFrame
        With one column more where there are classes.
    """
    frame = X if isinstance(X, pd.DataFrame) else pd.DataFrame(X)
    if y is None:
        return frame
    place = {label: code for code, label in enumerate(estimator.classes_)}
    labelled: pd.DataFrame = estimator.encoding_.with_labels(
        frame, np.array([place[label] for label in y])
    )
    return labelled
