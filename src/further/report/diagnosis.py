"""What the doctor says of the learning curves of a run."""

from __future__ import annotations

from further.errors import InputError
from further.report.markup import Markup, join, tag
from further.report.run_folder import RunFolder
from further.trust.doctor.diagnosis import Diagnosis, doctor


def diagnoses(run: RunFolder) -> Markup | None:
    """Say of each training that has curves what is wrong with it, if anything.

    Parameters
    ----------
    run : RunFolder
        With the folders of its models.

    Returns
    -------
    Markup or None
        The headline of each, and what to try; None without a curve.
    """
    parts = []
    for model in run.models:
        if not (model.folder / "history.csv").is_file():
            continue
        try:
            found = doctor(model.folder)
        except InputError:  # a curve of no row
            continue
        parts.append(_written(model.label, found))
    return join(parts) if parts else None


def _written(label: str, found: Diagnosis) -> Markup:
    findings = [
        tag(
            "li",
            tag("b", finding.title.capitalize()),
            f": {finding.summary}. ",
            tag("ul", *(tag("li", told) for told in finding.next_steps))
            if finding.next_steps
            else None,
        )
        for finding in found.problems  # the headline has what is only noted
    ]
    untold = [tag("li", told) for told in found.cannot_tell]
    return tag(
        "div",
        tag("p", tag("b", f"{label}: "), found.headline),
        tag("ul", *findings) if findings else None,
        tag("details", tag("summary", "What these curves cannot show"), tag("ul", *untold))
        if untold
        else None,
        class_="diagnosis",
    )
