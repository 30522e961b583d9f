"""What becomes of bad pictures and objects: they are refused, or left out and remembered."""

from __future__ import annotations

from dataclasses import dataclass, field

from further.errors import InputError

#: As many are named in a note.
NAMED = 3


def fault_of(error: InputError) -> str:
    """Return what a message says is wrong, without the remedy behind its last semicolon."""
    return str(error).rsplit(";", 1)[0].rstrip(".")


@dataclass
class Skipping:
    """The bad pictures and objects of a data set that is being read.

    When to use: for whatever cannot be taken as it is; each is an entry, so that nothing is lost in
    silence. When it fails: it does not say what the data would have been without the fault.

    Attributes
    ----------
    skip : bool
        Whether to leave them out instead of refusing them.
    entries : list of str
        A sentence for each that was left out, with its file and line.
    """

    skip: bool = False
    entries: list[str] = field(default_factory=list)
    _bad: list[str] = field(default_factory=list)

    def refuse(self, fault: str, remedy: str = "correct or remove it") -> None:
        """Refuse something, or leave it out where that was asked for.

        Parameters
        ----------
        fault : str
            What is wrong, a sentence with the place and without its full stop.
        remedy : str
            What to do about it.

        Raises
        ------
        InputError
            Unless bad data are to be skipped.
        """
        if not self.skip:
            raise InputError(f"{fault}; {remedy}, or go on without it by skip_bad=True.")
        self.add(f"{fault}.")
        self._bad.append(self.entries[-1])

    def add(self, sentence: str) -> None:
        """Remember something that is left out in any case."""
        self.entries.append(sentence)

    @property
    def notes(self) -> list[str]:
        """What was left out because it is bad, in a sentence."""
        if not self._bad:
            return []
        first = " ".join(self._bad[:NAMED])
        return [f"{len(self._bad)} bad pictures or objects are left out (skip_bad): {first}"]
