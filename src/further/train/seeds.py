"""Seeds of independent random streams, all from the one seed of a fit."""

from __future__ import annotations


def hash_seed(seed: int, stream: int) -> int:
    """Return a seed for one of several independent streams (SplitMix64's finalizer).

    Parameters
    ----------
    seed : int
        Of the training or of the comparison.
    stream : int
        Number of the stream.

    Returns
    -------
    int
        Between 0 and 2**63 - 1.
    """
    z = (seed * 0x9E3779B97F4A7C15 + (stream + 2) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
    return (z ^ (z >> 31)) & (2**63 - 1)
