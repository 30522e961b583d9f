"""What cannot fit into memory is refused before it is read."""

from __future__ import annotations

import psutil

from further.errors import InputError

#: Data, their encoded form and a few copies are to fit into this share of the memory.
SHARE = 0.25
GIB = 2**30


def refuse_too_large(what: str, need: int, remedy: str) -> None:
    """Refuse data that take more than a quarter of this machine's memory.

    Parameters
    ----------
    what : str
        The data, as the subject of the message.
    need : int
        Bytes that they would take.
    remedy : str
        What to do about it.
    """
    if is_too_large(need):
        raise InputError(
            f"{what} would take {need / GIB:.1f} GiB of this machine's "
            f"{total_memory() / GIB:.1f} GiB of memory, more than a quarter; {remedy}."
        )


def is_too_large(need: int) -> bool:
    """Whether data of so many bytes would take more than a quarter of this machine's memory."""
    return need > SHARE * total_memory()


def total_memory() -> int:
    """Return the bytes of memory of this machine."""
    return int(psutil.virtual_memory().total)
