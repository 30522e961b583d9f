"""The answer: one sentence, then goal by goal who is best, who is tied, and what failed."""

from __future__ import annotations

from further.evaluate.metrics import find_metric
from further.evaluate.record import TieRecord
from further.report.chart import chart, columns, data_table
from further.report.generation.examples import data_of
from further.report.generation.scale import scale_of
from further.report.generation.sharing import revealed
from further.report.markup import Markup, join, tag
from further.report.numbers import as_number, listing, probability, share
from further.report.run_folder import ModelRun, RunFolder, goal_label
from further.report.shell import unfinished, warning_box

#: What a flag is called where its name does not say it.
_FLAGS = {
    "worse_than_control": "does not beat the control",
    "leaks_membership": "gives training rows away",
}


def answer(run: RunFolder) -> str:
    """Write the answer as one sentence of plain text."""
    sentence = run.recommendation.sentence.strip()
    if sentence:
        return sentence
    model = run.models[0]
    data = run.data.get("name") or "this data"
    if run.is_comparison:
        labels = [item.label for item in run.models]
        return f"{listing(labels)} on {data}: no recommendation was recorded."
    for name in ("kernel_distance", *model.metrics):
        figure, scale = model.figure(name), scale_of(run.models, name)
        if figure and scale:
            told = f"{model.label} on {data}: {find_metric(name).plain} "
            told += scale.write_figure(figure)
            if scale.anchored:
                told += f" on a scale from {scale.write(scale.left)} (noise) to "
                told += f"{scale.write(scale.right)} (real data)"
            return f"{told}."
    return f"{model.label} on {data}: trained, and not evaluated yet (further evaluate)."


def ranking(run: RunFolder) -> Markup | None:
    """Tell goal by goal which model to take, and which are as good."""
    rows: list[Markup] = []
    for goal, judged in run.goals.items():
        metric = find_metric(judged.metric).label
        title = tag("th", goal_label(goal), tag("small", metric), scope="row")
        if not judged.ranking:
            told = judged.sentence or "No model here serves this goal."
            rows.append(tag("tr", title, tag("td", told, colspan=3)))
            continue
        best, *others = judged.ranking
        tied = [name for name in judged.tied if name != best]
        rest = [name.replace("_", " ") for name in others if name not in tied]
        together = f"tied with {listing([run.label(name) for name in tied])}" if tied else None
        rows.append(
            tag(
                "tr",
                title,
                tag(
                    "td",
                    tag("b", run.label(best)),
                    tag("small", together) if tied else None,
                    *(tag("small", _tie(run, tie)) for tie in judged.ties),
                ),
                tag("td", _figure(run, best, judged.metric)),
                tag("td", f"then {listing(rest)}" if rest else ""),
            )
        )
    titles = ("Goal", "Best", "Its figure", "Others, in order")
    return data_table(titles, rows, "goals stacked", "Ranking by goal") if rows else None


def _tie(run: RunFolder, tie: TieRecord) -> str:
    """Write how probable it is that the best is better, or as good for all that matters."""
    return (
        f"against {run.label(tie.model)}: better {probability(tie.better)}, negligible difference "
        f"{probability(tie.negligible)}, worse {probability(tie.worse)}"
    )


def _figure(run: RunFolder, name: str, metric: str) -> Markup:
    """Write the figure of a model between the two ends of its scale."""
    scale = scale_of(run.models, metric)
    figure = next((model.figure(metric) for model in run.models if model.name == name), None)
    if scale is None or figure is None:
        return Markup("")
    ends = [
        f"{end} {scale.write(value)}"
        for end, value in ((scale.left_name, scale.left), (scale.right_name, scale.right))
        if end in ("noise", "real")
    ]
    commonest = as_number(figure.detail.get("majority_share"))
    if commonest is not None:
        ends.append(f"commonest class {share(commonest)}")
    return join((scale.write_figure(figure), tag("small", ", ".join(ends)) if ends else None))


def repeats(run: RunFolder) -> Markup | None:
    """Draw how far each goal's figure moves between training seeds, where there are several."""
    drawn = [_repeats_of(run, goal, judged.metric) for goal, judged in run.goals.items()]
    charts = [one for one in drawn if one is not None]
    if not charts:
        return None
    return tag("div", tag("p", _survival(run)), tag("div", *charts, class_="repeats"))


def _survival(run: RunFolder) -> str:
    """Say for which goals the leader, or one tied with it, is the same with every seed."""
    said = []
    for verdict, text in (
        (True, "The best model, or one tied with it, leads with every training seed for"),
        (False, "With another training seed a different model leads for"),
    ):
        goals = [goal_label(goal) for goal, own in run.goals.items() if own.survives is verdict]
        if goals:
            said.append(f"{text}: {listing(goals)}.")
    return " ".join(said) or "Whether the ranking survives other seeds was not tested."


def _repeats_of(run: RunFolder, goal: str, name: str) -> Markup | None:
    found = [
        (model.label, own, own.mean)
        for model in run.models
        if (own := model.across_seeds.get(name)) and own.values and own.mean is not None
    ]
    scale = scale_of(run.models, name)
    if not found or scale is None:
        return None
    points = [(label, value) for label, own, _ in found for value in own.values]
    spec = {
        "mark": "repeats",
        "data": columns(("model", "value"), points),
        "means": columns(
            ("model", "mean", "low", "high"),
            [(label, mean, own.low, own.high) for label, own, mean in found],
        ),
        "x": {"type": "log" if scale.logarithmic else "linear"},
    }
    return chart(
        spec,
        title=join((tag("b", goal_label(goal)), scale.label), " · "),
        description=f"{find_metric(name).label} of each training seed, by model: "
        + "; ".join(f"{label} {scale.write(mean)}" for label, _, mean in found),
        head=("Model", "Mean", "95 % interval over seeds", "Each seed"),
        rows=[
            (
                label,
                scale.write(mean),
                f"{scale.write(own.low)} to {scale.write(own.high)}",
                ", ".join(map(scale.write, own.values)),
            )
            for label, own, mean in found
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
    flags = [_FLAGS.get(flag, flag.replace("_", " ")) for flag in model.flags]
    chips = [tag("span", f"⚑ {name}", class_="chip") for name in flags]
    told = list(model.notes)
    if model.is_copy and "memorizes" in model.flags:
        told.append(
            "This control is there to be caught: a check that missed it could not be trusted."
        )
    return tag(
        "section",
        tag("h3", model.label, *chips),
        tag("div", *(tag("p", sentence) for sentence in told)),
        class_="flagged" if flags else None,
    )


def warnings(run: RunFolder) -> Markup | None:
    """Warn of what limits every figure below, before any of them is read."""
    told: list[str] = []
    near = data_of(run).near_duplicates
    if near.count:
        part = f" ({share(near.share)})" if near.share else ""
        told.append(
            f"{near.count:,} held-out rows{part} are near-duplicates of training rows. They "
            "flatter every figure below, and copying most of all; remove them, or keep such rows "
            "on one side of the split."
        )
    told += unfinished(run)
    if not any(model.metrics for model in run.models):
        told.append("Nothing has been evaluated yet; further evaluate adds the figures.")
    if not run.training_examples:
        told.append(
            "Made to be shared: whatever shows rows or pictures of the training set is left out, "
            "namely nearest training examples and the samples of models that copy. " + revealed(run)
        )
    return warning_box(told)
