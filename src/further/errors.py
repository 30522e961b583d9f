"""Errors that a user can cause, as opposed to failures of further."""

from __future__ import annotations

from collections.abc import Sequence


class InputError(ValueError):
    """What was given cannot be used; the message is one sentence: value, rule, place, remedy.

    Commands print the message without a traceback and exit with 2.
    """


class RunError(InputError):
    """A run folder cannot be read, written or resumed as asked."""


def unknown(what: str, given: str, known: Sequence[str]) -> str:
    """Return the sentence for a name that is not known, with the nearest one that is.

    Parameters
    ----------
    what : str
        What it is the name of.
    given : str
        The name.
    known : sequence of str
        All names.

    Returns
    -------
    str
        The sentence.

    Examples
    --------
    >>> unknown("model", "Vea", ["vae", "gan"])
    'There is no model "Vea"; did you mean "vae"?'
    """
    import difflib

    lower = {name.lower(): name for name in known}
    near = difflib.get_close_matches(given.lower(), lower, n=1)
    hint = f'did you mean "{lower[near[0]]}"?' if near else f"there are {', '.join(known)}."
    return f'There is no {what} "{given}"; {hint}'
