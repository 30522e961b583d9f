"""Seeds of independent streams of random numbers, all from the one seed of a fit."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

#: What random numbers are for; a stream keeps its place in the list, and with it its numbers.
Stream = Literal[
    "order", "noise", "validation", "validation_rows", "fit_rows", "begin", "finish", "classes",
    "samples", "corruption", "repeat", "likelihood", "rejection", "imputation", "membership",
    "piece", "importance", "shares", "learning_curve",
]  # fmt: skip
_STREAMS = get_args(Stream)


def seed_of(seed: int, stream: Stream, *place: int) -> int:
    """Return the seed of a stream, or of one place in it.

    Parameters
    ----------
    seed : int
        Of the fit, at least 0.
    stream : str
        What the random numbers are for.
    *place : int
        Such as an epoch or a step, at least 0.

    Returns
    -------
    int
        At least 0 and below 2**63.

    Examples
    --------
    >>> seed_of(0, "order", 1) == seed_of(0, "order", 1)
    True
    >>> len({seed_of(0, "order"), seed_of(0, "noise"), seed_of(0, "order", 1), seed_of(1, "order")})
    4
    """
    return seeds_of(1, seed, stream, *place)[0]


def seeds_of(n: int, seed: int, stream: Stream, *place: int) -> list[int]:
    """Return n seeds for the steps within a place of a stream; see :func:`seed_of`.

    Parameters
    ----------
    n : int
        How many.
    seed, stream, *place
        See :func:`seed_of`.

    Returns
    -------
    list of int
        At least 0 and below 2**63.
    """
    sequence = np.random.SeedSequence(seed, spawn_key=(_STREAMS.index(stream), *place))
    seeds: list[int] = (sequence.generate_state(n, np.uint64) >> np.uint64(1)).tolist()
    return seeds
