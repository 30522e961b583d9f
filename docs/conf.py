"""How the site is built; ``make docs`` does it, without a connection and without warnings."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_ext"))
# The examples train small nets, which many threads only slow down.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["MPLBACKEND"] = "agg"

import further  # noqa: E402

project = "further"
author = copyright = "The further developers"
version = release = further.__version__

extensions = [
    "sphinx.ext.autodoc",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
    "mathml",
    "reference",
    "guide",
    "tables",
]
exclude_patterns = ["_build", "examples", "gallery/**/*.ipynb", "gallery/**/*.py"]
nitpicky = True
html_math_renderer = "mathml"

# What goes in and comes out stands in the docstrings, so signatures stay short.
autodoc_typehints = "none"
autodoc_member_order = "bysource"
numpydoc_show_class_members = False

myst_enable_extensions = ["deflist", "substitution"]
myst_heading_anchors = 4


def _constants(*modules: str) -> dict[str, dict[str, Any]]:
    """Return the constants of modules, so that a page says what the code does."""
    found = {}
    for module in modules:
        values = vars(importlib.import_module(f"further.{module}"))
        found[module.rpartition(".")[2]] = {
            name: _written(value)
            for name, value in values.items()
            if name.isupper() and isinstance(value, int | float | tuple)
        }
    return found


def _written(value: Any) -> Any:
    words = isinstance(value, tuple) and all(isinstance(one, str) for one in value)
    return ", ".join(f"`{one}`" for one in dict.fromkeys(value) if one.strip()) if words else value


myst_substitutions = _constants(
    "compare.clustering.prepared_table",
    "data.formats.csv_layout",
    "data.formats.date_text",
    "data.formats.decoding",
    "data.formats.number_text",
    "data.formats.tables",
    "data.formats.text_column",
    "data.preparation.column_decisions",
    "data.preparation.columns",
    "data.preparation.copies",
    "data.preparation.doubts",
    "data.preparation.far_values",
    "data.preparation.identifiers",
    "data.preparation.missing_values",
    "data.preparation.regularity",
    "data.preparation.scaling",
)

sphinx_gallery_conf = {
    "examples_dirs": "examples",
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "within_subsection_order": "FileNameSortKey",
    "copyfile_regex": r".*\.rst",
    "download_all_examples": False,
    "capture_repr": (),
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "notebook_extensions": set(),
    "remove_config_comments": True,
}

html_theme = "furo"
html_title = "further"
html_static_path = ["_static"]
html_css_files = ["further.css"]
html_copy_source = False
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": True,
    "light_css_variables": {"color-brand-primary": "#0b5d8a", "color-brand-content": "#0b5d8a"},
    "dark_css_variables": {"color-brand-primary": "#7cc4ef", "color-brand-content": "#7cc4ef"},
}
