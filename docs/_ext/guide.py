"""Directives that put docstrings into the pages of the user guide, so that neither can drift.

``models`` lists the models of a task: the equations of their modules, when to use them and when
they fail. ``mathematics`` does so for modules that are no models. ``api`` is the table of all
names.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from further import registry
from reference import FOLDER, groups, names, summary

#: What file names cannot spell.
SPELT = {
    "fasterpam": "FasterPAM", "frechet": "Fréchet", "gan": "GAN", "mlp": "MLP", "simd": "SIMD",
    "unet": "U-Net", "wilson": "Wilson's interval", "yinyang": "Yinyang",
}  # fmt: skip
#: A heading with the reStructuredText below it; the id is unique within a page.
Part = tuple[str, str, list[str]]


class Written(SphinxDirective):
    """A directive that becomes the sections that :meth:`parts` returns."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """Return the sections. They are no labels: two pages may have the same heading."""
        sections: list[nodes.Node] = []
        for name, title, lines in self.parts():
            section = nodes.section(ids=[nodes.make_id(name)])
            section += nodes.title(title, title)
            section += self.parse_text_to_nodes("\n".join(lines))
            sections.append(section)
        return sections

    def parts(self) -> list[Part]:
        """Return what is written."""
        raise NotImplementedError


class Models(Written):
    """``.. models:: TASK``."""

    required_arguments = 1

    def parts(self) -> list[Part]:
        """Return a section for each module that holds models of the task."""
        found: dict[str, list[registry.ModelEntry]] = {}
        for line in registry.models_for(self.arguments[0]):
            found.setdefault(line.module, []).append(line)
        written = []
        for module, models in found.items():
            lines = [f".. automodule:: {module}", ""]
            for line in models:
                lines += self._model(line, several=len(models) > 1)
            written.append((module, " and ".join(line.label for line in models), lines))
        return written

    def _model(self, line: registry.ModelEntry, *, several: bool) -> list[str]:
        doc = NumpyDocString(inspect.getdoc(line.load()) or "")
        written = [f"**{line.label}.** " if several else "", *doc["Extended Summary"], ""]
        command = registry.find_task(line.task).command
        typed = {
            "train": f"``further train {line.name} DATA``",
            "cluster": f"``further cluster DATA --method {line.name}``",
        }
        how = [f":class:`further.{line.cls}`", *filter(None, [typed.get(command)])]
        if line.role == "control":
            how.append("a control, which takes part in every comparison")
        elif command and not line.compared:
            how.append("takes part in a comparison where it is named")
        return [*written, f"*In Python and as a command:* {'; '.join(how)}.", ""]


class Mathematics(Written):
    """``.. mathematics::`` with a module a line.

    ``PACKAGE.*`` is all below it with a formula, but for those behind a minus sign.
    """

    def parts(self) -> list[Part]:
        """Return a section for each module."""
        wanted = [line.strip() for line in self.content if not line.startswith("-")]
        found = [name for pattern in wanted for name in _modules(pattern)]
        left_out = [line.strip("- ") for line in self.content if line.startswith("-")]
        return [
            (name, _title(name), [f".. automodule:: {name}", ""])
            for name in found
            if name not in left_out
        ]


class Api(Written):
    """``.. api::``, all names with what they are."""

    def parts(self) -> list[Part]:
        """Return a table for each group, and a hidden tree of the pages."""
        known = names()
        written = []
        for title, members in groups().items():
            if not members:
                continue
            lines = [".. list-table::", "   :widths: 2 3", ""]
            for name in members:
                role = "class" if inspect.isclass(known[name]) else "func"
                lines += [f"   * - :{role}:`{name}`", f"     - {summary(known[name])}"]
            tree = ["", ".. toctree::", "   :hidden:", "", *(f"   /{FOLDER}/{n}" for n in members)]
            written.append((title, title, lines + tree))
        return written


def _title(module: str) -> str:
    words = module.rpartition(".")[2].replace("_", " ").split()
    spelt = " ".join(SPELT.get(word, word) for word in words)
    return f"{spelt[0].upper()}{spelt[1:]}"


def _modules(pattern: str) -> list[str]:
    if not pattern.endswith(".*"):
        return [pattern]
    package = importlib.import_module(pattern[:-2])
    found = [module.name for module in pkgutil.iter_modules(package.__path__, f"{pattern[:-2]}.")]
    return [name for name in found if "math::" in (importlib.import_module(name).__doc__ or "")]


def setup(app: Sphinx) -> dict[str, Any]:
    """Offer the directives."""
    app.add_directive("models", Models)
    app.add_directive("mathematics", Mathematics)
    app.add_directive("api", Api)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
