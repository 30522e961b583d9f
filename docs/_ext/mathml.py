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
SPACE = '<mspace width="0.17em"/>'
FENCES = ("{", "}", "‖")
logger = logging.getLogger(__name__)


def _write(translator: Any, node: nodes.Element, *, as_block: bool) -> None:
    text = node.astext()
    try:
        markup = _mathml(text, as_block=as_block)
    except MathError as error:
        logger.warning("formula %r: %s", text, error, location=node)
        markup = translator.encode(text)
    kind = "div" if as_block else "span"
    translator.body.append(f'<{kind} class="math notranslate nohighlight">{markup}</{kind}>')
    raise nodes.SkipNode


def _mathml(text: str, *, as_block: bool) -> str:
    r"""Return MathML, with what docutils leaves to be mended.

    "\tfrac12" is no fraction of twelve; browsers put nothing between "log" and what it applies to;
    words belong below a brace, and an index beside a letter with a hat; and braces that nobody
    stretched stay small.
    """
    text = re.sub(r"(frac)(\d)(\d)", r"\1{\2}{\3}", text)
    markup = tex2mathml(text, as_block=as_block)
    markup = re.sub(r"<mo>&ApplyFunction;</mo>(?!\s*<mo[^>]*>\()", SPACE, markup)
    tree = ElementTree.fromstring(markup.replace("<mo>&ApplyFunction;</mo>", ""))
    for node in list(tree.iter()):
        kinds = [child.tag.removeprefix(NAMESPACE) for child in node]
        if node.tag == f"{NAMESPACE}msub" and kinds[0] == "munder":
            node.tag = f"{NAMESPACE}munder"
        elif node.tag == f"{NAMESPACE}munderover" and kinds[0] != "mo" and kinds[2] == "mo":
            letter, index, hat = node
            node.tag = f"{NAMESPACE}msub"
            node[:] = [ElementTree.Element(f"{NAMESPACE}mover", accent="true"), index]
            node[0].extend([letter, hat])
        for child in () if kinds == ["mo", "mtable"] else node:
            if child.text in FENCES:
                child.set("stretchy", "false")
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
