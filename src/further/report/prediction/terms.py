"""Models in their own terms: coefficients, shape functions, a tree, and what columns are worth."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from further.evaluate.prediction.record import PredictorRecord
from further.report.chart import chart, columns, data_table
from further.report.estimates import write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import significant
from further.report.prediction.ladder_run import LadderView
from further.report.run_folder import mapping, objects

#: Of coefficients, functions and columns, the largest are shown.
MOST = 15
MOST_FUNCTIONS = 9


def in_own_terms(view: LadderView) -> Markup | None:
    """Show what the chosen model is made of, and what it and the best depend on."""
    parts: list[Markup | None] = []
    for model in view.shown:
        kind = str(model.explanation.get("kind", ""))
        render = _KINDS.get(kind)
        own = None if render is None else render(model.explanation)
        worth = _importance(view, model)
        imitated = _surrogate(view, model)
        if own is None and worth is None and imitated is None:
            continue
        notes = [tag("p", str(note), class_="note") for note in model.explanation.get("notes", ())]
        parts += [tag("h3", model.label), own, worth, imitated, *notes]
    return join(parts) if any(parts) else None


def _importance(view: LadderView, model: PredictorRecord) -> Markup | None:
    """Draw what is lost where a column is shuffled."""
    ranked = [entry for entry in model.importance if entry.loss.value is not None][:MOST]
    if not ranked:
        return None
    what = "log loss, nats" if view.is_classes else "absolute error"
    rows = [(e.column, e.loss.value, e.loss.low, e.loss.high) for e in ranked]
    return chart(
        {"mark": "intervals", "data": columns(("label", "value", "low", "high"), rows)},
        title=f"What each column is worth: {what} lost when it is shuffled",
        description=f"Permutation importance of {model.label}: "
        + ", ".join(f"{label} {significant(value, 2)}" for label, value, _, _ in rows),
        head=("Column", "Lost", "95 % interval"),
        rows=[
            (label, significant(value, 2), f"{significant(low, 2)} to {significant(high, 2)}")
            for label, value, low, high in rows
        ],
    )


def _surrogate(view: LadderView, model: PredictorRecord) -> Markup | None:
    """Show the small tree that does what an opaque model does, and how often."""
    found = model.surrogate
    if found is None:
        return None
    share = write_estimate(found.fidelity)
    told = (
        f"A small tree in its place says the same class for a share of {share} of held-out rows."
        if view.is_classes
        else f"A small tree in its place explains what it predicts for held-out rows with R² = "
        f"{share}."
    )
    told += " It shows what the model does, as far as that goes, and not why."
    return tag("details", tag("summary", "As a small tree"), tag("p", told), _tree(found.tree))


def _constant(found: Mapping[str, Any]) -> Markup:
    value = found.get("value")
    told = (
        ", ".join(f"{name}: {float(p):.1%}" for name, p in value.items())
        if isinstance(value, Mapping)
        else significant(float(value or 0.0), 4)
    )
    return tag("p", f"The same answer for every row: {told}.")


def _coefficients(found: Mapping[str, Any]) -> Markup:
    every = objects(found.get("coefficients"))
    has_outcome = len({c.get("outcome") for c in every}) > 1
    has_odds = any(c.get("odds_ratio") is not None for c in every)
    head = [
        "Column", *(["For"] if has_outcome else []), "Coefficient",
        *(["Odds ratio"] if has_odds else []), "Standardised",
    ]  # fmt: skip
    rows = []
    for c in every[:MOST]:
        power = int(c.get("power") or 1)
        name = str(c["column"]) + (f" = {c['category']}" if c.get("category") is not None else "")
        rows.append([
            join((name, tag("sup", power))) if power > 1 else name,
            *([str(c.get("outcome"))] if has_outcome else []),
            significant(c.get("value")),
            *([significant(c.get("odds_ratio"))] if has_odds else []),
            significant(c.get("standardised"), 2),
        ])  # fmt: skip
    intercepts = mapping(found.get("intercept"))
    told = ", ".join(
        f"{significant(float(value))}" + (f" for {name}" if len(intercepts) > 1 else "")
        for name, value in intercepts.items()
    )
    more = len(every) - len(rows)
    note = f"Intercept {told}." + (f" {more} smaller coefficients are not shown." if more else "")
    return join((data_table(head, rows, "figures", "Coefficients"), tag("p", note, class_="note")))


def _shapes(found: Mapping[str, Any]) -> Markup:
    drawn = []
    for function in objects(found.get("functions"))[:MOST_FUNCTIONS]:
        xs, ys = function.get("x") or [], function.get("y") or []
        of = function.get("outcome")
        title = f"{function['column']}" + (f", for {of}" if of is not None else "")
        categories = mapping(function.get("categories"))
        if xs:
            drawn.append(
                chart(
                    {
                        "mark": "line",
                        "data": columns(
                            ("x", "y", "series"), [(x, y, "") for x, y in zip(xs, ys, strict=True)]
                        ),
                    },
                    title=title,
                    description=f"What {title} adds, from {significant(ys[0], 2)} at "
                    f"{significant(xs[0])} to {significant(ys[-1], 2)} at {significant(xs[-1])}",
                    head=("Value", "Adds"),
                    rows=[
                        (significant(x, 4), significant(y, 3)) for x, y in zip(xs, ys, strict=True)
                    ],
                    summary="Data",
                )
            )
        elif categories:
            bars = [(str(name), float(v), None, None) for name, v in categories.items()][:MOST]
            drawn.append(
                chart(
                    {
                        "mark": "intervals",
                        "data": columns(("label", "value", "low", "high"), bars),
                    },
                    title=title,
                    description=f"What {title} adds: "
                    + ", ".join(f"{name} {significant(v, 2)}" for name, v, _, _ in bars),
                    head=("Category", "Adds"),
                    rows=[(name, significant(v, 3)) for name, v, _, _ in bars],
                    summary="Data",
                )
            )
    return tag("div", *drawn, class_="curves")


def _tree(found: Mapping[str, Any]) -> Markup:
    return tag("div", _rule(mapping(found.get("root"))), class_="rule-tree")


def _rule(rule: Mapping[str, Any]) -> Markup:
    n = int(rule.get("n") or 0)
    if rule.get("column") is None:
        return tag("p", f"{_answer(rule.get('value'))} ({n:,} rows)")
    return tag(
        "dl",
        tag("dt", f"{rule.get('text')}?"),
        tag("dd", tag("span", "yes", class_="branch"), _rule(mapping(rule.get("yes")))),
        tag("dd", tag("span", "no", class_="branch"), _rule(mapping(rule.get("no")))),
    )


def _answer(value: object) -> str:
    if not isinstance(value, Mapping):
        return significant(float(value or 0.0), 4)  # type: ignore[arg-type]
    name, share = max(value.items(), key=lambda item: float(item[1]))
    return f"{name}, {float(share):.0%}"


_KINDS = {
    "constant": _constant,
    "coefficients": _coefficients,
    "shape functions": _shapes,
    "tree": _tree,
}
