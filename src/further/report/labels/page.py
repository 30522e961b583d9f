"""The page of a label audit: suspicions on their pictures, to be accepted or rejected.

What is decided stays in the page until it is downloaded as a file, which ``further audit-labels RUN
--decisions FILE`` reads.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from further.data.dataset import Dataset
from further.data.target import Boxes
from further.report.labels.crops import crop
from further.report.markup import Markup, join, json_script, tag
from further.report.shell import STYLES, Page, Section, heading, warning_box
from further.trust.labels.audit import Audit
from further.trust.labels.suspicion import Suspicion

#: Of the ranking so many are shown; those drawn at random are shown besides.
SHOWN = 60
_LIMITS = (
    "A suspicion is no proof: the detector errs too. Only a look at the picture decides.",
    "What neither a label nor a prediction shows is on no list, so that the number of missing "
    "labels is a lower limit.",
    "An error that is made everywhere in the same way is learnt by the detector and not found.",
    "An accepted misplaced or missing label gets the box of the detector; where its exact place "
    "matters, draw it anew.",
    "Report figures on the official test labels; those on corrected ones stand beside them, never "
    "instead.",
)


def write_page(audit: Audit, dataset: Dataset, path: Path) -> Path:
    """Write the page of an audit as one HTML file.

    Parameters
    ----------
    audit : Audit
        What was found.
    dataset : Dataset
        The pictures and labels that were audited.
    path : Path
        The file.

    Returns
    -------
    Path
        The file, written whole or not at all.
    """
    from further.train.files import write_text

    return write_text(path, page(audit, dataset).html())


def page(audit: Audit, dataset: Dataset) -> Page:
    """Describe the page of an audit.

    Parameters
    ----------
    audit, dataset
        See :func:`write_page`.

    Returns
    -------
    Page
        Ready to be written.
    """
    labels = None if dataset.target is None else dataset.target.seen_as("boxes")
    assert isinstance(labels, Boxes)
    top = audit.suspicions[:SHOWN]
    by_number = {suspicion.number: suspicion for suspicion in audit.suspicions}
    drawn = [by_number[number] for number in audit.sample]
    likely = audit.likely()
    kinds = ", ".join(f"{n} {kind}" for kind, n in likely.items() if n) or "none"
    facts = [
        ("Pictures", f"{audit.pictures:,}"),
        ("Labels", f"{audit.labels:,}"),
        ("Likely wrong", kinds),
        ("Drawn at random", f"{len(drawn)}"),
    ]
    return Page(
        title=f"Labels of {audit.data}",
        kind=("label audit", audit.data),
        headline=heading(_answer(audit)),
        facts=facts,
        warnings=warning_box(audit.notes),
        sections=[
            Section(
                "decide", "Decide", _bar(audit),
                "Look at each place and say whether there is an error. Download what you decided, "
                "and give it to further audit-labels.",
            ),
            Section(
                "ranked", "Most suspicious first", _cards(top, dataset, labels),
                f"The first {len(top)} of {len(audit.suspicions):,} labels and places without one; "
                "suspicions.csv has all.",
            ),
            Section(
                "drawn", "Drawn at random", _cards(drawn, dataset, labels),
                "By these the share of wrong labels is estimated, so most of them may well be "
                "right. Decide all, or as many as you can from the first on.",
            ),
            Section("limits", "What this cannot tell", tag("ul", *(tag("li", t) for t in _LIMITS))),
        ],
        footer=Markup("Made by further. This page fetches nothing."),
        scripts=("labels.js",),
        styles=(*STYLES, "labels.css"),
    )  # fmt: skip


def _answer(audit: Audit) -> str:
    n = sum(audit.likely().values())
    many = "No label" if not n else "1 label" if n == 1 else f"{n} labels"
    are = "are" if n > 1 else "is"
    return (
        f"{many} of {audit.data} {are} more likely wrong than right, judged by detectors that "
        "never saw the pictures."
    )


def _bar(audit: Audit) -> Markup:
    legend = tag(
        "p", tag("span", class_="line given"), "the label ", tag("span", class_="line found"),
        "the prediction ", tag("span", class_="line around"), "labels around", class_="legend",
    )  # fmt: skip
    facts = {"fingerprint": audit.fingerprint, "data": audit.data}
    return join((
        legend,
        tag(
            "div", tag("output", "Nothing decided yet."),
            tag("button", "Download decisions", type="button", class_="download"),
            class_="decided",
        ),
        tag("div", json_script(facts), class_="audit-facts", hidden=True),
    ))  # fmt: skip


def _cards(shown: Iterable[Suspicion], dataset: Dataset, labels: Boxes) -> Markup:
    return tag("div", *(_card(one, dataset, labels) for one in shown), class_="suspicions")


def _card(suspicion: Suspicion, dataset: Dataset, labels: Boxes) -> Markup:
    where = suspicion.file or f"picture {suspicion.picture}"
    facts = [f"probability {suspicion.probability:.2f}"]
    if suspicion.score is not None:
        facts.append(f"score {suspicion.score:.2f}")
    if suspicion.overlap is not None:
        facts.append(f"overlap {suspicion.overlap:.2f}")
    choices = (
        tag("button", text, type="button", aria_pressed="false", data_choice=choice)
        for choice, text in (("accepted", "Error"), ("rejected", "No error"))
    )
    return tag(
        "article",
        crop(dataset, labels, suspicion),
        tag("h3", f"{suspicion.number}. {suspicion.kind}"),
        tag("p", suspicion.told),
        tag("small", f"{', '.join(facts)}; {where}"),
        tag("div", *choices, class_="choices", role="group", aria_label="Decision"),
        class_="suspicion",
        data_number=suspicion.number,
    )
