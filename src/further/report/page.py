"""A run folder in, one HTML file out: styles, charts, pictures and data inlined.

What shows a task is the module that the table of tasks names. It offers ``page(run)``, which
describes the page of a :class:`RunFolder`, and ``summary(result)``, which says in a few lines
what a command found.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from further.errors import RunError
from further.registry import find_model, task_module
from further.report.run_folder import RunFolder, read_run
from further.report.shell import Page
from further.report.summary import Summary

if TYPE_CHECKING:
    from further.compare.result import Result


def render(
    run: str | Path, *, training_examples: bool = True, out: str | Path | None = None
) -> Path:
    """Write the report of a run: one HTML file that opens from a disk or an e-mail.

    Use it after a comparison or an evaluation, or again later: it reads only what stands in the run
    folder. It fails where the folder is no run; what the run lacks, the report leaves out.

    Parameters
    ----------
    run : str or Path
        The run folder, of a comparison, of a single model or of a clustering; that of one member
        of a comparison stands for the whole.
    training_examples : bool, default=True
        Whether to show rows or pictures of the training set (nearest pairs, samples of models that
        copy, rows of clusters); without them the report can be shared, and says that they are left
        out.
    out : str or Path, optional
        The file to write; default: ``report.html`` in the run folder.

    Returns
    -------
    Path
        The file, written whole or not at all.

    Raises
    ------
    further.errors.RunError
        There is no such folder, it is no run, or a file in it is damaged.
    """
    from further.compare.task import whole_run
    from further.train.files import write_text

    content = read_run(whole_run(run), training_examples=training_examples)
    target = content.path / "report.html" if out is None else Path(out)
    return write_text(target, page_of(content).html())


def page_of(run: RunFolder) -> Page:
    """Describe the page of a run as its task does."""
    described: Page = _module(run.evaluation, run.run).page(run)
    return described


def summary_of(result: Result[Any]) -> Summary:
    """Say in a few lines what a run found, as its task does."""
    said: Summary = _module(result.evaluation).summary(result)
    return said


def _module(*records: Mapping[str, Any]) -> ModuleType:
    """Import what shows a task: the one that is recorded, or that of the model."""
    for record in records:
        if record.get("task"):
            return task_module(record["task"], "report")
    for record in records:
        if record.get("model"):
            return task_module(find_model(record["model"]).task, "report")
    raise RunError("The run does not say of what task it is, so there is no page for it.")
