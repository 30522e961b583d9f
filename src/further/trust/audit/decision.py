"""Who is responsible for setting the threshold? A decision has a name and a reason beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from further.errors import InputError
from further.evaluate.share import finite_or_none
from further.trust.audit.groups import families, named
from further.trust.audit.predictions import Predictions
from further.trust.audit.score_counts import score_counts
from further.trust.audit.trade_off import (
    RULES,
    Rule,
    TradeOff,
    checked,
    effect,
    trade_off_of,
)


def decide(
    predictions: Predictions,
    trade_off: TradeOff,
    rule: Rule,
    wanted: float,
    *,
    decided_by: str | None,
    reason: str | None,
    seed: int = 0,
) -> dict[str, Any]:
    """Return the record of a threshold that somebody fixed.

    Parameters
    ----------
    predictions : Predictions
        Rows of two classes with scores.
    trade_off : TradeOff
        Of the groups that the rule is about.
    rule, wanted
        See :meth:`~further.trust.audit.trade_off.TradeOff.choose`.
    decided_by, reason : str
        Who is responsible, and why so.
    seed : int
        Of the halves on which the rule is checked.

    Returns
    -------
    dict
        The thresholds with who chose them and why; what they do to each group on the rows that they
        were picked on, and what the rule does to rows that it was not.

    Raises
    ------
    InputError
        Without a name or a reason.
    """
    for option, given in (("--decided-by", decided_by), ("--reason", reason)):
        if not (given or "").strip():
            raise InputError(
                'A threshold is somebody\'s decision: say who made it with --decided-by "NAME" '
                f'and why with --reason "TEXT" ({option} is missing).'
            )
    family, choice = trade_off.family, trade_off.choose(rule, wanted)
    alone = trade_off.without_rate(rule)
    borrowed = [named(group) for group, none in zip(family.groups, alone, strict=True) if none]
    return {
        "model": predictions.model, "positive": predictions.classes[1], "borrowed": borrowed,
        "rule": rule, "label": RULES[rule], "wanted": wanted, "by": list(family.columns),
        "asked": list(family.asked),
        "thresholds": [
            {"group": group, "threshold": finite_or_none(t)}
            for group, t in zip(family.groups, choice.thresholds, strict=True)
        ],
        "effect": effect(predictions, family, choice.thresholds),
        "checked": checked(predictions, family, rule, wanted, seed),
        "decided_by": decided_by, "reason": reason,
        "decided": datetime.now(UTC).isoformat(timespec="seconds"),
    }  # fmt: skip


def _score(threshold: float | None) -> float:
    """Return a threshold of JSON, where None selects nobody."""
    return float("inf") if threshold is None else float(threshold)


def decided_by_rule(
    predictions: Predictions, group: Sequence[str], rule: Rule, wanted: float, place: str
) -> Predictions:
    """Return predictions with the decisions that a rule makes.

    Parameters
    ----------
    predictions : Predictions
        Rows of two classes with scores.
    group : sequence of str
        Columns of the groups; a rule that makes rates equal takes one.
    rule, wanted
        See :meth:`~further.trust.audit.trade_off.TradeOff.choose`.
    place : str
        Where the rows come from, for messages.

    Returns
    -------
    Predictions
        With a threshold, where it is one for all.

    Raises
    ------
    InputError
        Without scores, or with several columns for one rate.
    """
    p = predictions
    if p.kind != "binary" or p.scores is None:
        raise InputError(
            f"{place}: a threshold is fixed for scores of two classes; give --score a column of "
            "numbers."
        )
    if not group or (rule.startswith("equal") and len(group) > 1):
        raise InputError(f"{place}: name one column with --group, among whose groups to choose.")
    (family, *_), _ = families(p.columns, group[:1], place)
    counts = score_counts(p.scores, p.truth, family.codes, len(family.groups))
    choice = trade_off_of(family, counts).choose(rule, wanted)
    one = len(set(choice.thresholds.tolist())) == 1 and np.isfinite(choice.thresholds[0])
    selected = p.scores >= choice.thresholds[family.codes]
    return replace(p, decisions=selected, threshold=float(choice.thresholds[0]) if one else None)


def as_decided(predictions: Predictions, decision: Mapping[str, Any], place: str) -> Predictions:
    """Return predictions with the decisions that a fixed threshold makes.

    Parameters
    ----------
    predictions : Predictions
        Rows of two classes with scores.
    decision : mapping
        From :func:`decide`.
    place : str
        Where the rows come from, for messages.

    Returns
    -------
    Predictions
        With a note that says whose decision it is; where each group has a threshold of its own
        there is no single one.
    """
    assert predictions.scores is not None
    made_for = decision.get("model"), decision.get("positive")
    if made_for != (predictions.model, predictions.classes[1]):
        told = (
            f"A threshold was fixed by {decision['decided_by']} for {made_for[0]} and "
            f"{made_for[1]}; it is not used for {predictions.model} and {predictions.classes[1]}."
        )
        return replace(predictions, notes=(*predictions.notes, told))
    each = [{**line, "threshold": _score(line["threshold"])} for line in decision["thresholds"]]
    distinct = {line["threshold"] for line in each}
    who, what, why = (decision[name] for name in ("decided_by", "label", "reason"))
    note = f"Decisions as fixed by {who}: {what} ({why})."
    if len(distinct) == 1:
        (threshold,) = distinct
        selected = predictions.scores >= threshold
    else:
        (family, *_), _ = families(predictions.columns, decision["asked"], place)
        known = {str(line["group"]): line["threshold"] for line in each}
        strange = [group for group in family.groups if str(group) not in known]
        if strange:
            raise InputError(f"{place}: no threshold was fixed for the group {strange[0]}.")
        of_group = np.array([known[str(group)] for group in family.groups])
        threshold, selected = None, predictions.scores >= of_group[family.codes]
    return replace(
        predictions, decisions=selected, threshold=threshold, notes=(*predictions.notes, note)
    )
