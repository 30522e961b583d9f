"""What cannot fit into memory is refused before it is read."""

from __future__ import annotations

import os

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

    Raises
    ------
    InputError
        With both sizes.
    """
    memory = total_memory()
    if memory is not None and is_too_large(need):
        raise InputError(
            f"{what} would take {need / GIB:.1f} GiB of this machine's {memory / GIB:.1f} GiB of "
            f"memory, more than a quarter; {remedy}."
        )


def is_too_large(need: int) -> bool:
    """Whether data of so many bytes would take more than a quarter of this machine's memory."""
    memory = total_memory()
    return memory is not None and need > SHARE * memory


def total_memory() -> int | None:
    """Return the bytes of memory of this machine, None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
