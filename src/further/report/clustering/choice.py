"""How many clusters there are, whether they hold, and how much initialisation matters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from further.evaluate.clustering.choice import (
    Alternative,
    ClusterStabilities,
    Criteria,
    CriterionRecord,
    Initialisations,
    TendencyRecord,
)
from further.evaluate.record import Measured
from further.report.chart import chart, columns, data_table, legend
from further.report.clustering.clustergram import clustergram
from further.report.clustering.marks import marked_name
from further.report.clustering.pictures import changing
from further.report.clustering.run import ClusterRun
from further.report.estimates import drawn, method_of, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import MISSING, duration, fixed, listing, share, significant

_CRITERION = ("k", "values", "low", "high", "reference")
# Initialisations whose inertia differs by less than this part of the range count as one result.
_SAME = 1 / 60
_ROUNDING = 1e-5
_VERDICTS = {
    "stable": "stable",
    "pattern": "a pattern, doubtful at the edges",
    "unstable": "unstable",
}


def how_many(run: ClusterRun) -> Markup:
    """Draw each criterion by k with its own answer, and say the rule that made one answer."""
    found = run.criteria
    charts = [one for item in found.items if (one := _criterion(item, run.k)) is not None]
    told = (
        tag("p", found.sentence) if found.sentence else None,
        tag("p", tag("b", "The rule: "), found.rule) if found.rule else None,
        _agreement(found),
        _tendency(found.tendency),
    )
    if not charts:
        return join(told)
    key = legend(
        values="this data",
        area_interval="its interval",
        reference="data without structure",
        own="the criterion's own answer",
        chosen="the k of this report",
    )
    splits = clustergram(run)
    return join((*told, tag("div", *charts, class_="criteria"), key, splits))


def write_answers(found: Criteria) -> str:
    """Say which criterion would take which k, those together that agree.

    Examples
    --------
    >>> items = (CriterionRecord(label="Elbow", k=3), CriterionRecord(label="Silhouette", k=2))
    >>> write_answers(Criteria(items=items)).replace("\\u00a0", " ")
    'k = 2 by Silhouette; k = 3 by Elbow'
    """
    by_k: dict[int, list[str]] = {}
    for item in found.items:
        if item.k is not None:
            by_k.setdefault(item.k, []).append(_label(item))
    return "; ".join(f"k\u00a0=\u00a0{k} by {listing(by_k[k])}" for k in sorted(by_k))


def _label(item: CriterionRecord) -> str:
    return item.label or item.name or "a criterion"


def _agreement(found: Criteria) -> Markup | None:
    told = write_answers(found)
    # The sentence above says it already where it speaks of the criteria.
    if not told or "criteria" in found.sentence:
        return None
    return tag(
        "p", tag("b", f"The criteria {'agree' if found.agree else 'disagree'}: "), f"{told}."
    )


def _criterion(item: CriterionRecord, chosen: int | None) -> Markup | None:
    series = (item.values, item.low or (), item.high or (), item.reference or ())
    rows = [
        (k, *values)
        for k, *values in zip_longest(item.ks, *series)
        if k is not None and values[0] is not None
    ]
    if not rows:
        return None
    label, ks = _label(item), [k for k, *_ in rows]
    spec = {
        "mark": "criterion",
        "data": columns(_CRITERION, [(k, *map(_rounded, values)) for k, *values in rows]),
        "own": item.k if item.k in ks else None,
        "chosen": chosen if chosen in ks else None,
    }
    answer = "no answer of its own" if item.k is None else f"its answer: k = {item.k}"
    direction = f"{item.better} is better; " if item.better in ("higher", "lower") else ""
    note = f"{item.note[:1].upper()}{item.note[1:]}"
    return chart(
        spec,
        title=join(
            (
                tag("b", label),
                tag("span", direction + answer),
                tag("span", note) if note else None,
            ),
            " ",
        ),
        description=f"{label} for k from {ks[0]} to {ks[-1]}; {answer}.",
        head=("k", label, "From", "To", "Reference"),
        rows=[(k, *map(significant, values)) for k, *values in rows],
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")


def _tendency(found: TendencyRecord) -> Markup | None:
    """Draw the statistic of this data beside the range it has in data without structure."""
    if found == TendencyRecord():
        return None
    told = "There is cluster structure" if found.found else "No cluster structure was found"
    value, low, high = found.statistic, found.low, found.high
    because = ""
    if value is not None and low is not None and high is not None:
        where = "beyond" if value > high else "below" if value < low else "within"
        because = (
            f": the statistic of this data, {significant(value)}, lies {where} the range of data "
            f"without structure and of the same spread, {significant(low)} to {significant(high)}"
        )
    if found.p_value is not None:
        because += f" (p = {significant(found.p_value, 2)})"
    how = found.method.strip().rstrip(".")
    method = tag("small", f"{how[:1].upper()}{how[1:]}.", class_="method") if how else None
    sentence = tag("p", tag("b", told), f"{because}.", method)
    if value is None or low is None or high is None:
        return sentence
    figure = chart(
        {"mark": "tendency", "value": value, "low": low, "high": high},
        description=f"{told}{because}.",
        head=("This data", "No structure, from", "to", "p"),
        rows=[[significant(x) for x in (value, low, high, found.p_value)]],
    )
    return join((sentence, figure))


def whether_it_holds(run: ClusterRun) -> Markup:
    """Draw stability by k, and set the alternatives beside the chosen clustering."""
    own, sentence = run.found.stability, None
    if own is not None and own.value is not None:
        sentence = tag(
            "p",
            "Clusterings of bootstrap samples of these rows agree to an adjusted Rand index of "
            f"{write_estimate(own)} on average.",
            title=method_of(own),
        )
    return join(
        (
            sentence,
            _each_cluster(run.found.cluster_stability or ClusterStabilities()),
            _stability(run.criteria, run.k),
            _alternatives(run.found.alternatives),
        )
    )


def _each_cluster(found: ClusterStabilities) -> Markup | None:
    """Say of each cluster how well it is found again in bootstrap samples."""
    rows = [
        (
            marked_name(item.cluster),
            _VERDICTS.get(item.verdict, MISSING),
            tag("span", drawn(item.jaccard), title=method_of(item.jaccard)),
            item.jaccard.n or MISSING,
            share(item.recovered),
            share(item.dissolved),
        )
        for item in found.clusters
        if item.jaccard.value is not None
    ]
    if not rows:
        return None
    head = ("Cluster", "Verdict", "Jaccard similarity", "Samples", "Recovered", "Dissolved")
    limits = ""
    if found.stable_from is not None and found.pattern_from is not None:
        limits = (
            f" From {fixed(found.stable_from, 2)} on a cluster is stable; from "
            f"{fixed(found.pattern_from, 2)} on it is a pattern in the data, but which rows belong "
            "to it is doubtful; below, do not build on it."
        )
    note = tag(
        "p",
        "How much of each cluster is found again in bootstrap samples: its largest Jaccard "
        "similarity to a cluster of the sample, on the rows of the sample, as a mean over the "
        f"samples with the limits of 95 % of them (Hennig, 2007).{limits} A cluster is recovered "
        "in a sample from 0.75 on and dissolved up to 0.5.",
        class_="note",
    )
    title = tag("h3", "Cluster by cluster")
    return tag("section", title, data_table(head, rows), note, class_="part")


def _stability(found: Criteria, chosen: int | None) -> Markup | None:
    figures = sorted(
        (int(k), figure)
        for k, figure in found.stability.items()
        if k.isdigit() and figure.value is not None
    )
    if not figures:
        return None
    return chart(
        {
            "mark": "criterion",
            "data": columns(_CRITERION, [(k, f.value, f.low, f.high, None) for k, f in figures]),
            "own": None,
            "chosen": chosen if chosen in dict(figures) else None,
            "domain": [min(0.0, *(f.low or 0.0 for _, f in figures)), 1],
        },
        title=join((tag("b", "Stability by k"), "1: every sample gives the same clusters"), ": "),
        description="Stability by k: "
        + ", ".join(f"{k} {write_estimate(figure)}" for k, figure in figures),
        head=("k", "Stability", "n", "Method"),
        rows=[(k, write_estimate(f), f.n or MISSING, f.method) for k, f in figures],
        class_="chart narrow",
    )


def _alternatives(found: Sequence[Alternative]) -> Markup | None:
    """Set other ways to cluster the same rows beside the chosen one."""
    if not found:
        return None
    titles = (
        "Method", "k", "Stability", "Silhouette", "Agreement with the chosen", "Noise", "Took",
    )  # fmt: skip
    table = data_table(titles, map(_alternative, found), "alternatives", "Alternatives")
    note = tag(
        "p",
        "Each figure on its line from 0 to 1. Agreement is the adjusted Rand index: 1 for the same "
        "clusters, 0 for no more than chance. A silhouette favours round clusters, so compare "
        "methods by their stability and by what you need them for.",
        class_="note",
    )
    title = tag("h3", "Other ways to cluster these rows")
    return tag("section", title, table, note, class_="part")


def _alternative(item: Alternative) -> Markup:
    label = item.label or item.method or "A method"
    name = tag(
        "th",
        tag("b", label) if item.chosen else label,
        tag("small", "chosen") if item.chosen else None,
        tag("small", item.note) if item.note else None,
        scope="row",
    )
    cells = (
        MISSING if item.k is None else item.k,
        drawn(item.stability),
        drawn(item.silhouette),
        MISSING if item.chosen else drawn(Measured(item.agreement)),
        share(item.noise_share),
        duration(item.seconds),
    )
    row = (tag("td", cell) for cell in cells)
    return tag("tr", name, *row, class_="chosen" if item.chosen else None)


def initialisations(run: ClusterRun) -> Markup | None:
    """Draw what inertia each initialisation led to, by kind, and which rows changed cluster."""
    found = run.found.initialisations
    if found is None:
        return None
    sentence = tag("p", found.sentence) if found.sentence else None
    figure, reached = _inertia(found)
    told = tag("p", f"{reached}.") if reached and sentence is None else None
    notes = [tag("p", note, class_="note") for note in found.notes] if figure else []
    return join((sentence, told, figure, *notes, changing(run)))


def _inertia(found: Initialisations) -> tuple[Markup | None, str]:
    """Draw where initialisations ended, and say how often each kind reached the best."""
    kinds = [
        (item.kind or "initialisations", values, item)
        for item in found.kinds
        if (values := [value for value in item.inertia if value is not None])
    ]
    if not kinds:
        return None, ""
    every = [value for _, values, _ in kinds for value in values]
    best = float(f"{min(every):.7g}")
    width = max((max(every) - min(every)) * _SAME, abs(best) * _ROUNDING)
    groups = [
        (kind, float(f"{inertia:.7g}"), count)
        for kind, values, _ in kinds
        for inertia, count in _grouped(values, width)
    ]
    figure = chart(
        {
            "mark": "initialisations",
            "kinds": [kind for kind, _, _ in kinds],
            "data": columns(("kind", "inertia", "count"), groups),
            "best": best,
        },
        title="Inertia at the end of each run, and how many runs ended there. The line is the best "
        "of all; what lies right of it stopped at a worse optimum.",
        description="Inertia by kind of initialisation: "
        + "; ".join(
            f"{kind} from {significant(min(values), 4)} to {significant(max(values), 4)}"
            for kind, values, _ in kinds
        ),
        head=("Initialisation", "Runs", "Best inertia", "Worst", "Reach the best", "Agreement"),
        rows=[
            (
                kind,
                len(values),
                significant(min(values), 5),
                significant(max(values), 5),
                share(item.best_share),
                write_estimate(Measured(item.ari.median, item.ari.low, item.ari.high)),
            )
            for kind, values, item in kinds
        ],
    )
    reached = [
        f"{kind} reaches the best in {share(item.best_share)} of its runs"
        for kind, _, item in kinds
        if item.best_share is not None
    ]
    return figure, listing(reached)


def _grouped(values: Sequence[float], width: float) -> list[tuple[float, int]]:
    """Put results together that are as good as the same: (lowest, count) of each group."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][0] <= width:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [(group[0], len(group)) for group in groups]
