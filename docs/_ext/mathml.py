"""Formulas as MathML, which browsers draw themselves: no script, no font, no connection."""

from __future__ import annotations

import re
from functools import partial
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
logger = logging.getLogger(__name__)


def _write(translator: Any, node: nodes.Element, *, as_block: bool) -> None:
    text = node.astext()
    try:
        markup = _mended(tex2mathml(text, as_block=as_block))
    except MathError as error:
        logger.warning("formula %r: %s", text, error, location=node)
        markup = translator.encode(text)
    kind = "div" if as_block else "span"
    translator.body.append(f'<{kind} class="math notranslate nohighlight">{markup}</{kind}>')
    raise nodes.SkipNode


def _mended(markup: str) -> str:
    """Return MathML with a space behind "log" and words below a brace, not beside it."""
    markup = re.sub(
        r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>\()", '<mspace width="0.17em"/>', markup
    )
    tree = ElementTree.fromstring(markup.replace("&ApplyFunction;", ""))
    for node in list(tree.iter(f"{NAMESPACE}msub")):
        if node[0].tag == f"{NAMESPACE}munder" and node[0][1].text == "⏟":
            node.tag = f"{NAMESPACE}munder"
    ElementTree.register_namespace("", NAMESPACE.strip("{}"))
    return ElementTree.tostring(tree, encoding="unicode")


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the renderer."""
    app.add_html_math_renderer(
        "mathml",
        (partial(_write, as_block=False), None),
        (partial(_write, as_block=True), None),
    )
    return {"parallel_read_safe": True, "parallel_write_safe": True}
