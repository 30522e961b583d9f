"""The answer of a clustering in one sentence."""

from __future__ import annotations

from collections import Counter
from typing import Any

from further.cluster.number.voting import write_tie_and_edge

#: Clusters of which the headline names the sizes.
MOST_LISTED = 8


def headline(evaluation: dict[str, Any]) -> str:
    """Return the answer in one sentence: how many clusters, how large, how stable."""
    criteria, k = evaluation["criteria"], evaluation["k"]
    if k == 1 and evaluation["asked"]["k"] != 1:
        why = criteria["sentence"] if criteria else f"{evaluation['label']} found one group."
        if not evaluation["sizes"]:
            why = f"{evaluation['label']} put no row into a cluster."
        return f"No cluster structure was found: {why}"
    noise = f", and {_rows(evaluation['noise'])} in none" if evaluation["noise"] else ""
    text = f"{_counted(k)} by {evaluation['label']}, of {_listed(evaluation['sizes'])}{noise}"
    if evaluation["cluster_stability"]:
        text += f"; {_held(evaluation['cluster_stability'])}"
    asked = evaluation["asked"]["k"]
    if asked and criteria and criteria["k"] != asked:
        said = "no cluster structure" if criteria["k"] == 1 else _counted(criteria["k"])
        text += f"; {asked} was asked for, the data suggest {said}"
    elif criteria and not criteria["agree"]:
        text += "; the criteria disagree about the number"
    if criteria and criteria["k"] == k and not asked:
        text += write_tie_and_edge(k, criteria["tied"], criteria["is_at_edge"])
    if evaluation["doubts"]:
        text += "; some values may be read in two ways (see the doubts)"
    return f"{text}."


def _held(found: dict[str, Any]) -> str:
    """Say how many clusters are stable, by the limits that Hennig (2007) gives.

    Examples
    --------
    >>> verdicts = ["stable", "stable", "unstable"]
    >>> _held({"stable_from": 0.75, "pattern_from": 0.6,
    ...        "clusters": [{"verdict": verdict} for verdict in verdicts]})
    '2 of 3 are stable in bootstrap samples (Jaccard similarity from 0.75 on), 1 is not (below 0.6)'
    """
    verdicts = [one["verdict"] for one in found["clusters"]]
    total, counts = len(verdicts), Counter(verdicts)
    stable, pattern, unstable = (counts[name] for name in ("stable", "pattern", "unstable"))
    limit = f"Jaccard similarity from {found['stable_from']:g} on"
    if stable == total:
        every = "both" if total == 2 else f"all {total}"
        return f"{every} are stable in bootstrap samples ({limit})"
    parts = [
        f"{stable or 'none'} of {total} {_are(stable or 2)} stable in bootstrap samples ({limit})"
    ]
    if pattern:
        parts.append(f"{pattern} {_are(pattern)} doubtful at the edges")
    if unstable:
        parts.append(f"{unstable} {_are(unstable)} not (below {found['pattern_from']:g})")
    return ", ".join(parts)


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


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
