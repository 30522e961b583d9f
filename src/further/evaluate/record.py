"""``evaluation.json`` of generative models: what is known of them, as typed objects.

A comparison, the training of one model and each member of a comparison write such a file; reports
and commands read it. Its published schema, ``docs/evaluation.schema.json``, is made from here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from further.evaluate.typed_json import OPTIONAL

#: A value of a row, in the table's own units.
Value = float | int | bool | str | None
Series = tuple[float | None, ...]


@dataclass(frozen=True)
class Measured:
    """One figure with its interval.

    Attributes
    ----------
    value : float or None
        The figure; None where it is not defined.
    low, high : float or None
        Limits of its 95 % interval.
    n : int
        Number of examples behind it.
    method : str
        How the interval was made.
    """

    value: float | None = None
    low: float | None = None
    high: float | None = None
    n: int = 0
    method: str = ""


@dataclass(frozen=True)
class Figure(Measured):
    """One figure with its interval and the two ends of its scale.

    Attributes
    ----------
    real, noise : float or None
        What held-out rows and what noise score.
    basis : str or None
        What a likelihood is: "exact" or a "bound".
    detail : dict
        Whatever else was found.
    """

    real: float | None = None
    noise: float | None = None
    basis: str | None = field(default=None, metadata=OPTIONAL)
    detail: dict[str, Any] = field(default_factory=dict, metadata=OPTIONAL)


@dataclass(frozen=True)
class SeedSpread:
    """One metric over trainings with different seeds.

    Attributes
    ----------
    values : tuple of float
        The figure of each training.
    mean, low, high : float
        Their mean with its 95 % t-interval.
    """

    values: tuple[float, ...] = ()
    mean: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class ModelRecord:
    """One model: what it took, its figures, and what must be known before they are read.

    Attributes
    ----------
    name, label : str
        What commands and what reports call it.
    family : {"network", "classical"}
        Whether the training loop trained it.
    role : {"model", "control"}
        Whether it stands there only to be compared with.
    is_copy : bool
        Whether it gives its training rows back by design.
    parameters : int or None
        How many numbers were fitted.
    steps, best_step : int or None
        Steps taken, and the one whose weights were kept.
    training_flops, seconds, energy_wh, carbon_g : float or None
        What the training took.
    energy_method : str
        How the energy is known.
    metrics : dict of str to Figure
        By the names of the table of metrics.
    flags : tuple of str
        What a reader must know first, such as "memorizes".
    notes : tuple of str
        A sentence for each flag.
    across_seeds : dict of str to SeedSpread
        The metrics over several trainings, where there were several.
    """

    name: str = ""
    label: str = ""
    family: Literal["network", "classical"] = "network"
    role: Literal["model", "control"] = "model"
    is_copy: bool = False
    parameters: int | None = None
    steps: int | None = None
    best_step: int | None = None
    training_flops: float | None = None
    seconds: float | None = None
    energy_wh: float | None = None
    carbon_g: float | None = None
    energy_method: str = ""
    metrics: dict[str, Figure] = field(default_factory=dict)
    flags: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    across_seeds: dict[str, SeedSpread] = field(default_factory=dict)

    def value(self, metric: str) -> float | None:
        """Return a figure, of the metrics or of what the training took; None if undefined."""
        if metric in self.metrics:
            return self.metrics[metric].value
        found = getattr(self, metric, None)
        return float(found) if isinstance(found, (int, float)) else None


@dataclass(frozen=True)
class NearDuplicates:
    """Held-out rows that nearly equal a training row.

    Attributes
    ----------
    count, exact, n_test : int
        How many there are, how many are equal, and of how many.
    share : float
        Of the held-out rows.
    threshold : float
        The distance below which rows count as such.
    pairs : tuple of tuple of int
        Row numbers in the training and in the test part.
    rule : str
        How the threshold came about.
    """

    count: int = 0
    share: float = 0.0
    threshold: float | None = None
    pairs: tuple[tuple[int, ...], ...] = ()
    exact: int = 0
    n_test: int = 0
    rule: str = ""


@dataclass(frozen=True)
class SplitRecord:
    """How the rows were divided, and into how many.

    Attributes
    ----------
    seed : int or None
        Seed of the division.
    method : str
        How rows were divided.
    rows : dict of str to int
        How many each part has.
    """

    seed: int | None = None
    method: str = ""
    rows: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class DataRecord:
    """The data that models were trained and judged on.

    Attributes
    ----------
    name, source : str
        What they are called, and where they come from.
    kind : str
        What the rows are, such as "images".
    options : dict
        How they were read.
    target : str or None
        The label column of a table.
    fingerprint : str
        Of the content.
    shape : tuple of int
        Of one encoded row.
    levels : int or None
        Grey levels of pictures.
    classes : tuple of str
        Names of the classes.
    rows : dict of str to int
        Rows of each part of the split.
    split : SplitRecord
        How it was made.
    near_duplicates : NearDuplicates
        What flatters every figure.
    notes : tuple of str
        What was recognised and decided.
    """

    name: str = ""
    kind: str = ""
    source: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    target: str | None = None
    fingerprint: str = ""
    shape: tuple[int, ...] = ()
    levels: int | None = None
    classes: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    split: SplitRecord = field(default_factory=SplitRecord)
    near_duplicates: NearDuplicates = field(default_factory=NearDuplicates)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class BudgetRecord:
    """The budget of each model.

    Attributes
    ----------
    text : str
        As people read it.
    flops : float or None
        In floating-point operations, where it was given in them.
    reproducible : bool
        Whether the same seed gives the same result.
    """

    text: str = ""
    flops: float | None = None
    reproducible: bool = True


@dataclass(frozen=True)
class GoalRecord:
    """Who serves a goal best.

    Attributes
    ----------
    metric : str
        What decided.
    direction : {"higher", "lower"}
        Which way it improves.
    ranking : tuple of str
        Names of the models for which it is defined, the best first.
    tied : tuple of str
        Those that cannot be distinguished from the best.
    sentence : str
        The same in words.
    survives : bool or None
        Whether the same model, or one tied with it, leads under every training seed; None where
        there was one seed, or nobody is ranked.
    """

    metric: str = ""
    direction: Literal["higher", "lower"] = "higher"
    ranking: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    sentence: str = ""
    survives: bool | None = None


@dataclass(frozen=True)
class Recommendation:
    """What to use, and why.

    Attributes
    ----------
    sentence : str
        The answer.
    goals : dict of str to GoalRecord
        Goal by goal.
    """

    sentence: str = ""
    goals: dict[str, GoalRecord] = field(default_factory=dict)


@dataclass(frozen=True)
class EnergyRecord:
    """How energy and carbon are known.

    Attributes
    ----------
    method : str
        How the energy was measured or estimated.
    grid_g_per_kwh : float or None
        Grams of CO₂ equivalent for a kilowatt-hour.
    grid_source : str
        Which grid, in which year.
    """

    method: str = ""
    grid_g_per_kwh: float | None = None
    grid_source: str = ""


@dataclass(frozen=True)
class MemberEvaluation:
    """``evaluation.json`` of one member of a comparison.

    Attributes
    ----------
    schema : int
        Version of this format.
    task : str
        "member".
    model : ModelRecord
        Without flags, which the comparison raises.
    """

    schema: int = 1
    task: Literal["member"] = "member"
    model: ModelRecord = field(default_factory=ModelRecord)


@dataclass(frozen=True)
class Evaluation:
    """``evaluation.json`` of a comparison of generative models, or of one of them.

    Attributes
    ----------
    schema : int
        Version of this format.
    task : str
        That of the models.
    command : str
        What made the run.
    run : str
        Its folder, as it was given.
    further : str
        Version of further.
    data : DataRecord
        What the models were trained and judged on.
    seed, repeats : int
        Seed of everything, and trainings of each model.
    budget : BudgetRecord
        Of each model.
    conditional : bool
        Whether models were conditioned on the class.
    protocol : dict
        What was fixed before any model was judged.
    models : tuple of ModelRecord
        Those that were compared, controls included.
    controls : tuple of ModelRecord
        What one model is compared with.
    recommendation : Recommendation or None
        None where there was nothing to choose from.
    energy : EnergyRecord
        How energy and carbon are known.
    machine, versions : dict
        What the figures were found on and with.
    seconds : float
        What all of it took.
    """

    schema: int = 1
    task: Literal["generation"] = "generation"
    command: str = ""
    run: str = ""
    further: str = ""
    data: DataRecord = field(default_factory=DataRecord)
    seed: int | None = None
    repeats: int = 1
    budget: BudgetRecord = field(default_factory=BudgetRecord)
    conditional: bool = False
    protocol: dict[str, Any] = field(default_factory=dict)
    models: tuple[ModelRecord, ...] = ()
    controls: tuple[ModelRecord, ...] = ()
    recommendation: Recommendation | None = None
    energy: EnergyRecord = field(default_factory=EnergyRecord)
    machine: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, Any] = field(default_factory=dict)
    seconds: float | None = None
