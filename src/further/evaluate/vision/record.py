"""``evaluation.json`` of models that find objects in pictures: what is known, as typed objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from further.evaluate.record import (
    Apart,
    BudgetRecord,
    DataRecord,
    EnergyRecord,
    Figure,
    HeldOutRecord,
    Measured,
    ModelRecord,
    ReliabilityBin,
)

#: The ways in which a prediction goes wrong, in the order of a table.
ErrorKind = Literal[
    "classification", "localisation", "both", "duplicate", "background", "missed"
]  # fmt: skip


@dataclass(frozen=True)
class MatchedConfusion:
    """How often objects, or pixels, of each class were taken for each."""

    unit: Annotated[Literal["objects", "pixels"], "What is counted."] = "objects"
    names: Annotated[
        tuple[str, ...],
        'Of rows and columns; of objects the last is "background": in its row what was found '
        "where nothing is, in its column what was missed.",
    ] = ()
    counts: Annotated[
        tuple[tuple[int, ...], ...], "Rows of the true class, columns of the predicted one."
    ] = ()
    iou: Annotated[float | None, "The overlap from which on a prediction is that object."] = None
    score: Annotated[float | None, "The score from which on a prediction counts."] = None


@dataclass(frozen=True)
class ErrorRecord:
    """One kind of error."""

    kind: Annotated[ErrorKind, "Which."] = "classification"
    count: Annotated[int, "How many predictions, or missed objects, are of that kind."] = 0
    gain: Annotated[float | None, "What AP50 would gain, were all of them mended."] = None


@dataclass(frozen=True)
class PrecisionRecallRecord:
    """Precision and recall of one class at every score, at an overlap of 0.5."""

    name: Annotated[str, "The class."] = ""
    objects: Annotated[int, "How many of it there are."] = 0
    recall: Annotated[tuple[float, ...], "Share of the objects that were found, rising."] = ()
    precision: Annotated[tuple[float, ...], "Share of the predictions that are right there."] = ()
    score: Annotated[tuple[float, ...], "The lowest score of the predictions counted there."] = ()
    best_score: Annotated[float | None, "The score from which on F1 is highest."] = None
    best_f1: Annotated[float | None, "F1 there, which the same pictures chose."] = None


@dataclass(frozen=True)
class WorstPicture:
    """One picture, and how much of it a model got wrong."""

    row: Annotated[int, "Its row in the data set."] = 0
    file: Annotated[str, "Its file, below the source of the data."] = ""
    missed: Annotated[int | None, "Objects that were not found."] = None
    spurious: Annotated[int | None, "Predictions that are no object."] = None
    swapped: Annotated[int | None, "Objects found, but taken for another class."] = None
    value: Annotated[float | None, "Of a mask: the share of its pixels that are wrong."] = None


@dataclass(frozen=True)
class LearningPoint:
    """What is reached with so many pictures to train on."""

    pictures: Annotated[int, "Training pictures."] = 0
    figure: Annotated[Measured, "The deciding metric on held-out pictures."] = field(
        default_factory=Measured
    )


@dataclass(frozen=True)
class LearningCurveRecord:
    """What more pictures would bring."""

    metric: Annotated[str, "What is measured."] = ""
    points: Annotated[tuple[LearningPoint, ...], "Measured, from few pictures to all."] = ()
    expected: Annotated[LearningPoint | None, "Extrapolated to twice the pictures."] = None
    sentence: Annotated[str, "The same in words."] = ""


@dataclass(frozen=True)
class VisionRecord(ModelRecord):
    """One model that finds objects in pictures."""

    seconds_per_picture: Annotated[float | None, "Seconds to predict one picture."] = None
    energy_wh_per_picture: Annotated[float | None, "Watt-hours to predict one picture."] = None
    by_class: Annotated[
        dict[str, dict[str, Figure]],
        'Metric by class: "ap" and "ap50" of boxes and instances, "iou" and "dice" of masks; a '
        "class without objects has none.",
    ] = field(default_factory=dict)
    confusion: Annotated[MatchedConfusion | None, "What was taken for what."] = None
    errors: Annotated[tuple[ErrorRecord, ...], "What kinds of error there are."] = ()
    curves: Annotated[tuple[PrecisionRecallRecord, ...], "Of each class that has objects."] = ()
    reliability: Annotated[tuple[ReliabilityBin, ...], "How often a score was right."] = ()
    worst: Annotated[tuple[WorstPicture, ...], "The pictures with most errors, worst first."] = ()
    learning_curve: Annotated[LearningCurveRecord | None, "Where it was asked."] = None
    diagnosis: Annotated[dict[str, Any] | None, "Of the learning curves of the training."] = None


@dataclass(frozen=True)
class VisionMember:
    """``evaluation.json`` of one member of a comparison of models for pictures."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["vision"], '"vision".'] = "vision"
    model: Annotated[VisionRecord, "Without flags, which the comparison raises."] = field(
        default_factory=VisionRecord
    )


@dataclass(frozen=True)
class VisionRecommendation:
    """The answer: the best model, and those that cannot be distinguished from it."""

    sentence: Annotated[str, "The same in words."] = ""
    metric: Annotated[str, "What decides."] = ""
    best: Annotated[str, "The model with the best figure."] = ""
    tied: Annotated[tuple[str, ...], "Those that it is not significantly better than."] = ()
    apart: Annotated[tuple[Apart, ...], "Each model beside the best."] = ()


@dataclass(frozen=True)
class VisionEvaluation:
    """``evaluation.json`` of a comparison of models that find objects, or of one of them."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["detection", "segmentation", "instances"], "That of the models."] = (
        "detection"
    )
    command: Annotated[str, "What made the run."] = ""
    run: Annotated[str, "Its folder, as it was given."] = ""
    further: Annotated[str, "Version of further."] = ""
    data: Annotated[DataRecord, "What the models were trained and judged on."] = field(
        default_factory=DataRecord
    )
    seed: Annotated[int | None, "Seed of everything."] = None
    repeats: Annotated[int, "Trainings of each model."] = 1
    budget: Annotated[BudgetRecord | None, "Of each model, where there is one."] = None
    held_out: Annotated[HeldOutRecord, "Which pictures the figures rest on."] = field(
        default_factory=HeldOutRecord
    )
    models: Annotated[tuple[VisionRecord, ...], "Those that were compared or judged."] = ()
    controls: Annotated[tuple[VisionRecord, ...], "What they have to beat."] = ()
    recommendation: Annotated[
        VisionRecommendation | None, "None where there was nothing to choose from."
    ] = None
    energy: Annotated[EnergyRecord, "How energy and carbon are known."] = field(
        default_factory=EnergyRecord
    )
    machine: Annotated[dict[str, Any], "What the figures were found on."] = field(
        default_factory=dict
    )
    versions: Annotated[dict[str, Any], "What they were found with."] = field(default_factory=dict)
    seconds: Annotated[float | None, "What all of it took."] = None
