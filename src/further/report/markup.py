"""HTML that cannot be broken by the data in it: every text is escaped unless it is `Markup`."""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape

from further.evaluate.typed_json import to_json

_VOID = frozenset({"img", "br", "meta", "hr", "col"})


class Markup(str):
    """HTML that is safe to insert as it stands; a plain ``str`` is not, and is escaped."""

    __slots__ = ()


def _escaped(value: object) -> Markup:
    """Escape a value for element content and quoted attributes; leave `Markup` alone."""
    return value if isinstance(value, Markup) else Markup(escape(str(value), quote=True))


def join(parts: Iterable[object], separator: str = "") -> Markup:
    """Escape the parts that need it and put them in a row; ``None`` is left out.

    Parameters
    ----------
    parts : iterable
        Text, `Markup` or ``None``.
    separator : str, default=""
        What stands between two of them.

    Returns
    -------
    Markup
        The row.
    """
    return Markup(_escaped(separator).join(_escaped(part) for part in parts if part is not None))


def tag(name: str, *children: object, **attributes: object) -> Markup:
    """Build one HTML element.

    Parameters
    ----------
    name : str
        Name of the element.
    *children : object
        Its content; what is not `Markup` is escaped, ``None`` left out.
    **attributes : object
        Its attributes: ``class_`` stands for ``class``, ``aria_label`` for ``aria-label``;
        ``None`` and ``False`` leave an attribute out, ``True`` writes it without a value.

    Returns
    -------
    Markup
        The element.

    Examples
    --------
    >>> tag("p", "a < b", class_="note")
    '<p class="note">a &lt; b</p>'
    """
    written = []
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        written.append(f" {key}" if value is True else f' {key}="{_escaped(value)}"')
    opening = f"<{name}{''.join(written)}>"
    return Markup(opening if name in _VOID else f"{opening}{join(children)}</{name}>")


def noted(value: object, note: object) -> Markup:
    """Put a note in small type behind a value.

    Parameters
    ----------
    value, note : object
        Text or `Markup`; no note where it is empty.

    Returns
    -------
    Markup
        Both.
    """
    return join((value, tag("small", note) if note else None), " ")


def json_script(value: object) -> Markup:
    """Embed a value as JSON, NaN as null, in a script element that no text in it can close.

    Examples
    --------
    >>> json_script("</script>")
    '<script type="application/json">"\\\\u003c/script\\\\u003e"</script>'
    """
    body = json.dumps(to_json(value), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        body = body.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Markup(body), type="application/json")
