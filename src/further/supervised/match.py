"""Which loss and output go with a target: chosen where they are left open, checked where not.

What cannot be computed is refused; what can be computed and is unwise is said, with the reason,
before the training starts.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

from further.data.target import Classes, Numbers, Target
from further.errors import InputError
from further.supervised.loss import LOSSES, Loss
from further.supervised.output import OUTPUTS, Output


class MatchWarning(UserWarning):
    """A loss or an output that goes badly with the target."""


@dataclass(frozen=True)
class _Facts:
    """What is known of a target, and what was chosen for it."""

    kind: str
    n_classes: int
    low: float
    high: float
    loss: str
    output: str


@dataclass(frozen=True)
class _Rule:
    """A bad match: when it is met, and why it is one."""

    holds: Callable[[_Facts], bool]
    why: str


#: What trains, and is said.
UNWISE = (
    _Rule(
        lambda f: f.output == "sigmoid" and f.kind == "classes" and f.n_classes > 2,
        "a sigmoid for each of {n_classes} classes that exclude each other gives probabilities "
        'that do not sum to 1 until they are divided by their sum; output="softmax" gives a '
        "distribution",
    ),
    _Rule(
        lambda f: f.output == "relu" and f.low >= 0,
        'a ReLU has no gradient where it is 0, so that units can die there; output="softplus" is '
        "never negative either",
    ),
    _Rule(
        lambda f: f.kind == "classes" and f.loss == "mean_squared_error",
        "the gradient of the squared error vanishes where a network is confidently wrong, so that "
        "training starts slowly; cross-entropy has no such flat parts",
    ),
    _Rule(
        lambda f: f.kind == "classes" and f.loss == "mean_absolute_error",
        "an absolute error is lowest where the most frequent class is predicted with certainty, so "
        "that it gives no probabilities; cross-entropy does",
    ),
    _Rule(
        lambda f: f.output in ("relu", "softplus") and f.low < 0,
        'a {output} is never negative, but the target goes down to {low:g}; output="linear" '
        "predicts any number",
    ),
    _Rule(
        lambda f: f.output == "sigmoid" and f.kind == "numbers" and (f.low < 0 or f.high > 1),
        "a sigmoid stays between 0 and 1, but the target lies between {low:g} and {high:g}; "
        'output="linear" predicts any number',
    ),
)

#: What has no value.
IMPOSSIBLE = (
    _Rule(
        lambda f: f.output == "exponential" and f.low < 0,
        "the logarithm of a target down to {low:g} is not defined; take "
        'loss="mean_squared_error" with output="linear"',
    ),
    _Rule(
        lambda f: f.loss == "binary_cross_entropy" and f.kind == "numbers"
        and (f.low < 0 or f.high > 1),
        "cross-entropy is one of shares between 0 and 1, but the target lies between {low:g} and "
        '{high:g}; take loss="mean_squared_error"',
    ),
)  # fmt: skip


def match(target: Target, loss: str = "auto", output: str = "auto") -> tuple[Loss, type[Output]]:
    """Choose loss and output for a target, or check those that were chosen.

    Parameters
    ----------
    target : Classes or Numbers
        Of the training rows.
    loss, output : str, default="auto"
        Names of the tables of losses and outputs.

    Returns
    -------
    Loss, Output
        The line of the one, and the class of the other.

    Raises
    ------
    InputError
        If they cannot be computed for that target, or go with no output or loss.

    Warns
    -----
    MatchWarning
        If they can, and are unwise.

    Examples
    --------
    >>> from further.data.arrays import classes_of, numbers_of
    >>> loss, output = match(classes_of(["a", "b", "c"], 3))
    >>> loss.name, output.name
    ('categorical_cross_entropy', 'softmax')
    >>> loss, output = match(numbers_of([0.0, 2.0, 1e6], 3), "mean_squared_logarithmic_error")
    >>> output.name
    'exponential'
    """
    kind = target.kind
    outputs = OUTPUTS[kind]
    named = _named(kind, loss, output)
    if kind not in named.targets:
        fit = " or ".join(line.name for line in LOSSES.values() if kind in line.targets)
        raise InputError(f'loss="{named.name}" is not one of {kind}; take {fit}.')
    suitable = [name for name in named.outputs if name in outputs]
    chosen = suitable[0] if output == "auto" else output
    if chosen not in outputs:
        raise InputError(
            f'output="{chosen}" gives no {kind}'
            + (_LINEAR if kind == "classes" and chosen == "linear" else "")
            + f"; take {' or '.join(outputs)}."
        )
    if chosen not in suitable:
        raise InputError(
            f'loss="{named.name}" does not go with output="{chosen}"; it goes with '
            f"{' or '.join(suitable)}."
        )
    facts = _facts(target, named.name, chosen)
    for rule in IMPOSSIBLE:
        if rule.holds(facts):
            raise InputError(_said(rule, facts))
    for rule in UNWISE:
        if rule.holds(facts):
            warnings.warn(_said(rule, facts), MatchWarning, stacklevel=2)
    return named, outputs[chosen]


_LINEAR = (
    ": its numbers are no probabilities, and cross-entropy takes their logarithm, which is not "
    "defined below 0"
)


#: The loss that an output of numbers asks for where none is chosen.
_OF_NUMBERS = {"exponential": "mean_squared_logarithmic_error"}


def _named(kind: str, loss: str, output: str) -> Loss:
    if loss != "auto":
        return LOSSES[loss]
    if kind == "numbers":
        return LOSSES[_OF_NUMBERS.get(output, "mean_squared_error")]
    return LOSSES["binary_cross_entropy" if output == "sigmoid" else "categorical_cross_entropy"]


def _facts(target: Target, loss: str, output: str) -> _Facts:
    low, high, n_classes = 0.0, 1.0, 0
    if isinstance(target, Numbers):
        low, high = float(target.values.min()), float(target.values.max())
    elif isinstance(target, Classes):
        n_classes = len(target.names)
    return _Facts(target.kind, n_classes, low, high, loss, output)


def _said(rule: _Rule, facts: _Facts) -> str:
    why = rule.why.format(**vars(facts))
    return f'loss="{facts.loss}" with output="{facts.output}": {why}.'
