"""One self-contained HTML page from any run folder: the answer, the evidence and its limits."""

from __future__ import annotations

from further.report.page import render

__all__ = ["render"]
