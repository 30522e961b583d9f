"""HTML that cannot be broken by the data in it: every text is escaped unless it is `Markup`."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from html import escape

_VOID = frozenset({"img", "br", "meta", "hr", "col"})


class Markup(str):
    """HTML that is safe to insert as it stands; a plain ``str`` is not, and is escaped."""

    __slots__ = ()


def text(value: object) -> Markup:
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
    return Markup(text(separator).join(text(part) for part in parts if part is not None))


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
        written.append(f" {key}" if value is True else f' {key}="{text(value)}"')
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


def without_nan(value: object) -> object:
    """Replace NaN and infinities by ``None`` at any depth, since JSON has neither.

    Examples
    --------
    >>> without_nan({"a": [1.0, float("nan")]})
    {'a': [1.0, None]}
    """
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): without_nan(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [without_nan(item) for item in value]
    return value


def json_script(value: object, **attributes: object) -> Markup:
    """Embed a value as JSON in a script element that no text in it can close.

    Parameters
    ----------
    value : object
        What JSON can hold; NaN and infinities become ``null``.
    **attributes : object
        Further attributes of the element.

    Returns
    -------
    Markup
        A ``script`` element.

    Examples
    --------
    >>> json_script("</script>")
    '<script type="application/json">"\\\\u003c/script\\\\u003e"</script>'
    """
    body = json.dumps(without_nan(value), ensure_ascii=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        body = body.replace(character, f"\\u{ord(character):04x}")
    return tag("script", Markup(body), type="application/json", **attributes)
