"""``evaluation.json`` of models that predict: what is known of them, as typed objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from further.evaluate.record import (
    Apart,
    DataRecord,
    EnergyRecord,
    HeldOutRecord,
    Measured,
    ModelRecord,
    ReliabilityBin,
)


@dataclass(frozen=True)
class ImportanceRecord:
    """What is lost when the values of a column are shuffled among held-out rows."""

    column: Annotated[str, "Its name."] = ""
    loss: Annotated[Measured, "By how much the deciding metric of a row worsens."] = field(
        default_factory=Measured
    )


@dataclass(frozen=True)
class SurrogateRecord:
    """A small tree that says what an opaque model says, and how often it does."""

    fidelity: Annotated[Measured, "Share of held-out rows (R² of numbers) on which they agree."] = (
        field(default_factory=Measured)
    )
    tree: Annotated[dict[str, Any], "The tree."] = field(default_factory=dict)


@dataclass(frozen=True)
class ConfusionRecord:
    """How often rows of each class were taken for each."""

    counts: Annotated[
        tuple[tuple[int, ...], ...], "Rows of the true class, columns of the predicted one."
    ] = ()


@dataclass(frozen=True)
class PredictorRecord(ModelRecord):
    """One model of the ladder."""

    transparency: Annotated[int | None, "Its place on the ladder: 0 is the most transparent."] = (
        None
    )
    explanation: Annotated[dict[str, Any], "The model in its own terms, of its last fit."] = field(
        default_factory=dict
    )
    importance: Annotated[tuple[ImportanceRecord, ...], "Of the columns, the first most."] = ()
    surrogate: Annotated[SurrogateRecord | None, "Of an opaque model."] = None
    confusion: Annotated[ConfusionRecord | None, "Of classes."] = None
    reliability: Annotated[tuple[ReliabilityBin, ...], "Of classes."] = ()
    diagnosis: Annotated[dict[str, Any] | None, "Of the learning curves, where there are some."] = (
        None
    )


@dataclass(frozen=True)
class PredictionMember:
    """``evaluation.json`` of one member of a ladder."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["rung"], '"rung".'] = "rung"
    model: Annotated[PredictorRecord, "Without flags, which the comparison raises."] = field(
        default_factory=PredictorRecord
    )


@dataclass(frozen=True)
class LadderRecord:
    """The answer: the most transparent model that is not significantly worse than the best."""

    sentence: Annotated[str, "The same in words."] = ""
    metric: Annotated[str, "What decides."] = ""
    best: Annotated[str, "The model with the best figure."] = ""
    chosen: Annotated[str, "The most transparent one that is tied with it."] = ""
    margin: Annotated[float | None, "The largest difference in the metric that is negligible."] = (
        None
    )
    margin_told: Annotated[str, "Where that comes from, in words."] = ""
    apart: Annotated[tuple[Apart, ...], "Each model beside the best."] = ()


@dataclass(frozen=True)
class PredictionEvaluation:
    """``evaluation.json`` of a ladder of models that predict, or of one of them."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["classification", "regression"], "That of the models."] = (
        "classification"
    )
    command: Annotated[str, "What made the run."] = ""
    run: Annotated[str, "Its folder, as it was given."] = ""
    further: Annotated[str, "Version of further."] = ""
    data: Annotated[DataRecord, "What the models were trained and judged on."] = field(
        default_factory=DataRecord
    )
    seed: Annotated[int | None, "Seed of everything."] = None
    held_out: Annotated[HeldOutRecord, "Which rows the figures rest on."] = field(
        default_factory=HeldOutRecord
    )
    left_out: Annotated[dict[str, str], "Columns that no model saw, and why."] = field(
        default_factory=dict
    )
    embarrassing: Annotated[str, "What a constant scores, where that is high already."] = ""
    models: Annotated[tuple[PredictorRecord, ...], "From transparent to opaque."] = ()
    controls: Annotated[tuple[PredictorRecord, ...], "What one model is compared with."] = ()
    recommendation: Annotated[
        LadderRecord | None, "None where there was nothing to choose from."
    ] = None
    energy: Annotated[EnergyRecord, "How energy and carbon are known."] = field(
        default_factory=EnergyRecord
    )
    machine: Annotated[dict[str, Any], "What the figures were found on."] = field(
        default_factory=dict
    )
    versions: Annotated[dict[str, Any], "What they were found with."] = field(default_factory=dict)
    seconds: Annotated[float | None, "What all of it took."] = None
