"""Run lengths of masks as COCO stores them, as numbers or as text.

A mask is read column by column from the upper left corner; its counts are the lengths of the runs
of zeros and ones in turn, zeros first. The text has a count in groups of five bits, the lowest
first, each plus 48 as a character and plus 32 where another follows; from the fourth count on it
is the difference to the count before the last.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def encode_runs(mask: NDArray[np.bool_]) -> list[int]:
    """Return the run lengths of a mask.

    Parameters
    ----------
    mask : array of shape (height, width), bool
        What belongs to the object.

    Returns
    -------
    list of int
        Runs of zeros and ones in turn.

    Examples
    --------
    >>> encode_runs(np.array([[0, 1], [1, 1]], dtype=bool))
    [1, 3]
    """
    column = np.concatenate([[False], mask.ravel(order="F")])
    changes = np.flatnonzero(column[1:] != column[:-1])
    return np.diff(changes, prepend=0, append=mask.size).tolist()


def decode_runs(counts: Sequence[int], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Return the mask of some run lengths.

    Parameters
    ----------
    counts : sequence of int
        Runs of zeros and ones in turn.
    size : (int, int)
        Width and height.

    Returns
    -------
    array of shape (height, width), bool
        The mask.

    Raises
    ------
    ValueError
        If the counts are negative or do not sum to the number of pixels.

    Examples
    --------
    >>> decode_runs([1, 3], (2, 2)).tolist()
    [[False, True], [True, True]]
    """
    width, height = size
    # Before they are an array, whose numbers would overflow.
    if min(counts, default=0) < 0 or sum(counts) != width * height:
        raise ValueError(f"its run lengths do not add up to {width}x{height} pixels")
    runs = np.asarray(counts, dtype=np.int64)
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(width, height).T


def runs_to_text(counts: Sequence[int]) -> str:
    """Return run lengths as the text of COCO.

    Parameters
    ----------
    counts : sequence of int
        Run lengths.

    Returns
    -------
    str
        In the characters from "0" to "o".

    Examples
    --------
    >>> runs_to_text([6, 1, 40, 4, 5, 4, 5, 4, 21])
    '61X13mN000`0'
    """
    characters = []
    for i, count in enumerate(counts):
        left = count - counts[i - 2] if i > 2 else count
        more = True
        while more:
            five = left & 0x1F
            left >>= 5
            more = left != -1 if five & 0x10 else left != 0
            characters.append(chr((five | 0x20 * more) + 48))
    return "".join(characters)


def text_to_runs(text: str) -> list[int]:
    """Return the run lengths of the text of COCO.

    Parameters
    ----------
    text : str
        As :func:`runs_to_text` returns it.

    Returns
    -------
    list of int
        Run lengths.

    Raises
    ------
    ValueError
        For other characters, and where the text ends within a count.

    Examples
    --------
    >>> text_to_runs("61X13mN000`0")
    [6, 1, 40, 4, 5, 4, 5, 4, 21]
    """
    counts: list[int] = []
    value = bits = 0
    for character in text:
        five = ord(character) - 48
        if not 0 <= five < 64:
            raise ValueError(f"its run lengths have the character {character!r}")
        value |= (five & 0x1F) << bits
        bits += 5
        if five & 0x20:
            continue
        if five & 0x10:
            value -= 1 << bits
        counts.append(value + counts[-2] if len(counts) > 2 else value)
        value = bits = 0
    if bits:
        raise ValueError("its run lengths end within a number")
    return counts
