r"""Settings near those of an estimator: each number times a factor, on a logarithmic scale.

.. math:: v_j' = v_j \, 2^{u_j}, \qquad u_j \sim U(-\log_2 f, \log_2 f),

with the largest factor f, 2 by default. Whole numbers are rounded, and what the estimator's own
declaration of its parameters (``_parameter_constraints``) does not allow is brought back to the
nearest value that it does. A choice among names is left alone unless its values are listed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from further._sklearn import Interval
from further.errors import InputError, unknown

Floats = NDArray[np.float64]
#: Numbers that are no settings of the model.
NO_SETTINGS = ("random_state", "n_jobs", "verbose", "cache_size", "max_fun", "copy_X")
#: What a listed entry may be: a largest factor, or the values to choose from.
Entry = float | Sequence[Any]


@dataclass(frozen=True, eq=False)
class Setting:
    """One point of the neighbourhood."""

    values: Annotated[dict[str, Any], "By parameter."]
    places: Annotated[Floats, "Log2 of the factor, or the number of the choice, by parameter."]


def names_of(estimator: Any, neighbourhood: Mapping[str, Entry] | None = None) -> dict[str, Entry]:
    """Return which parameters vary, each with its largest factor or its choices.

    Parameters
    ----------
    estimator : estimator
        Of scikit-learn's contract; those inside a pipeline count too.
    neighbourhood : mapping, optional
        Parameter to largest factor, or to a list of values; default: all numbers but 0, with a
        factor of 2.

    Returns
    -------
    dict
        In the order of the names.

    Raises
    ------
    InputError
        If there is no such parameter, or a factor makes no sense, or nothing varies.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> names_of(KNeighborsClassifier())
    {'leaf_size': 2.0, 'n_neighbors': 2.0, 'p': 2.0}
    """
    every = estimator.get_params(deep=True)
    if neighbourhood is None:
        found: dict[str, Entry] = {
            name: 2.0 for name, value in sorted(every.items())
            if _is_number(value) and value != 0 and name.rpartition("__")[2] not in NO_SETTINGS
        }  # fmt: skip
    else:
        found = dict(neighbourhood)
        for name, entry in found.items():
            _refuse(name, entry, every, type(estimator).__name__)
    if not found:
        raise InputError(
            f"{type(estimator).__name__} has no number among its settings; name values to choose "
            'from, such as neighbourhood={"kernel": ["rbf", "linear"]}.'
        )
    return found


def draw_settings(
    estimator: Any, names: Mapping[str, Entry], n: int, rng: np.random.Generator
) -> list[Setting]:
    """Return so many settings of the neighbourhood, drawn at random.

    Parameters
    ----------
    estimator : estimator
        With the settings in the middle.
    names : mapping
        From :func:`names_of`.
    n : int
        How many.
    rng : Generator
        Of the draws.

    Returns
    -------
    list of Setting
        Whole numbers stay whole, and all are within the limits that the estimator declares.
    """
    every = estimator.get_params(deep=True)
    found = []
    for _ in range(n):
        values, places = {}, []
        for name, entry in names.items():
            if isinstance(entry, Sequence):
                chosen = int(rng.integers(len(entry)))
                values[name] = entry[chosen]
                places.append(float(chosen))
            else:
                middle = every[name]
                wanted = middle * 2 ** rng.uniform(-math.log2(entry), math.log2(entry))
                values[name] = _allowed(wanted, middle, _limits(estimator, every, name, middle))
                places.append(math.log2(values[name] / middle))
        found.append(Setting(values, np.array(places)))
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _refuse(name: str, entry: Entry, every: Mapping[str, Any], what: str) -> None:
    if name not in every:
        raise InputError(unknown(f"parameter of {what}", name, sorted(every)))
    if isinstance(entry, str) or (isinstance(entry, Sequence) and len(entry) < 2):
        raise InputError(f"{name}: give at least two values in a list, or the largest factor.")
    if not isinstance(entry, Sequence):
        if not _is_number(every[name]) or every[name] == 0:
            raise InputError(f"{name}={every[name]!r} cannot be multiplied; list values for it.")
        if not entry > 1:
            raise InputError(f"{name}: the largest factor must be above 1, but is {entry}.")


def _limits(estimator: Any, every: Mapping[str, Any], name: str, middle: Any) -> Interval | None:
    """Return what is declared of a parameter: the interval in which its value lies."""
    owner, _, own = name.rpartition("__")
    holder = every[owner] if owner else estimator
    declared = (
        getattr(holder, "_parameter_constraints", {}) if isinstance(holder, BaseEstimator) else {}
    )
    for constraint in declared.get(own, ()):
        if isinstance(constraint, Interval) and constraint.is_satisfied_by(middle):
            return constraint
    return None


def _allowed(wanted: float, middle: Any, limits: Interval | None) -> Any:
    """Return the nearest value of the same type within the limits."""
    is_whole = isinstance(middle, Integral)
    low = -math.inf if limits is None or limits.left is None else float(limits.left)
    high = math.inf if limits is None or limits.right is None else float(limits.right)
    closed = "both" if limits is None else limits.closed
    step = 1 if is_whole else 1e-9 * max(1.0, abs(middle))
    low += 0 if closed in ("left", "both") else step
    high -= 0 if closed in ("right", "both") else step
    if not is_whole:
        return float(min(max(wanted, low), high))
    whole = round(wanted)
    if whole == 0:  # 1 halved: 0 often means something else
        whole = 1 if middle > 0 else -1
    return int(min(max(whole, low), high))
