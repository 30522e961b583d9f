"""Which names say that a column names the rows and measures nothing: CustomerID, order number."""

from __future__ import annotations

import re

#: An identifier differs in so many rows; the others are rows that were entered twice.
NEARLY_ALL = 0.95
_ALONE = frozenset(
    {"id", "ids", "idx", "index", "key", "uuid", "guid", "row", "rownum", "record", "identifier",
     "serial", "nr", "no", "pk", "oid"}
)  # fmt: skip
#: Behind another word these say the same, and so does what they number.
_LAST = frozenset(
    {"id", "ids", "key", "idx", "uuid", "guid", "identifier", "no", "nr", "num", "number", "ref",
     "reference"}
)  # fmt: skip
_THINGS = (
    "account|booking|case|claim|client|customer|device|doc|document|employee|file|image|img|"
    "invoice|item|loan|machine|member|order|paper|patient|person|policy|product|record|row|sample|"
    "seq|serial|session|student|subject|ticket|transaction|user|visit"
)
_TOGETHER = re.compile(rf"(?:{_THINGS})(?:id|no|nr|num|number|key)")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[#№]")


def names_rows(name: str) -> bool:
    """Whether the name of a column, in any spelling, is that of an identifier.

    Examples
    --------
    >>> [names_rows(name) for name in ("CustomerID", "Account No", "ID.", "ID#", "order number")]
    [True, True, True, True, True]
    >>> [names_rows(name) for name in ("paid", "number of rooms", "no_of_rooms", "n")]
    [False, False, False, False]
    """
    words = [word.lower() for word in _WORDS.findall(name)]
    while words and words[-1] in ("#", "№") and len(words) > 1:
        words.pop()
        if words[-1] not in _ALONE | _LAST:
            return True
    if not words:
        return False
    if len(words) == 1:
        return words[0] in _ALONE or _TOGETHER.fullmatch(words[0]) is not None
    if words[0] in ("id", "uuid", "guid") and words[1] not in ("no", "of"):
        return True
    if words == ["row", "number"]:
        return True
    return words[-1] in _LAST or _TOGETHER.fullmatch(words[-1]) is not None
