"""Tables from what the code declares: metrics, and the published schema of ``evaluation.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from further.evaluate.metrics import METRICS, Metric, metrics_for
from guide import Part, Written

SCHEMA = Path(__file__).parents[1] / "evaluation.schema.json"


class Metrics(SphinxDirective):
    """``.. metrics:: TASK``: what each shows, and what it cannot."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return one table."""
        written = [".. list-table::", "   :header-rows: 1", "   :widths: 2 4 4", ""]
        written += ["   * - metric", "     - what it shows", "     - what it cannot show"]
        for metric in metrics_for(self.arguments[0]):
            better = "" if metric.better == "neither" else f", {metric.better} is better"
            written += [f"   * - :term:`{metric.label}`{better}"]
            written += [f"     - {metric.shows}", f"     - {metric.cannot}"]
        return self.parse_text_to_nodes("\n".join(written))


class MetricTerms(SphinxDirective):
    """``.. metric-terms::``, the glossary of all metrics."""

    def run(self) -> list[nodes.Node]:
        """Return one glossary."""
        written = [".. glossary::", "   :sorted:", ""]
        for metric in METRICS.values():
            better = f"{metric.better.capitalize()} is better{_range(metric)}."
            better = better.replace("Neither is", "Neither high nor low is")
            written += [f"   {metric.label}", f"      {metric.shows} {better}"]
            written += [f"      *What it cannot show:* {metric.cannot}", ""]
        return self.parse_text_to_nodes("\n".join(written))


class Schema(Written):
    """``.. schema::``, a table for each object of the published schema."""

    def parts(self) -> list[Part]:
        """Return a section an object, those of whole files first."""
        schema = json.loads(SCHEMA.read_text())
        roots = [_target(entry) for entry in schema["oneOf"]]
        rest = [name for name in schema["$defs"] if name not in roots]
        written = []
        for name in (*roots, *rest):
            definition, place = schema["$defs"][name], f"schema-{name.lower()}"
            self.env.domains.standard_domain.note_hyperlink_target(
                place, self.env.docname, place, name
            )
            lines = [definition["description"], "", ".. list-table::", "   :header-rows: 1"]
            lines += ["   :widths: 3 3 6", "", "   * - field", "     - type", "     - what it is"]
            for field, kind in definition["properties"].items():
                optional = "" if field in definition["required"] else " (may be absent)"
                lines += [f"   * - ``{field}``", f"     - {_type(kind)}{optional}"]
                lines += [f"     - {kind.get('description', '')}"]
            written.append((place, name, lines))
        return written


def _range(metric: Metric) -> str:
    low, high = metric.range
    if low is not None and high is not None:
        return f", from {low:g} to {high:g}"
    if low is not None:
        return f", from {low:g} on"
    return "" if high is None else f", {high:g} at most"


def _type(kind: dict[str, Any]) -> str:
    """Return a type in words, with references to other objects."""
    if "$ref" in kind:
        return f":ref:`{_target(kind)} <schema-{_target(kind).lower()}>`"
    if "anyOf" in kind:
        return " or ".join(_type(one) for one in kind["anyOf"])
    if "enum" in kind:
        return ", ".join(f"``{value!r}``".replace("'", '"') for value in kind["enum"])
    if kind.get("type") == "array":
        return f"list of {_type(kind['items'])}"
    if kind.get("type") == "object":
        return f"object whose values are {_type(kind['additionalProperties'])}"
    return kind.get("type", "anything")


def _target(reference: dict[str, str]) -> str:
    return reference["$ref"].rpartition("/")[2]


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directives."""
    app.add_directive("metrics", Metrics)
    app.add_directive("metric-terms", MetricTerms)
    app.add_directive("schema", Schema)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
