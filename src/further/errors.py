"""Errors that a user can cause, told apart from failures of ours."""

from __future__ import annotations


class InputError(ValueError):
    """What was given cannot be used; the message is one sentence: value, rule, place, remedy.

    Commands print the message without a traceback and exit with 2.
    """


class RunError(InputError):
    """A run folder cannot be read, written or resumed as asked."""
