"""The nine fields of a model card, each filled from what a run holds.

Mitchell et al. 2019 ask for model details, intended use, factors, metrics, evaluation data,
training data, quantitative analyses, ethical considerations, caveats and recommendations. A field
that does not apply to a task says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from further.evaluate.metrics import find_metric
from further.registry import TASKS
from further.train.energy import Energy
from further.trust.audit.headline import DECIDING
from further.trust.card.measurements import Measurements, mapping, objects

#: The groups of an audit that a page has room for.
GROUPS = 12
PREDICTS = ("classification", "regression")
#: Tasks whose held-out rows an audit divides by group.
AUDITED = tuple(line.name for line in TASKS if line.audit)
TRAINED = (*PREDICTS, "generation", "detection", "instances", "segmentation")
NOT_STATED = "Not stated by whoever made this card."


@dataclass(frozen=True)
class CardFigure:
    """One figure of the card."""

    label: Annotated[str, "What it is of."]
    value: Annotated[float | None, "The figure."]
    low: Annotated[float | None, "Lower end of its interval."]
    high: Annotated[float | None, "Upper end."]
    n: Annotated[int, "Examples behind it."]
    control: Annotated[float | None, "What the control has."] = None


@dataclass(frozen=True)
class CardField:
    """One field of the card."""

    name: Annotated[str, "Its key."]
    title: Annotated[str, "As Mitchell et al. have it."]
    lines: Annotated[tuple[str, ...], "What is known, in sentences."]
    figures: Annotated[tuple[CardFigure, ...], "Figures, where the field has them."] = ()


def _model_details(m: Measurements, said: Any) -> Iterator[str]:
    """Say what the model is and who made it."""
    what = f"{m.label}, for {m.task or 'an unknown task'}"
    count = m.model.get("parameters")
    yield f"{what}, {count:,} fitted numbers." if isinstance(count, int) else f"{what}."
    run = m.run
    if run.get("created"):
        version = m.evaluation.get("further") or mapping(run.get("versions")).get("further-ml")
        yield f"Made on {str(run['created'])[:10]} with further {version}."
    if run.get("command"):
        yield f"By: {run['command']}"
    settings = mapping(run.get("parameters"))
    if settings:
        yield (
            "Settings: " + ", ".join(f"{k}={v}" for k, v in settings.items() if v is not None) + "."
        )
    yield f"Seed {run.get('seed')}, {m.repeats} training{'s' if m.repeats > 1 else ''}."
    yield _cost(m)
    decided = run.get("threshold")
    if decided:
        yield (
            f"Threshold: {mapping(decided).get('label', decided)}, decided by "
            f"{run.get('decided_by')}, because: {run.get('reason')}."
        )


def _intended_use(m: Measurements, said: Any) -> Iterator[str]:
    """Repeat what the user said."""
    yield f"Intended: {said.intended_use or NOT_STATED}"
    yield f"Out of scope: {said.out_of_scope or NOT_STATED}"


def _factors(m: Measurements, said: Any) -> Iterator[str]:
    """Name groups and conditions by which it was looked at."""
    audit = mapping(m.records.get("audit"))
    by = dict.fromkeys(c for g in objects(audit.get("groups")) for c in mapping(g.get("group")))
    if by:
        yield f"Groups: {', '.join(by)}."
    elif m.task in (*AUDITED, "generation"):
        yield "Groups: not measured."
    else:
        yield f"Groups: does not apply to {m.task}."
    conditions = dict.fromkeys(
        str(f["corruption"]) for f in objects(mapping(m.records.get("robustness")).get("figures"))
    )
    yield f"Conditions: {', '.join(conditions) or 'not measured'}."
    kinds = dict.fromkeys(
        str(d["shift"]) for d in objects(mapping(m.records.get("shift")).get("detections"))
    )
    yield f"Other kinds of data: {', '.join(kinds) or 'not measured'}."


def _metrics(m: Measurements, said: Any) -> Iterator[str]:
    """Say what decides, and what it cannot show."""
    deciding = m.deciding
    if deciding is None:
        yield "No deciding figure was measured."
        return
    metric = find_metric(deciding.metric)
    yield f"{metric.label} decides. {metric.shows} What it cannot show: {metric.cannot}"
    yield f"Intervals are of 95 %; {deciding.own.method or 'their method is not recorded'}."


def _evaluation_data(m: Measurements, said: Any) -> Iterator[str]:
    """Say which rows the figures rest on."""
    held_out = mapping(m.evaluation.get("held_out"))
    if held_out.get("rows"):
        yield f"{held_out['rows']:,} rows of {m.data_name}: {held_out.get('method')}."
    elif m.task == "clustering":
        yield (
            "Does not apply: a clustering has no held-out rows; stability is that of bootstrap "
            "samples."
        )
    elif mapping(m.data.get("rows")).get("test"):
        yield f"{m.data['rows']['test']:,} held-out rows of {m.data_name}."
    else:
        yield "Not recorded."


def _training_data(m: Measurements, said: Any) -> Iterator[str]:
    """Say what it learnt from."""
    data = m.data
    rows = data.get("rows")
    rows = mapping(rows).get("train") or (
        rows if isinstance(rows, int) else m.run.get("training_rows")
    )
    many = f", {rows:,} rows" if isinstance(rows, int) else ""
    yield f"{m.data_name} ({data.get('kind', 'data')}{many}), from {data.get('source', 'memory')}."
    if data.get("target"):
        classes = ", ".join(map(str, data.get("classes") or ()))
        yield f"Target: {data['target']}{f' ({classes})' if classes else ''}."
    split = mapping(data.get("split"))
    if split.get("method"):
        yield f"Split: {split['method']}, seed {split.get('seed')}."
    yield from (str(note) for note in data.get("notes") or ())
    if data.get("fingerprint"):
        yield f"Fingerprint: {str(data['fingerprint'])[:16]}."


def _quantitative(m: Measurements, said: Any) -> Iterator[str]:
    """Give the answers of what was measured besides the figures."""
    recommended = mapping(m.evaluation.get("recommendation")).get("sentence")
    for sentence in (recommended, m.evaluation.get("sentence"), m.evaluation.get("embarrassing")):
        if sentence:
            yield str(sentence)
    for name in ("audit", "robustness", "sensitivity", "shift"):
        sentence = mapping(m.records.get(name)).get("sentence")
        if sentence:
            yield f"{name.capitalize()}: {sentence}"


def _ethical(m: Measurements, said: Any) -> Iterator[str]:
    """Say what is known of people who are affected, and who answers for it."""
    yield (
        f"{said.accountable} is accountable." if said.accountable
        else "Nobody has been named as accountable."
    )  # fmt: skip
    audit = mapping(m.records.get("audit"))
    yield (
        str(audit["sentence"])
        if audit.get("sentence")
        else ("Whether groups of people are treated alike was not measured.")
    )
    if m.task == "generation":
        for name in ("memorization", "membership", "membership_white_box"):
            figure = m.figure(name) or mapping(mapping(m.model.get("metrics")).get(name))
            value = figure.own.value if hasattr(figure, "own") else figure.get("value")
            if value is not None:
                yield f"{find_metric(name).label}: {value:.3g}. {find_metric(name).cannot}"
    if m.task == "classification" and not m.run.get("decided_by"):
        yield "Nobody has decided a threshold and given a reason: the most probable class is taken."


def _caveats(m: Measurements, said: Any) -> Iterator[str]:
    """Repeat notes and the doctor's answer."""
    if mapping(m.diagnosis).get("headline"):
        yield f"Learning curves: {mapping(m.diagnosis)['headline']}"
    yield from (str(note) for note in m.model.get("notes") or ())
    yield from (str(failure) for failure in m.run.get("failures") or ())
    yield "A card says what was measured on these data; it does not follow the model to other ones."


_FIELDS: tuple[tuple[str, str, Callable[[Measurements, Any], Iterable[str]]], ...] = (
    ("model_details", "Model details", _model_details),
    ("intended_use", "Intended use", _intended_use),
    ("factors", "Factors", _factors),
    ("metrics", "Metrics", _metrics),
    ("evaluation_data", "Evaluation data", _evaluation_data),
    ("training_data", "Training data", _training_data),
    ("quantitative_analyses", "Quantitative analyses", _quantitative),
    ("ethical_considerations", "Ethical considerations", _ethical),
    ("caveats_and_recommendations", "Caveats and recommendations", _caveats),
)


def fields_of(m: Measurements, said: Any) -> tuple[CardField, ...]:
    """Return the nine fields.

    Parameters
    ----------
    m : Measurements
        Of one model.
    said : Said
        What the user said.

    Returns
    -------
    tuple of CardField
        In the order of Mitchell et al.
    """
    return tuple(
        CardField(
            name, title, tuple(filter(None, lines(m, said))),
            _figures(m) if name == "quantitative_analyses" else (),
        )
        for name, title, lines in _FIELDS
    )  # fmt: skip


#: What may not have been measured: how one sees that it was, and what measures it.
UNMEASURED: tuple[tuple[str, Callable[[Measurements], Any], str, tuple[str, ...]], ...] = (
    ("Groups of people or things", lambda m: "audit" in m.records,
     "further audit RUN --group COLUMN (of a generator: further.audit_generator)",
     (*AUDITED, "generation")),
    ("Robustness to worse rows", lambda m: "robustness" in m.records,
     "further.robustness(model, X, y).keep(RUN)", PREDICTS),
    ("Sensitivity to settings", lambda m: "sensitivity" in m.records,
     "further.sensitivity(model, X, y).keep(RUN)", PREDICTS),
    ("Whether other kinds of data are noticed", lambda m: "shift" in m.records,
     "further.compare_shift_scores(...).keep(RUN)", PREDICTS),
    ("Other seeds", lambda m: m.repeats > 1 or "sensitivity" in m.records,
     "--repeats, or further.sensitivity", TRAINED),
    ("A control to beat", lambda m: m.control or m.model.get("role") == "control",
     "further compare", TRAINED),
    ("Learning curves", lambda m: m.diagnosis or m.model.get("family") != "network",
     "further doctor RUN", ()),
    ("Energy", lambda m: _energy(m) is not None, "a training by a command of further", ()),
)  # fmt: skip


def not_measured(m: Measurements) -> tuple[str, ...]:
    """Return what was not measured, each with what measures it, or that nothing does here."""
    found = []
    for what, measured, how, tasks in UNMEASURED:
        if not measured(m):
            does = not tasks or m.task in tasks
            found.append(f"{what}: {how}" if does else f"{what}: does not apply to {m.task}")
    found += [f"{name}.json is left out: it is of {of}" for name, of in m.of_others.items()]
    return tuple(found)


def _figures(m: Measurements) -> tuple[CardFigure, ...]:
    found = []
    for f in m.figures():
        control = None if f.control is None else f.control.value
        found.append(CardFigure(f.label, f.own.value, f.own.low, f.own.high, f.own.n, control))
    audit = mapping(m.records.get("audit"))
    for group in objects(audit.get("groups"))[:GROUPS]:
        who = ", ".join(f"{k} {v}" for k, v in mapping(group.get("group")).items())
        small = ", too few" if group.get("small") else ""
        for name in DECIDING.get(str(audit.get("kind")), ()):
            one = mapping(mapping(group.get("metrics")).get(name))
            found.append(
                CardFigure(
                    f"{find_metric(name).plain}, {who}{small}",
                    one.get("value"),
                    one.get("low"),
                    one.get("high"),
                    int(group.get("n", 0)),
                )
            )
    return tuple(found)


def _energy(m: Measurements) -> Energy | None:
    """Return the energy of the model's training, or of the whole run where that is all there is."""
    own = Energy.from_json(m.model)
    return own if own is not None else Energy.from_json(m.run)


def _cost(m: Measurements) -> str:
    energy = _energy(m)
    if energy is None:
        return "Energy: not measured."
    low, high = energy.range
    ends = "" if low == high else f" ({low:.2g} to {high:.2g})"
    grams = m.model.get("carbon_g", m.run.get("carbon_g"))
    carbon = "" if grams is None else f", {grams:.2g} g CO₂ equivalent"
    method = f"; {energy.method}" if energy.method else ""
    return f"Energy of its training: {energy.watt_hours:.2g} Wh{ends}{carbon}{method}."
