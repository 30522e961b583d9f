"""The answer of a clustering in one sentence."""

from __future__ import annotations

from typing import Any

#: From which stability on clusters are called firm, and soft, as on the page: the limits that
#: Hennig (2007) gives for the Jaccard similarity of single clusters.
FIRM, SOFT = 0.75, 0.6
#: Clusters of which the headline names the sizes.
MOST_LISTED = 8


def headline(evaluation: dict[str, Any]) -> str:
    """Return the answer in one sentence: how many clusters, how large, how firmly."""
    criteria, k = evaluation["criteria"], evaluation["k"]
    if k == 1 and evaluation["asked"]["k"] != 1:
        why = criteria["sentence"] if criteria else "the method found one group at most."
        return f"No cluster structure was found: {why}"
    noise = f", and {_rows(evaluation['noise'])} in none" if evaluation["noise"] else ""
    text = f"{_counted(k)} by {evaluation['label']}, of {_listed(evaluation['sizes'])}{noise}"
    held = evaluation["stability"]
    if held and held["value"] is not None:
        firm = "firm" if held["value"] >= FIRM else "soft" if held["value"] >= SOFT else "unstable"
        text += f"; they are {firm} (bootstrap samples agree to {held['value']:.2f} of 1)"
    asked = evaluation["asked"]["k"]
    if asked and criteria and criteria["k"] != asked:
        said = "no cluster structure" if criteria["k"] == 1 else _counted(criteria["k"])
        text += f"; {asked} was asked for, the data suggest {said}"
    elif criteria and not criteria["agree"]:
        text += "; the criteria disagree about the number"
    return f"{text}."


def _listed(sizes: list[int]) -> str:
    """List the sizes of the clusters in their order, of many the largest.

    Examples
    --------
    >>> _listed([20, 41, 20])
    '20, 41 and 20 rows'
    >>> _listed([1])
    '1 row'
    >>> _listed([5, 9, 1, 8, 7, 3, 3, 6, 4])
    '9, 8, 7, 6, 5, 4, 3 and 2 times at most 3 rows'
    """
    if len(sizes) == 1:
        return _rows(sizes[0])
    told = [f"{size:,}" for size in sizes]
    if len(sizes) > MOST_LISTED:
        falling = sorted(sizes, reverse=True)
        left = len(sizes) - MOST_LISTED + 1
        told = [f"{size:,}" for size in falling[:-left]]
        told.append(f"{left} times at most {falling[-left]:,}")
    return f"{', '.join(told[:-1])} and {told[-1]} rows"


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


def _counted(k: int) -> str:
    return "1 cluster" if k == 1 else f"{k} clusters"
