"""What a model must not be used for: a rule each, from a measurement and a threshold.

A rule looks at one thing that was measured and says a sentence where the threshold is passed. It
says nothing where the thing was not measured: that it was not is listed by itself
(:data:`further.trust.card.fields.UNMEASURED`). Thresholds are conventions that stand to be seen.
Where there is an interval, chance must not speak:

* a difference or a loss, which is 0 where there is none, speaks with a value at or above the
  threshold and an interval that excludes none, that is, lies above 0; the nearer end of the
  interval may be below the threshold;
* a share, a ratio or a calibration error, whose interval never reaches "none", speaks with an
  interval that lies beyond the threshold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Any

from further.evaluate.metrics import find_metric
from further.trust.audit.headline import DECIDING
from further.trust.card.measurements import Measurements, mapping, objects

#: Error rates of groups this far apart, as shares (of numbers: as a share of the overall error).
GROUP_GAP = 0.05
#: A corruption that takes this share of the way from the clean figure to a constant's.
CORRUPTION_LOSS = 0.25
#: A calibration error above which probabilities are no chances.
CALIBRATION_ERROR = 0.05
#: Below so many held-out rows figures are rough.
FEW_ROWS = 100
#: Share of rows whose class depends on settings that nobody decided.
AMBIGUOUS = 0.05
#: A kind of rows of which less than this share is noticed.
NOTICED = 0.8
#: Share of held-out rows that nearly equal a training row.
NEAR_DUPLICATES = 0.01
#: What a 90 % interval has to hold.
COVERAGE = 0.9
#: At most so many names are spelt out in a sentence.
NAMED = 8


@dataclass(frozen=True)
class MustNot:
    """One thing that the model must not be used for."""

    rule: Annotated[str, "The rule that says so."]
    sentence: Annotated[str, "What, and why."]
    threshold: Annotated[str, "When the rule speaks."]


Rule = Callable[[Measurements], Iterable[str]]


def no_better_than_control(m: Measurements) -> Iterable[str]:
    """Speak where the interval of the deciding figure reaches the control's, or it is one."""
    figure = m.deciding
    if m.model.get("role") == "control":
        yield "Proof that there is anything to learn: it is the control, and no model beats it."
    if figure is not None and figure.worse_or_alike and figure.control is not None:
        yield (
            f"Anything at all: its {find_metric(figure.metric).plain}, {_told(figure.own)}, is not "
            f"shown to be better than that of the control ({m.control_label}), "
            f"{figure.control.value:.3g}."
        )


def groups_differ(m: Measurements) -> Iterable[str]:
    """Speak where error rates of groups are apart, the search for the largest counted."""
    audit = mapping(m.records.get("audit"))
    apart: dict[str, list[str]] = {}
    for name in DECIDING.get(str(audit.get("kind")), ()):
        compared = mapping(mapping(audit.get("differences")).get(name))
        # Intersections come last, after each of their columns.
        for one in [compared, *objects(compared.get("more"))]:
            by = one.get("by") or []
            if (len(by) == 1 or one is compared) and _is_apart(audit, one):
                apart.setdefault(" and ".join(by), []).append(_apart_told(audit, name, one))
    who = f"unless {m.run['decided_by']} answers for it" if m.run.get("decided_by") else (
        "as long as nobody answers for it"
    )  # fmt: skip
    for by, told in apart.items():
        yield f"Decisions about people or things that differ in {by}, {who}: {'; '.join(told)}."


def _is_apart(audit: Any, one: Any) -> bool:
    mae = mapping(mapping(mapping(audit.get("overall")).get("metrics")).get("mae")).get("value")
    scale = mae or 1.0 if audit.get("kind") == "numbers" else 1.0
    value, low = one.get("value"), one.get("low")
    return value is not None and low is not None and low > 0 and value >= GROUP_GAP * scale


def _apart_told(audit: Any, name: str, one: Any) -> str:
    ends = [one["value"], one["low"], one.get("high")]
    if audit.get("kind") == "numbers":
        value, low, high = ("?" if end is None else f"{end:.3g}" for end in ends)
    else:
        value, low, high = ("?" if end is None else f"{100 * end:.0f}" for end in ends)
        value += " points"
    return (
        f"{find_metric(name).plain} {value} ({low} to {high}) higher for {_group(one['highest'])} "
        f"than for {_group(one['lowest'])}"
    )


def groups_too_small(m: Measurements) -> Iterable[str]:
    """Speak of groups of which too few rows were held out to know how often the model is wrong."""
    audit = mapping(m.records.get("audit"))
    small = [_group(g["group"]) for g in objects(audit.get("groups")) if g.get("small")]
    if small:
        yield f"{_listed(small)}: too few of them were held out to say how often it is wrong."


def slices_are_weak(m: Measurements) -> Iterable[str]:
    """Speak of slices of the rows on which the model was confirmed to be wrong more often."""
    for one in objects(mapping(m.records.get("audit")).get("slices")):
        yield (
            f"Rows where {' and '.join(one['conditions'])}: an error of {one['error']:.3g} "
            f"({one['low']:.3g} to {one['high']:.3g}), elsewhere {one['rest']:.3g}."
        )


def corruptions_hurt(m: Measurements) -> Iterable[str]:
    """Speak of corruptions under which the figure falls, with the mildest amount that does it."""
    record = mapping(m.records.get("robustness"))
    clean, constant = mapping(record.get("clean")).get("value"), record.get("constant")
    if clean is None or constant is None:
        return
    worst: dict[str, Any] = {}
    for one in objects(record.get("figures")):
        loss = mapping(one.get("loss"))
        lost = (loss.get("value") or 0) >= CORRUPTION_LOSS * (clean - constant)
        if lost and (loss.get("low") or 0) > 0:
            worst.setdefault(str(one["corruption"]), one)
    told = [
        f"{name} ({_amount(one)}{mapping(one['figure'])['value']:.2f})"
        for name, one in worst.items()
    ]
    if told:
        metric = find_metric(str(record.get("metric"))).plain
        yield f"Rows with {_listed(told)}: its {metric} falls from {clean:.2f}."


def probabilities_are_off(m: Measurements) -> Iterable[str]:
    """Speak where the lower end of the calibration error is above the threshold."""
    figure = m.figure("calibration_error")
    if figure is not None and figure.own.low is not None and figure.own.low > CALIBRATION_ERROR:
        yield (
            "Its probabilities as chances: the share of right answers differs from them by "
            f"{_told(figure.own)} on average."
        )


def intervals_are_too_narrow(m: Measurements) -> Iterable[str]:
    """Speak where intervals for 90 % of rows hold fewer."""
    figure = m.figure("interval_coverage")
    if figure is not None and figure.own.high is not None and figure.own.high < COVERAGE:
        yield f"Its 90 % intervals as limits: they hold {_told(figure.own)} of the rows."


def settings_decide(m: Measurements) -> Iterable[str]:
    """Speak where the class of rows depends on settings among those that are equally good."""
    record = mapping(m.records.get("sensitivity"))
    share = mapping(mapping(record.get("multiplicity")).get("ambiguity"))
    if (share.get("low") or 0) > AMBIGUOUS:
        yield (
            f"Reasons for a single decision: of {share['n']:,} rows {share['value']:.0%} get "
            "another class from settings that are as good."
        )
    ratio = mapping(record.get("ratio"))
    if (ratio.get("low") or 0) > 1:
        yield (
            "Claims about the method: its settings change the figure "
            f"{ratio['value']:.1f} times as far as its seed does."
        )


def shifts_unnoticed(m: Measurements) -> Iterable[str]:
    """Speak of kinds of rows, measured, of which the best score notices too few."""
    record = mapping(m.records.get("shift"))
    best: dict[str, Any] = {}
    for one in objects(record.get("detections")):
        share = mapping(one.get("detected"))
        if one.get("score") != "confidence" and (
            one["shift"] not in best or share["value"] > best[one["shift"]]["value"]
        ):
            best[one["shift"]] = share
    for kind, share in best.items():
        if share["high"] < NOTICED:
            yield (
                f"Places where there may be {kind}: at best {share['value']:.0%} of them are "
                f"noticed at {record['false_alarm_rate']:.0%} false alarms."
            )


def unknown_classes(m: Measurements) -> Iterable[str]:
    """Speak of what is none of the classes: a classifier always names one of them."""
    classes = [str(c) for c in m.data.get("classes") or ()]
    if m.task == "classification" and classes:
        yield (
            f"Anything that is none of {_listed(classes)}: it always answers with one of these, "
            "and often with a high probability."
        )


def columns_left_out(m: Measurements) -> Iterable[str]:
    """Speak of columns, rows or models that were left out."""
    left_out = mapping(m.evaluation.get("left_out"))
    if left_out:
        told = [f"{column} ({why})" for column, why in left_out.items()]
        yield f"Questions that depend on columns it never saw: {_listed(told)}."


def rows_left_out(m: Measurements) -> Iterable[str]:
    """Speak where reading left out rows or files: the figures say nothing of such ones."""
    notes = m.data.get("notes") or ()
    told = [note for note in notes if any(w in note for w in (" left out", " skipped", " dropped"))]
    if told:
        yield f"Rows of the kind that were left out: {' '.join(told)}"


def samples_fail(m: Measurements) -> Iterable[str]:
    """Speak of the flags of a generative model."""
    notes = m.model.get("notes") or ()
    for flag, note in zip(m.model.get("flags") or (), notes, strict=False):
        if m.task != "generation":
            continue
        if flag in ("memorizes", "leaks_membership"):
            yield f"Data that give nobody away: {note}"
        else:
            yield f"Samples in place of real data: {note}"


def clusters_unstable(m: Measurements) -> Iterable[str]:
    """Speak of clusters that other samples of such rows would not show."""
    if m.task != "clustering":
        return
    if m.evaluation.get("k") == 1:
        yield "Groups of any kind: there is no cluster structure in these rows."
    kept = mapping(m.evaluation.get("cluster_stability"))
    weak = [
        f"{one['cluster']} ({mapping(one['jaccard'])['value']:.2f})"
        for one in objects(kept.get("clusters")) if one.get("verdict") != "stable"
    ]  # fmt: skip
    if weak:
        yield (
            f"Decisions about members of cluster {_listed(weak)}: bootstrap samples find it again "
            f"with a Jaccard similarity below {kept.get('stable_from', 0.75)}."
        )
    yield "A decision about a single row: clusters describe these rows and predict nothing."


def training_is_ill(m: Measurements) -> Iterable[str]:
    """Speak of problems that the learning curves show."""
    for finding in objects(mapping(m.diagnosis).get("findings")):
        if finding.get("severity") == "problem":
            yield f"Anything before its training is mended: {finding['summary']}."


def trained_once(m: Measurements) -> Iterable[str]:
    """Speak where one seed is behind the figures and nobody looked at others."""
    if m.repeats == 1 and "sensitivity" not in m.records and m.task not in ("clustering", ""):
        yield (
            "Proof that it is better than a model whose figures are near: it was trained with one "
            "seed, and how far another one would move its figures was not measured."
        )


def few_rows(m: Measurements) -> Iterable[str]:
    """Speak where few rows are behind the figures."""
    if 0 < m.n_held_out < FEW_ROWS:
        yield f"Exact figures: some rest on {m.n_held_out} held-out examples."


def near_duplicates(m: Measurements) -> Iterable[str]:
    """Speak where held-out rows nearly equal training rows."""
    share = mapping(m.data.get("near_duplicates")).get("share") or 0.0
    if share > NEAR_DUPLICATES:
        yield (
            f"Figures for rows that are new: {share:.0%} of the held-out rows nearly equal a "
            "training row, so that the figures are flattered."
        )


_CONTROL = "its interval reaches the control"
#: In the order in which they are read: the gravest first, each with its threshold in words.
RULES: tuple[tuple[Rule, str], ...] = (
    (no_better_than_control, _CONTROL),
    (training_is_ill, "the doctor finds a problem in its learning curves"),
    (
        groups_differ,
        f"a difference of {100 * GROUP_GAP:.0f} points or more (of numbers {GROUP_GAP:.0%} of the "
        "overall error), with an interval above 0",
    ),
    (groups_too_small, "fewer than 20 rows of either label, or rows"),
    (slices_are_weak, "found on one half of the rows and confirmed on the other, p below 0.05"),
    (
        corruptions_hurt,
        f"a loss of {CORRUPTION_LOSS:.0%} or more of the way to a constant, "
        "with an interval above 0",
    ),
    (shifts_unnoticed, f"the interval of what is noticed lies below {NOTICED:.0%}"),
    (unknown_classes, "always, of a classifier"),
    (
        probabilities_are_off,
        f"the interval of the calibration error lies above {CALIBRATION_ERROR}",
    ),
    (intervals_are_too_narrow, f"the interval of their coverage lies below {COVERAGE:.0%}"),
    (settings_decide, f"an interval above {AMBIGUOUS:.0%} of the rows, or above 1 spread of seeds"),
    (samples_fail, "a flag of the evaluation"),
    (clusters_unstable, "a Jaccard similarity below 0.75; always, of a clustering"),
    (columns_left_out, "any"),
    (rows_left_out, "any"),
    (near_duplicates, f"more than {NEAR_DUPLICATES:.0%} of the held-out rows"),
    (few_rows, f"fewer than {FEW_ROWS}"),
    (trained_once, "one training, and sensitivity not measured"),
)


def must_not(m: Measurements) -> tuple[MustNot, ...]:
    """Return what the measurements forbid.

    Parameters
    ----------
    m : Measurements
        Of one model.

    Returns
    -------
    tuple of MustNot
        In the order of :data:`RULES`.
    """
    return tuple(
        MustNot(rule.__name__, sentence, threshold)
        for rule, threshold in RULES
        for sentence in rule(m)
    )


def _told(figure: Any) -> str:
    if figure.low is None or figure.high is None:
        return f"{figure.value:.3g}"
    return f"{figure.value:.3g} ({figure.low:.3g} to {figure.high:.3g})"


def _amount(one: Any) -> str:
    return "" if one["unit"] == "column" else f"{one['amount']:g} {one['unit']}: "


def _group(group: Any) -> str:
    return ", ".join(str(value) for value in mapping(group).values())


def _listed(names: list[str]) -> str:
    """Write names one after the other; of many the first."""
    more = len(names) - NAMED
    if more > 1:
        return f"{', '.join(names[:NAMED])} and {more} more"
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"
