"""The API reference: a page for each name that users type, from the registry and the stubs.

The pages are written below ``api/names`` before the sources are read. What a docstring refers to
by another of its names (``further.generate.vae.VAE`` for ``further.VAE``) leads to the same page;
what exists but has no page of its own stays plain text; what does not exist is a warning.
"""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, get_origin, get_type_hints

from docutils import nodes
from numpydoc.docscrape import NumpyDocString
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx

import further
from further import errors, registry

FOLDER = "api/names"


def names() -> dict[str, Any]:
    """Return what users type, shortest name first, each object once."""
    found = {f"further.{name}": getattr(further, name) for name in registry.public_names()}
    for folder in registry.FOLDERS:
        module = getattr(further, folder)
        for name in getattr(module, "__all__", ()):
            found[f"further.{folder}.{name}"] = getattr(module, name)
    found |= {
        f"further.errors.{name}": getattr(errors, name) for name in ("InputError", "RunError")
    }
    for value in list(found.values()):
        result = result_of(value)
        if result is not None:
            found[f"{result.__module__}.{result.__qualname__}"] = result
    once: dict[int, str] = {}
    for name, value in found.items():
        once.setdefault(id(value), name)
    return {name: found[name] for name in once.values()}


def result_of(value: Any) -> type | None:
    """Return the class of ours that a function returns, if it does."""
    if not inspect.isfunction(value):
        return None
    try:
        result = get_type_hints(value).get("return")
    except NameError:  # imported for types only
        return None
    is_ours = inspect.isclass(result) and result.__module__.startswith("further")
    return result if is_ours else None


def groups() -> dict[str, list[str]]:
    """Return the names under headings, in the order of the page that lists them."""
    headings = {(line.module, line.cls): _heading(line.task) for line in registry.MODELS}
    found: dict[str, list[str]] = {_heading(line.name): [] for line in registry.TASKS}
    for name, value in names().items():
        folder = value.__module__.split(".")[1]
        heading = headings.get((value.__module__, value.__name__))
        found.setdefault(heading or f"{folder[0].upper()}{folder[1:]}", []).append(name)
    return found


def summary(value: Any) -> str:
    """Return the first sentence of a docstring."""
    return " ".join(NumpyDocString(inspect.getdoc(value) or "")["Summary"])


def _heading(task: str) -> str:
    return f"Models: {task}"


def _page(name: str, value: Any) -> str:
    kind = "class" if inspect.isclass(value) else "function"
    # What nobody types is called by its last name.
    title = name if name.count(".") < 3 else value.__name__
    lines = [title, "=" * len(title), "", f".. auto{kind}:: {name}", ""]
    result = result_of(value)
    if result is not None:
        lines += [f"Its result is a :class:`~{result.__module__}.{result.__qualname__}`."]
    if kind == "class":
        lines += [f"   .. auto{what}:: {member}" for member, what in _members(value).items()]
    return "\n".join([*lines, ""])


def _members(cls: type) -> dict[str, str]:
    """Return the public methods and properties that are ours; the rest is scikit-learn's."""
    found = {}
    for name, member in inspect.getmembers_static(cls):
        is_property = isinstance(member, property | cached_property)
        function = getattr(member, "fget" if is_property else "__func__", member)
        function = getattr(function, "fn", getattr(member, "func", function))
        ours = (getattr(function, "__module__", None) or "").startswith("further")
        if ours and not name.startswith("_") and inspect.isfunction(function) and function.__doc__:
            found[name] = "property" if is_property else "method"
    return found


def _write_pages(app: Sphinx) -> None:
    folder = Path(app.srcdir) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    pages = {f"{name}.rst": _page(name, value) for name, value in names().items()}
    for old in folder.glob("*.rst"):
        if old.name not in pages:
            old.unlink()
    for name, text in pages.items():
        file = folder / name
        # A page that has not changed is not read again.
        if not file.exists() or file.read_text() != text:
            file.write_text(text)


def _find(path: str) -> tuple[str, Any] | None:
    """Return the object of a dotted path with its own dotted path, or None."""
    parts = path.split(".")
    for cut in range(len(parts), 0, -1):
        try:
            value: Any = importlib.import_module(".".join(parts[:cut]))
        except ImportError:
            continue
        owner = ""
        for part in parts[cut:]:
            if not hasattr(value, part):
                return None
            owner = _known().get(id(value), owner and f"{owner}.{part}")
            value = getattr(value, part)
        own = _known().get(id(value)) or (f"{owner}.{parts[-1]}" if owner else path)
        return own, value
    return None


def _known() -> dict[int, str]:
    return {id(value): name for name, value in names().items()}


def _resolve(
    app: Sphinx, env: Any, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    if node.get("refdomain") != "py":
        return None
    scopes = [node.get("py:module"), node.get("py:class")]
    target = node["reftarget"].lstrip(".")
    module, cls = scopes
    for path in (target, f"{module}.{target}", f"{module}.{cls}.{target}", f"{cls}.{target}"):
        found = _find(path)
        if found is None:
            continue
        python = env.domains.python_domain
        reference = python.resolve_xref(
            env, node["refdoc"], app.builder, "obj", found[0], node, content
        )
        return reference or content
    return None


def _complete(
    app: Sphinx, what: str, name: str, value: Any, options: Any, lines: list[str]
) -> None:
    """Add the fields that types describe, and keep the star of (n, *shape) from emphasis."""
    if what == "class" and dataclasses.is_dataclass(value):
        hints = get_type_hints(value, include_extras=True)
        told = {n: h.__metadata__[0] for n, h in hints.items() if get_origin(h) is Annotated}
        lines += [".. rubric:: Attributes", ""] if told else []
        lines += [line for n, text in told.items() for line in (f"``{n}``", f"   {text}", "")]
    lines[:] = [re.sub(r"(?<=, )\*(?=\w)", r"\\*", line) for line in lines]


def setup(app: Sphinx) -> dict[str, Any]:
    """Write the pages, and resolve references by any name."""
    app.connect("builder-inited", _write_pages)
    app.connect("missing-reference", _resolve)
    app.connect("autodoc-process-docstring", _complete, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
