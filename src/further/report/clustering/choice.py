"""How many clusters there are, whether they hold, and how much initialisation matters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from further.report.chart import chart, columns, data_table, legend
from further.report.clustering.marks import marked_name
from further.report.clustering.pictures import changing
from further.report.estimates import drawn, method_of, read_estimate, write_estimate
from further.report.markup import Markup, join, tag
from further.report.numbers import (
    MISSING,
    as_number,
    duration,
    fixed,
    listing,
    share,
    significant,
)
from further.report.run_folder import Figure, RunFolder, mapping, numbers, objects, sentences, whole

# Initialisations whose inertia differs by less than this part of the range count as one result.
_SAME = 1 / 60
_ROUNDING = 1e-5
_VERDICTS = {
    "stable": "stable",
    "pattern": "a pattern, doubtful at the edges",
    "unstable": "unstable",
}


def chosen_k(run: RunFolder) -> int | None:
    """Read the number of clusters that the run settled on; 1 is no cluster structure."""
    own = whole(run.evaluation.get("k"))
    return whole(mapping(run.evaluation.get("criteria")).get("k")) if own is None else own


def found_none(run: RunFolder) -> bool:
    """Tell whether the answer is that there are no clusters, not one cluster as asked."""
    by_rule = whole(mapping(run.evaluation.get("criteria")).get("k"))
    return chosen_k(run) == 1 and by_rule in (None, 1)


def how_many(run: RunFolder) -> Markup | None:
    """Draw each criterion by k with its own answer, and say the rule that made one answer."""
    found = mapping(run.evaluation.get("criteria"))
    k = chosen_k(run)
    charts = [
        drawn_one
        for item in objects(found.get("items"))
        if (drawn_one := _criterion(item, k)) is not None
    ]
    sentence, rule = found.get("sentence"), found.get("rule")
    parts = [
        tag("p", str(sentence)) if sentence else None,
        tag("p", tag("b", "The rule: "), str(rule)) if rule else None,
        _agreement(found),
        _tendency(mapping(found.get("tendency"))),
        tag("div", *charts, class_="criteria") if charts else None,
        _key(charts),
    ]
    return join(parts) if any(part is not None for part in parts) else None


def answers(found: Mapping[str, Any]) -> list[tuple[str, int]]:
    """List each criterion with its own answer."""
    return [
        (str(item.get("label") or item.get("name") or "a criterion"), k)
        for item in objects(found.get("items"))
        if (k := whole(item.get("k"))) is not None
    ]


def write_answers(found: Mapping[str, Any]) -> str:
    """Say which criterion would take which k, those together that agree.

    Examples
    --------
    >>> found = {"items": [{"label": "Elbow", "k": 3}, {"label": "Silhouette", "k": 2}]}
    >>> write_answers(found).replace("\\u00a0", " ")
    'k = 2 by Silhouette; k = 3 by Elbow'
    """
    by_k: dict[int, list[str]] = {}
    for label, k in answers(found):
        by_k.setdefault(k, []).append(label)
    return "; ".join(f"k\u00a0=\u00a0{k} by {listing(by_k[k])}" for k in sorted(by_k))


def _agreement(found: Mapping[str, Any]) -> Markup | None:
    told = write_answers(found)
    # The sentence above says it already where it speaks of the criteria.
    if not told or "criteria" in str(found.get("sentence")):
        return None
    if found.get("agree") is True:
        return tag("p", tag("b", "The criteria agree: "), f"{told}.")
    if found.get("agree") is False:
        return tag("p", tag("b", "The criteria disagree: "), f"{told}.")
    return tag("p", f"Their own answers: {told}.")


def _criterion(item: Mapping[str, Any], chosen: int | None) -> Markup | None:
    ks = [whole(k) for k in item.get("ks") or []]
    series = {
        key: (numbers(item.get(key)) + [None] * len(ks))[: len(ks)]
        for key in ("values", "low", "high", "reference")
    }
    places = [i for i, k in enumerate(ks) if k is not None and series["values"][i] is not None]
    if not places:
        return None
    label = str(item.get("label") or item.get("name") or "Criterion")
    own, better = whole(item.get("k")), item.get("better")
    kept = {key: [values[i] for i in places] for key, values in series.items()}
    shown_ks = [ks[i] for i in places]
    spec = {
        "mark": "criterion",
        "data": columns(k=shown_ks, **{key: _rounded(values) for key, values in kept.items()}),
        "own": own if own in shown_ks else None,
        "chosen": chosen if chosen in shown_ks else None,
    }
    direction = f"{better} is better" if better in ("higher", "lower") else None
    answer = "no answer of its own" if own is None else f"its answer: k = {own}"
    note = str(item.get("note") or "")
    return chart(
        spec,
        title=join(
            (
                tag("b", label),
                tag("span", "; ".join(part for part in (direction, answer) if part)),
                tag("span", f"{note[:1].upper()}{note[1:]}") if note else None,
            ),
            " ",
        ),
        description=f"{label} for k from {shown_ks[0]} to {shown_ks[-1]}; {answer}.",
        head=("k", label, "From", "To", "Reference"),
        rows=[
            (k, *(significant(kept[key][row]) for key in ("values", "low", "high", "reference")))
            for row, k in enumerate(shown_ks)
        ],
    )


def _rounded(values: Sequence[float | None]) -> list[float | None]:
    return [None if value is None else float(f"{value:.6g}") for value in values]


def _key(charts: Sequence[object]) -> Markup | None:
    if not charts:
        return None
    return legend(
        values="this data",
        area_interval="its interval",
        reference="data without structure",
        own="the criterion's own answer",
        chosen="the k of this report",
    )


def _tendency(found: Mapping[str, Any]) -> Markup | None:
    """Draw the statistic of this data beside the range it has in data without structure."""
    value, low, high = (as_number(found.get(key)) for key in ("statistic", "low", "high"))
    p_value = as_number(found.get("p_value"))
    if value is None and found.get("found") is None:
        return None
    told = {
        True: "There is cluster structure",
        False: "No cluster structure was found",
    }.get(found.get("found"), "Is there any structure?")  # type: ignore[arg-type]
    because = ""
    if value is not None and low is not None and high is not None:
        where = "beyond" if value > high else "below" if value < low else "within"
        because = (
            f": the statistic of this data, {significant(value)}, lies {where} the range of data "
            f"without structure and of the same spread, {significant(low)} to {significant(high)}"
        )
    if p_value is not None:
        because += f" (p = {significant(p_value, 2)})"
    how = str(found.get("method") or "").strip().rstrip(".")
    method = tag("small", f"{how[:1].upper()}{how[1:]}.", class_="method") if how else None
    sentence = tag("p", tag("b", told), f"{because}.", method)
    if value is None or low is None or high is None:
        return sentence
    return join(
        (
            sentence,
            chart(
                {"mark": "tendency", "value": value, "low": low, "high": high},
                description=f"{told}{because}.",
                head=("This data", "No structure, from", "to", "p"),
                rows=[[significant(x) for x in (value, low, high, p_value)]],
            ),
        )
    )


def whether_it_holds(run: RunFolder) -> Markup | None:
    """Draw stability by k, and set the alternatives beside the chosen clustering."""
    by_k = mapping(mapping(run.evaluation.get("criteria")).get("stability"))
    figures = sorted(
        (int(k), figure)
        for k, value in by_k.items()
        if k.isdigit() and (figure := read_estimate(value)) is not None
    )
    own = read_estimate(run.evaluation.get("stability"))
    sentence = None
    if own is not None and own.value is not None:
        sentence = tag(
            "p",
            "Clusterings of bootstrap samples of these rows agree to an adjusted Rand index of "
            f"{write_estimate(own)} on average.",
            title=method_of(own),
        )
    parts = [
        sentence,
        _each_cluster(mapping(run.evaluation.get("cluster_stability"))),
        _stability(figures, chosen_k(run)),
        alternatives(run),
    ]
    return join(parts) if any(part is not None for part in parts) else None


def _each_cluster(found: Mapping[str, Any]) -> Markup | None:
    """Say of each cluster how well it is found again in bootstrap samples."""
    rows = []
    for item in objects(found.get("clusters")):
        figure = read_estimate(item.get("jaccard"))
        if figure is not None and figure.value is not None:
            rows.append(
                (
                    marked_name(item.get("cluster")),
                    tag("span", drawn(figure), title=method_of(figure)),
                    figure.n or MISSING,
                    share(as_number(item.get("recovered"))),
                    share(as_number(item.get("dissolved"))),
                    _VERDICTS.get(str(item.get("verdict")), MISSING),
                )
            )
    if not rows:
        return None
    head = ("Cluster", "Jaccard similarity", "Samples", "Recovered", "Dissolved", "Verdict")
    stable, pattern = (as_number(found.get(key)) for key in ("stable_from", "pattern_from"))
    limits = ""
    if stable is not None and pattern is not None:
        limits = (
            f" From {fixed(stable, 2)} on a cluster is stable; from {fixed(pattern, 2)} on "
            "it is a pattern in the data, but which rows belong to it is doubtful; below, do not "
            "build on it."
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
    return tag("section", title, data_table(head, rows, "stacked"), note, class_="part")


def unstable_clusters(run: RunFolder) -> list[int]:
    """List the clusters that are not found again in bootstrap samples."""
    found = objects(mapping(run.evaluation.get("cluster_stability")).get("clusters"))
    every = [whole(one.get("cluster")) for one in found if one.get("verdict") == "unstable"]
    return [number for number in every if number is not None]


def _stability(figures: Sequence[tuple[int, Figure]], chosen: int | None) -> Markup | None:
    if not figures:
        return None
    ks = [k for k, _ in figures]
    return chart(
        {
            "mark": "criterion",
            "data": columns(
                k=ks,
                values=[figure.value for _, figure in figures],
                low=[figure.low for _, figure in figures],
                high=[figure.high for _, figure in figures],
                reference=[None for _ in figures],
            ),
            "own": None,
            "chosen": chosen if chosen in ks else None,
            "domain": [min(0.0, *(f.low or 0.0 for _, f in figures)), 1],
        },
        title=join((tag("b", "Stability by k"), "1: every sample gives the same clusters"), ": "),
        description="Stability by k: "
        + ", ".join(f"{k} {write_estimate(figure)}" for k, figure in figures),
        head=("k", "Stability", "n", "Method"),
        rows=[(k, write_estimate(f), f.n or MISSING, f.method) for k, f in figures],
        class_="chart narrow",
    )


def alternatives(run: RunFolder) -> Markup | None:
    """Set other ways to cluster the same rows beside the chosen one."""
    found = objects(run.evaluation.get("alternatives"))
    if not found:
        return None
    titles = (
        "Method", "k", "Stability", "Silhouette", "Agreement with the chosen", "Noise", "Took",
    )  # fmt: skip
    head = tag("tr", *(tag("th", title, scope="col") for title in titles))
    rows = []
    for item in found:
        label = str(item.get("label") or item.get("method") or "A method")
        is_chosen = item.get("chosen") is True
        agreed = as_number(item.get("agreement"))
        agreement = drawn(None if agreed is None else Figure(agreed))
        noise = as_number(item.get("noise_share"))
        rows.append(
            tag(
                "tr",
                tag(
                    "th",
                    tag("b", label) if is_chosen else label,
                    tag("small", "chosen") if is_chosen else None,
                    tag("small", str(item["note"])) if item.get("note") else None,
                    scope="row",
                ),
                tag("td", MISSING if whole(item.get("k")) is None else whole(item.get("k"))),
                tag("td", drawn(read_estimate(item.get("stability")))),
                tag("td", drawn(read_estimate(item.get("silhouette")))),
                tag("td", MISSING if is_chosen else agreement),
                tag("td", MISSING if noise is None else share(noise)),
                tag("td", duration(as_number(item.get("seconds")))),
                class_="chosen" if is_chosen else None,
            )
        )
    table = tag("table", tag("thead", head), tag("tbody", *rows), class_="alternatives")
    box = tag("div", table, class_="scroll", tabindex="0", role="region", aria_label="Alternatives")
    note = tag(
        "p",
        "Each figure on its line from 0 to 1. Agreement is the adjusted Rand index: 1 for the same "
        "clusters, 0 for no more than chance. A silhouette favours round clusters, so compare "
        "methods by their stability and by what you need them for.",
        class_="note",
    )
    return tag("section", tag("h3", "Other ways to cluster these rows"), box, note, class_="part")


def initialisations(run: RunFolder, training_examples: bool) -> Markup | None:
    """Draw what inertia each initialisation led to, by kind, and which rows changed cluster.

    Parameters
    ----------
    run : RunFolder
        The run.
    training_examples : bool
        Whether rows of the training set may be drawn.

    Returns
    -------
    Markup or None
        None where other initialisations were not tried.
    """
    found = mapping(run.evaluation.get("initialisations"))
    kinds = [
        (str(item.get("kind") or "initialisations"), values, item)
        for item in objects(found.get("kinds"))
        if (values := [v for v in numbers(item.get("inertia")) if v is not None])
    ]
    sentence = tag("p", str(found["sentence"])) if found.get("sentence") else None
    moved = changing(run, training_examples) if found else None
    if not kinds:
        return join((sentence, moved)) if sentence or moved else None
    every = [value for _, values, _ in kinds for value in values]
    best = float(f"{min(every):.7g}")
    width = max((max(every) - min(every)) * _SAME, abs(best) * _ROUNDING)
    groups = [(kind, *group) for kind, values, _ in kinds for group in _grouped(values, width)]
    figure = chart(
        {
            "mark": "initialisations",
            "kinds": [kind for kind, _, _ in kinds],
            "data": columns(
                kind=[group[0] for group in groups],
                inertia=[float(f"{group[1]:.7g}") for group in groups],
                count=[group[2] for group in groups],
            ),
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
                share(as_number(item.get("best_share"))),
                _agreement_of_pairs(mapping(item.get("ari"))),
            )
            for kind, values, item in kinds
        ],
    )
    reached = [
        f"{kind} reaches the best in {share(part)} of its runs"
        for kind, _, item in kinds
        if (part := as_number(item.get("best_share"))) is not None
    ]
    told = tag("p", f"{listing(reached)}.") if reached and sentence is None else None
    notes = [tag("p", note, class_="note") for note in sentences(found.get("notes"))]
    return join((sentence, told, figure, *notes, moved))


def _agreement_of_pairs(ari: Mapping[str, Any]) -> str:
    median, low, high = (as_number(ari.get(key)) for key in ("median", "low", "high"))
    return write_estimate(None if median is None else Figure(median, low, high))


def _grouped(values: Sequence[float], width: float) -> list[tuple[float, int]]:
    """Put results together that are as good as the same: (lowest, count) of each group."""
    groups: list[list[float]] = []
    for value in sorted(values):
        if groups and value - groups[-1][0] <= width:
            groups[-1].append(value)
        else:
            groups.append([value])
    return [(group[0], len(group)) for group in groups]
