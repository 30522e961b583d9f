"""The answer of a clustering in one sentence."""

from __future__ import annotations

from typing import Any

#: From which stability on clusters are called firm, and soft.
FIRM, SOFT = 0.85, 0.6


def headline(evaluation: dict[str, Any]) -> str:
    """Return the answer in one sentence: how many clusters, how large, how firmly."""
    criteria, k = evaluation["criteria"], evaluation["k"]
    if k == 1 and evaluation["asked"]["k"] != 1:
        why = criteria["sentence"] if criteria else "the method found one group at most."
        return f"No cluster structure was found: {why}"
    sizes = [f"{size:,}" for size in evaluation["sizes"]]
    if len(sizes) > 8:
        sizes[7:] = [f"{len(sizes) - 7} more of fewer"]
    noise = f", and {evaluation['noise']:,} rows in none" if evaluation["noise"] else ""
    listed = " and ".join(filter(None, [", ".join(sizes[:-1]), sizes[-1]]))
    text = f"{_counted(k)} by {evaluation['label']}, of {listed} rows{noise}"
    held = evaluation["stability"]
    if held and held["value"] is not None:
        firm = "firm" if held["value"] >= FIRM else "soft" if held["value"] >= SOFT else "unstable"
        text += f"; they are {firm} (bootstrap samples agree to {held['value']:.2f} of 1)"
    asked = evaluation["asked"]["k"]
    if asked and criteria and criteria["k"] != asked:
        said = "no cluster structure" if criteria["k"] == 1 else _counted(criteria["k"])
        text += f"; {asked} was asked for, the data speak for {said}"
    elif criteria and not criteria["agree"]:
        text += "; the criteria disagree about the number"
    return f"{text}."


def _counted(k: int) -> str:
    return "1 cluster" if k == 1 else f"{k} clusters"
