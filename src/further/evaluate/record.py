"""``evaluation.json`` of generative models, and what the files of several tasks share, as types.

A comparison, the training of one model and each member of a comparison write such a file; reports
and commands read it. Its published schema, ``docs/evaluation.schema.json``, is made from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from further.evaluate.typed_json import OPTIONAL

#: A value of a row, in the table's own units.
Value = float | int | bool | str | None
Series = tuple[float | None, ...]


@dataclass(frozen=True)
class Measured:
    """One figure with its interval."""

    value: Annotated[float | None, "The figure; None where it is not defined."] = None
    low: Annotated[float | None, "Lower limit of its 95 % interval."] = None
    high: Annotated[float | None, "Upper limit of its 95 % interval."] = None
    n: Annotated[int, "Number of examples behind it."] = 0
    method: Annotated[str, "How the interval was made."] = ""


@dataclass(frozen=True)
class Figure(Measured):
    """One figure with its interval and the two ends of its scale."""

    real: Annotated[float | None, "What held-out rows score."] = None
    noise: Annotated[float | None, "What noise scores."] = None
    copy: Annotated[
        float | None, "What a copy of the training rows scores, where it is an end of the scale."
    ] = field(default=None, metadata=OPTIONAL)
    basis: Annotated[str | None, 'What a likelihood is: "exact" or a "bound".'] = field(
        default=None, metadata=OPTIONAL
    )
    detail: Annotated[dict[str, Any], "Whatever else was found."] = field(
        default_factory=dict, metadata=OPTIONAL
    )


@dataclass(frozen=True)
class SeedSpread:
    """One metric over trainings with different seeds."""

    values: Annotated[tuple[float, ...], "The figure of each training."] = ()
    mean: Annotated[float | None, "Their mean."] = None
    low: Annotated[float | None, "Lower limit of its 95 % t-interval."] = None
    high: Annotated[float | None, "Upper limit of its 95 % t-interval."] = None


@dataclass(frozen=True)
class NetworkRecord:
    """How large a network is."""

    parameters: Annotated[int, "Weights that the training moves."] = 0
    operations_per_row: Annotated[
        float,
        "Floating-point operations of one row's way forward through it, as in training; a "
        "multiplication and an addition are two, elementwise work is left out.",
    ] = 0.0


@dataclass(frozen=True)
class ModelRecord:
    """One model: what it took, its figures, and what must be known before they are read."""

    name: Annotated[str, "What commands call it."] = ""
    label: Annotated[str, "What reports call it."] = ""
    family: Annotated[Literal["network", "classical"], "Whether the loop trained it."] = "network"
    role: Annotated[Literal["model", "control"], "A control is only compared with."] = "model"
    is_copy: Annotated[
        bool, "Whether its samples are training rows, or mixtures of two, by design."
    ] = False
    parameters: Annotated[int | None, "How many numbers were fitted."] = None
    network: Annotated[NetworkRecord | None, "Its size; None for one without a network."] = None
    steps: Annotated[int | None, "Steps taken."] = None
    best_step: Annotated[int | None, "The step whose weights were kept."] = None
    training_flops: Annotated[float | None, "Floating-point operations of the training."] = None
    seconds: Annotated[float | None, "Seconds of the training."] = None
    cpu_seconds: Annotated[float | None, "Processor time of the training, over all threads."] = (
        field(default=None, metadata=OPTIONAL)
    )
    energy_wh: Annotated[float | None, "Energy of the training in watt-hours."] = None
    energy_low_wh: Annotated[
        float | None, "Lower end of the range in which it lies; of a measurement, the figure."
    ] = field(default=None, metadata=OPTIONAL)
    energy_high_wh: Annotated[float | None, "Upper end of that range."] = field(
        default=None, metadata=OPTIONAL
    )
    carbon_g: Annotated[float | None, "Grams of CO₂ equivalent of the training."] = None
    energy_method: Annotated[str, "How the energy is known."] = ""
    metrics: Annotated[dict[str, Figure], "By the names of the table of metrics."] = field(
        default_factory=dict
    )
    flags: Annotated[tuple[str, ...], 'What a reader must know first, such as "memorizes".'] = ()
    notes: Annotated[tuple[str, ...], "A sentence for each flag."] = ()
    across_seeds: Annotated[
        dict[str, SeedSpread], "The metrics over several trainings, where there were several."
    ] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """Return a figure, of the metrics or of what the training took; None if undefined."""
        if metric in self.metrics:
            return self.metrics[metric].value
        found = getattr(self, metric, None)
        return float(found) if isinstance(found, (int, float)) else None

    def estimated_range(self, metric: str) -> tuple[float, float] | None:
        """Return the range in which energy or carbon lies; None of other figures, and if unknown.

        It says what is not known of the machine, and is no interval of repetitions.
        """
        low, high, spent = self.energy_low_wh, self.energy_high_wh, self.value(metric)
        if metric not in ("energy_wh", "carbon_g") or low is None or high is None:
            return None
        scale = (spent or 0.0) / self.energy_wh if self.energy_wh else 0.0
        return low * scale, high * scale


@dataclass(frozen=True)
class NearDuplicates:
    """Held-out rows that nearly equal a training row."""

    count: Annotated[int, "How many there are."] = 0
    share: Annotated[float, "Of the held-out rows."] = 0.0
    threshold: Annotated[float | None, "The distance below which rows count as such."] = None
    pairs: Annotated[
        tuple[tuple[int, ...], ...], "Row numbers in the training and in the test part."
    ] = ()
    exact: Annotated[int, "How many of them are equal to one."] = 0
    n_test: Annotated[int, "Number of held-out rows."] = 0
    rule: Annotated[str, "How the threshold came about."] = ""


@dataclass(frozen=True)
class SplitRecord:
    """How the rows were divided, and into how many."""

    seed: Annotated[int | None, "Seed of the division."] = None
    method: Annotated[str, "How rows were divided."] = ""
    rows: Annotated[dict[str, int], "How many each part has."] = field(default_factory=dict)


@dataclass(frozen=True)
class DataRecord:
    """The data that models were trained and judged on."""

    name: Annotated[str, "What they are called."] = ""
    kind: Annotated[str, 'What the rows are, such as "images".'] = ""
    source: Annotated[str, "Where they come from."] = ""
    options: Annotated[dict[str, Any], "How they were read."] = field(default_factory=dict)
    target: Annotated[str | None, "The label column of a table."] = None
    fingerprint: Annotated[str, "Of the content."] = ""
    shape: Annotated[tuple[int, ...], "Of one encoded row."] = ()
    levels: Annotated[int | None, "Grey levels of pictures."] = None
    classes: Annotated[tuple[str, ...], "Names of the classes."] = ()
    rows: Annotated[dict[str, int], "Rows of each part of the split."] = field(default_factory=dict)
    split: Annotated[SplitRecord, "How it was made."] = field(default_factory=SplitRecord)
    near_duplicates: Annotated[NearDuplicates, "What flatters every figure."] = field(
        default_factory=NearDuplicates
    )
    notes: Annotated[tuple[str, ...], "What was recognised and decided."] = ()


@dataclass(frozen=True)
class BudgetRecord:
    """The budget of each model."""

    text: Annotated[str, "As people read it."] = ""
    flops: Annotated[float | None, "In floating-point operations, if it was given in them."] = None
    reproducible: Annotated[bool, "Whether the same seed gives the same result."] = True


@dataclass(frozen=True)
class TieRecord:
    """How probable it is that the best model is better than one that it is tied with."""

    model: Annotated[str, "The name of the one that it is tied with."] = ""
    better: Annotated[float, "Probability that the best is better, and not negligibly."] = 0.0
    negligible: Annotated[float, "Probability that the difference is negligible."] = 0.0
    worse: Annotated[float, "Probability that the best is worse, and not negligibly."] = 0.0


@dataclass(frozen=True)
class GoalRecord:
    """Who serves a goal best."""

    metric: Annotated[str, "What decided."] = ""
    direction: Annotated[Literal["higher", "lower"], "Which way it improves."] = "higher"
    ranking: Annotated[
        tuple[str, ...], "Names of the models for which it is defined, the best first."
    ] = ()
    tied: Annotated[tuple[str, ...], "Those that cannot be distinguished from the best."] = ()
    negligible: Annotated[
        float | None, "The largest difference in the metric that is negligible, where it was asked."
    ] = None
    ties: Annotated[tuple[TieRecord, ...], "Each tie in probabilities, where they were asked."] = ()
    sentence: Annotated[str, "The same in words."] = ""
    survives: Annotated[
        bool | None,
        "Whether the same model, or one tied with it, leads under every training seed; None "
        "where there was one seed, or nobody is ranked.",
    ] = None


@dataclass(frozen=True)
class Recommendation:
    """What to use, and why."""

    sentence: Annotated[str, "The answer."] = ""
    goals: Annotated[dict[str, GoalRecord], "Goal by goal."] = field(default_factory=dict)
    negligible: Annotated[
        str, "What counts as a negligible difference and how its probability is known, in words."
    ] = ""


@dataclass(frozen=True)
class ReliabilityBin:
    """Predictions of about the same confidence."""

    confidence: Annotated[float, "Their mean confidence."] = 0.0
    accuracy: Annotated[Measured, "The share that was right."] = field(default_factory=Measured)
    rows: Annotated[int, "How many there are."] = 0


@dataclass(frozen=True)
class Apart:
    """How a model differs from the best in the deciding metric."""

    model: Annotated[str, "Its name."] = ""
    difference: Annotated[Measured, "Its figure less that of the best."] = field(
        default_factory=Measured
    )
    tied: Annotated[bool, "Whether the interval contains 0."] = False
    best_better: Annotated[
        float | None, "Probability that the best is better, and not negligibly."
    ] = None
    negligible: Annotated[float | None, "Probability that the difference is negligible."] = None


@dataclass(frozen=True)
class HeldOutRecord:
    """Which rows a figure rests on."""

    method: Annotated[str, "How rows were held out, in words."] = ""
    folds: Annotated[int, "Trainings whose held-out rows make up the figures."] = 1
    rows: Annotated[int, "Held-out rows in all."] = 0


@dataclass(frozen=True)
class EnergyRecord:
    """How energy and carbon are known."""

    method: Annotated[str, "How the energy was measured or estimated."] = ""
    grid_g_per_kwh: Annotated[float | None, "Grams of CO₂ equivalent for a kilowatt-hour."] = None
    grid_source: Annotated[str, "Which grid, in which year."] = ""


@dataclass(frozen=True)
class MemberEvaluation:
    """``evaluation.json`` of one member of a comparison."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["member"], '"member".'] = "member"
    model: Annotated[ModelRecord, "Without flags, which the comparison raises."] = field(
        default_factory=ModelRecord
    )


@dataclass(frozen=True)
class Evaluation:
    """``evaluation.json`` of a comparison of generative models, or of one of them."""

    schema: Annotated[int, "Version of this format."] = 1
    task: Annotated[Literal["generation"], "That of the models."] = "generation"
    command: Annotated[str, "What made the run."] = ""
    run: Annotated[str, "Its folder, as it was given."] = ""
    further: Annotated[str, "Version of further."] = ""
    data: Annotated[DataRecord, "What the models were trained and judged on."] = field(
        default_factory=DataRecord
    )
    seed: Annotated[int | None, "Seed of everything."] = None
    repeats: Annotated[int, "Trainings of each model."] = 1
    budget: Annotated[BudgetRecord, "Of each model."] = field(default_factory=BudgetRecord)
    conditional: Annotated[bool, "Whether models were conditioned on the class."] = False
    protocol: Annotated[dict[str, Any], "What was fixed before any model was judged."] = field(
        default_factory=dict
    )
    models: Annotated[tuple[ModelRecord, ...], "Those that were compared, controls included."] = ()
    controls: Annotated[tuple[ModelRecord, ...], "What one model is compared with."] = ()
    recommendation: Annotated[
        Recommendation | None, "None where there was nothing to choose from."
    ] = None
    energy: Annotated[EnergyRecord, "How energy and carbon are known."] = field(
        default_factory=EnergyRecord
    )
    machine: Annotated[dict[str, Any], "What the figures were found on."] = field(
        default_factory=dict
    )
    versions: Annotated[dict[str, Any], "What they were found with."] = field(default_factory=dict)
    seconds: Annotated[float | None, "What all of it took."] = None
