"""A run folder in, one HTML file out: styles, charts, pictures and data inlined.

The page of a task is one module with ``page(run, training_examples)``; a further task is one more
file and one more line in the table below.
"""

from __future__ import annotations

import importlib
from pathlib import Path

from further.report.run_folder import RunFolder, read_run
from further.report.shell import Page

_PAGES = {"clustering": "further.report.clustering.page"}
_GENERATIVE = "further.report.generation.page"


def render(run: str | Path, *, training_examples: bool = True) -> Path:
    """Write the report of a run: one HTML file that opens from a disk or an e-mail.

    Use it after a comparison or an evaluation, or again later: it reads only what stands in the run
    folder. It fails where the folder is no run; what the run lacks, the report leaves out.

    Parameters
    ----------
    run : str or Path
        The run folder, of a comparison, of a single model or of a clustering.
    training_examples : bool, default=True
        Whether to show rows or pictures of the training set (nearest pairs, samples of models that
        copy, rows of clusters); without them the report can be shared, and says that they are left
        out.

    Returns
    -------
    Path
        ``report.html`` in the run folder, written whole or not at all.

    Raises
    ------
    further.errors.RunError
        There is no such folder, it is no run, or a file in it is damaged.
    """
    from further.train.files import write_text

    content = read_run(run)
    target = content.path / "report.html"
    write_text(target, page_of(content, training_examples).html())
    return target


def page_of(run: RunFolder, training_examples: bool) -> Page:
    """Describe the page of a run as its task does."""
    task = str(run.evaluation.get("task") or run.run.get("task"))
    described: Page = importlib.import_module(_PAGES.get(task, _GENERATIVE)).page(
        run, training_examples
    )
    return described
