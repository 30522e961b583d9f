"""The vote of :mod:`further.cluster.number.choosing`, and stability as a criterion that votes."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from further.cluster.number.tendency import LEVEL
from further.evaluate.clustering.choice import CriterionRecord

#: Below this agreement of bootstrap samples, stability names no number: a convention of this rule.
_HOLDS = 0.6

RULE = (
    f"No cluster structure, k = 1, where p exceeds {LEVEL}; otherwise the number that most "
    "criteria choose, and among numbers with equal votes the one whose clusterings of bootstrap "
    "samples agree best."
)


def vote(
    criteria: Sequence[CriterionRecord], stable: Mapping[int, float], k_min: int
) -> int | None:
    """Return the number that most criteria give, the more stable one of equals.

    Parameters
    ----------
    criteria : sequence of CriterionRecord
        Those whose own answer is less than ``k_min`` or None do not vote.
    stable : dict of int to float
        Stability by number of clusters.
    k_min : int
        The least answer.

    Returns
    -------
    int or None
        None where no criterion votes.

    Examples
    --------
    >>> said = [CriterionRecord(str(i), str(i), "higher", k, (2, 3), (0.0, 0.0))
    ...         for i, k in enumerate([2, 3, 3, 2, 1, None])]
    >>> vote(said, {2: 0.7, 3: 0.9}, 2)
    3
    """
    tied = with_most_votes(criteria, k_min)
    return max(tied, key=lambda k: stable.get(k, -math.inf), default=None)


def with_most_votes(criteria: Sequence[CriterionRecord], k_min: int) -> list[int]:
    """Return the numbers that most criteria give: several where these tie.

    Parameters
    ----------
    criteria : sequence of CriterionRecord
        As :func:`vote` takes them.
    k_min : int
        The least answer.

    Returns
    -------
    list of int
        Ascending.
    """
    votes = Counter(c.k for c in criteria if c.k is not None and c.k >= k_min)
    most = max(votes.values(), default=0)
    return [k for k in sorted(votes) if votes[k] == most]


def write_tie_and_edge(k: int, tied: Sequence[int], is_at_edge: bool) -> str:
    """Say that other numbers have as many votes, and that larger ones were not tried.

    Parameters
    ----------
    k : int
        The answer.
    tied : sequence of int
        Others with as many votes.
    is_at_edge : bool
        Whether it is the largest that was tried.

    Returns
    -------
    str
        To be put behind the sentence of the answer.

    Examples
    --------
    >>> write_tie_and_edge(10, (2,), True)
    '; 2 has as many votes and is less stable; 10 is the largest number that was tried (k_max)'
    >>> write_tie_and_edge(3, (), False)
    ''
    """
    told = ""
    if tied:
        others = " and ".join(map(str, tied))
        verbs = "has as many votes and is" if len(tied) == 1 else "have as many votes and are"
        told += f"; {others} {verbs} less stable"
    if is_at_edge:
        told += f"; {k} is the largest number that was tried (k_max)"
    return told


def who_says_what(criteria: Sequence[CriterionRecord]) -> str:
    """Name the criteria by the number that they answer.

    Examples
    --------
    >>> who_says_what([CriterionRecord("a", "Elbow", "lower", 4, (), ()),
    ...                 CriterionRecord("b", "Silhouette", "higher", 2, (), ()),
    ...                 CriterionRecord("c", "Stability", "higher", 2, (), ())])
    'Silhouette and Stability say 2, Elbow says 4'
    """
    by_k: dict[int, list[str]] = {}
    for criterion in criteria:
        if criterion.k is not None:
            by_k.setdefault(criterion.k, []).append(criterion.label)
    parts = []
    for k in sorted(by_k, key=lambda k: (-len(by_k[k]), k)):
        names = by_k[k]
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
        parts.append(f"{listed} {'says' if len(names) == 1 else 'say'} {k}")
    return ", ".join(parts)


def most_stable(agreement: Mapping[int, np.ndarray]) -> CriterionRecord:
    """Return stability as a criterion: the largest k that is as good as the best but for chance.

    A k is so where its stability is at most one standard deviation of its samples below the
    highest. The deviation is that of single bootstrap samples, which estimates how much the figure
    would differ for another table of this source; it does not shrink as samples are added, so
    their number decides how well the answer is known, not what it is. There is no answer where no
    k reaches :data:`_HOLDS`: clusterings that do not hold are no witnesses.

    Parameters
    ----------
    agreement : dict of int to ndarray of shape (m,)
        Agreement of each bootstrap sample with the others, by number of clusters.

    Examples
    --------
    >>> held = {2: [1.0, 1.0, 1.0], 3: [1.0, 0.95, 1.0], 4: [0.6, 0.7, 0.8]}
    >>> most_stable({k: np.array(samples) for k, samples in held.items()}).k
    3
    """
    ks = tuple(sorted(agreement))
    values = [float(agreement[k].mean()) for k in ks]
    spread = [float(agreement[k].std(ddof=1)) for k in ks]
    low = tuple(value - s for value, s in zip(values, spread, strict=True))
    high = tuple(min(1.0, value + s) for value, s in zip(values, spread, strict=True))
    best = max(values)
    # More clusters tell more, as long as they hold as well.
    reach = [k for k, limit in zip(ks, high, strict=True) if best <= limit + 1e-12]
    note = (
        "its answer is the largest k within one standard deviation of the samples of the highest "
        "value"
    )
    if best < _HOLDS:
        note = f"it gives no answer, since no value reaches {_HOLDS}"
    return CriterionRecord(
        "stability", "Stability", "higher", reach[-1] if best >= _HOLDS else None, ks,
        tuple(values), low, high,
        note=f"{note}; adjusted Rand index of clusterings of bootstrap samples",
    )  # fmt: skip
