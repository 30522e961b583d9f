"""The answer: one sentence, then goal by goal who is best, who is tied, and what failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from further.evaluate.metrics import find_metric
from further.report.chart import chart, columns
from further.report.generation.scale import scale_of
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, listing, share
from further.report.run_folder import ModelRun, RunFolder, goal_label, mapping
from further.report.shell import warning_box

#: What a flag is called, and what it means where the run has no sentence of its own for it.
_FLAGS: dict[str, tuple[str, str]] = {
    "memorizes": (
        "memorizes",
        "Its samples lie nearer to training rows than held-out rows do: it reproduces its training "
        "data, and its other scores say nothing about generating.",
    ),
    "collapsed": (
        "collapsed",
        "It draws from a small part of the data again and again: high precision, little coverage.",
    ),
    "worse_than_control": (
        "does not beat the control",
        "A simple method that is fitted in moments is at least as realistic.",
    ),
    "misses_classes": (
        "misses classes",
        "At least one class has far fewer samples than were asked for.",
    ),
    "failed": (
        "failed",
        "It could not be trained or evaluated; the other models are not affected.",
    ),
}


def answer(run: RunFolder) -> str:
    """Write the answer as one sentence of plain text."""
    sentence = run.recommendation.get("sentence")
    if isinstance(sentence, str) and sentence.strip():
        return sentence.strip()
    model = run.models[0]
    data = run.data.get("name") or "this data"
    if run.is_comparison:
        labels = [item.label for item in run.models]
        return f"{listing(labels)} on {data}: no recommendation was recorded."
    for name in ("kernel_distance", *model.metrics):
        figure, scale = model.figure(name), scale_of(run.models, name)
        if figure and scale:
            interval = scale.write_interval(figure)
            between = (
                f" on a scale from {scale.write(scale.left)} (noise) to "
                f"{scale.write(scale.right)} (real data)"
                if scale.anchored
                else ""
            )
            return (
                f"{model.label} on {data}: {find_metric(name).plain} "
                f"{scale.write(figure.value)}{f' ({interval})' if interval else ''}{between}."
            )
    return f"{model.label} on {data}: trained, and not evaluated yet (further evaluate)."


def ranking(run: RunFolder) -> Markup | None:
    """Tell goal by goal which model to take, and which are as good."""
    if not run.recommendation:
        return None
    rows: list[Markup] = []
    for goal, judged in run.goals.items():
        names = [str(name) for name in judged.get("ranking") or []]
        title = tag(
            "th", goal_label(goal), tag("small", find_metric(judged["metric"]).label), scope="row"
        )
        if not names:
            told = judged.get("sentence") or "No model here serves this goal."
            rows.append(tag("tr", title, tag("td", told, colspan=3)))
            continue
        tied = [name for name in judged.get("tied") or [] if name != names[0]]
        rest = [name.replace("_", " ") for name in names[1:] if name not in tied]
        together = f"tied with {listing([run.label(name) for name in tied])}" if tied else None
        rows.append(
            tag(
                "tr",
                title,
                tag("td", tag("b", run.label(names[0])), tag("small", together) if tied else None),
                tag("td", _figure(run, names[0], judged)),
                tag("td", f"then {listing(rest)}" if rest else ""),
            )
        )
    if not rows:
        return None
    titles = ("Goal", "Best", "Its figure", "Others, in order")
    head = tag("tr", *(tag("th", title, scope="col") for title in titles))
    return tag(
        "div",
        tag("table", tag("thead", head), tag("tbody", *rows), class_="goals stacked"),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label="Ranking by goal",
    )


def _figure(run: RunFolder, name: str, judged: Mapping[str, Any]) -> Markup:
    """Write the figure of the best model between the two ends of its scale."""
    scale = scale_of(run.models, judged["metric"])
    figure = next(
        (model.figure(judged["metric"]) for model in run.models if model.name == name), None
    )
    if scale is None or figure is None:
        return Markup("")
    interval = scale.write_interval(figure)
    ends = [
        f"{end} {scale.write(value)}"
        for end, value in ((scale.left_name, scale.left), (scale.right_name, scale.right))
        if end in ("noise", "real")
    ]
    return join(
        (
            scale.write(figure.value) + (f" ({interval})" if interval else ""),
            tag("small", ", ".join(ends)) if ends else None,
        )
    )


def repeats(run: RunFolder) -> Markup | None:
    """Draw how far each goal's figure moves between training seeds, where there are several."""
    charts = [
        drawn
        for goal, judged in run.goals.items()
        if (drawn := _repeats_of(run, goal, judged["metric"])) is not None
    ]
    if not charts:
        return None
    return tag("div", tag("p", _survival(run)), tag("div", *charts, class_="repeats"))


def _survival(run: RunFolder) -> str:
    """Say for which goals the leader, or one tied with it, is the same with every seed."""
    by_verdict: dict[bool, list[str]] = {True: [], False: []}
    for goal, judged in run.goals.items():
        if isinstance(judged.get("survives"), bool):
            by_verdict[judged["survives"]].append(goal_label(goal))
    said = [
        f"{text}: {listing(by_verdict[verdict])}."
        for verdict, text in (
            (True, "The best model, or one tied with it, leads with every training seed for"),
            (False, "With another training seed a different model leads for"),
        )
        if by_verdict[verdict]
    ]
    return " ".join(said) or "Whether the ranking survives other seeds was not tested."


def _repeats_of(run: RunFolder, goal: str, name: str) -> Markup | None:
    points: list[tuple[str, float]] = []
    means: list[tuple[str, float, float | None, float | None]] = []
    for model in run.models:
        found = model.across_seeds.get(name)
        if found is None or not found.values or found.mean is None:
            continue
        points += [(model.label, value) for value in found.values]
        means.append((model.label, found.mean, found.low, found.high))
    scale = scale_of(run.models, name)
    if not points or scale is None:
        return None
    spec = {
        "mark": "repeats",
        "data": columns(
            model=[label for label, _ in points],
            value=[value for _, value in points],
        ),
        "means": columns(
            model=[item[0] for item in means],
            mean=[item[1] for item in means],
            low=[item[2] for item in means],
            high=[item[3] for item in means],
        ),
        "x": {"type": "log" if scale.logarithmic else "linear"},
    }
    return chart(
        spec,
        title=join((tag("b", goal_label(goal)), scale.label), " · "),
        description=f"{find_metric(name).label} of each training seed, by model: "
        + "; ".join(f"{label} {scale.write(mean)}" for label, mean, _, _ in means),
        head=("Model", "Mean", "95 % interval over seeds", "Each seed"),
        rows=[
            (
                label,
                scale.write(mean),
                f"{scale.write(low)} to {scale.write(high)}",
                ", ".join(scale.write(value) for own, value in points if own == label),
            )
            for label, mean, low, high in means
        ],
        summary="Data",
    )


def failures(run: RunFolder) -> Markup | None:
    """Say what went wrong with which model, in sentences."""
    flagged_first = sorted(run.models, key=lambda model: not model.flags)
    cards = [card for model in flagged_first if (card := _failure(model)) is not None]
    return tag("div", *cards, class_="failures") if cards else None


def _failure(model: ModelRun) -> Markup | None:
    if not model.flags and not model.notes:
        return None
    flags = [_FLAGS.get(flag, (flag.replace("_", " "), "")) for flag in model.flags]
    chips = [tag("span", f"⚑ {name}", class_="chip") for name, _ in flags]
    # Notes carry the figures; the general meaning of a flag stands in where there are none.
    told = list(model.notes or (meaning for _, meaning in flags))
    if model.is_copy and "memorizes" in model.flags:
        told.append(
            "This control is there to be caught: a check that missed it could not be trusted."
        )
    return tag(
        "section",
        tag("h3", model.label, *chips),
        tag("div", *(tag("p", sentence) for sentence in told if sentence)),
        class_="flagged" if flags else None,
    )


def warnings(run: RunFolder, training_examples: bool) -> Markup | None:
    """Warn of what limits every figure below, before any of them is read.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set are shown.

    Returns
    -------
    Markup or None
        None where there is nothing to warn of.
    """
    told: list[str] = []
    near = mapping(run.data.get("near_duplicates"))
    count = as_number(near.get("count"))
    if count:
        part = as_number(near.get("share"))
        told.append(
            f"{count:,.0f} held-out rows{f' ({share(part)})' if part else ''} are near-duplicates "
            "of training rows. They flatter every figure below, and copying most of all; remove "
            "them, or keep such rows on one side of the split."
        )
    status = run.run.get("status")
    if status in ("interrupted", "failed"):
        told.append(f"This run was {status}; resume it with further resume.")
    if not any(model.metrics for model in run.models):
        told.append("Nothing has been evaluated yet; further evaluate adds the figures.")
    if not training_examples:
        told.append(
            "Made to be shared: whatever shows rows or pictures of the training set is left out, "
            "namely nearest training examples and the samples of models that copy."
        )
    return warning_box(told)
