"""What each figure of an evaluation measures, which way is better, and what it cannot show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# How a figure is written: with the decimals of its row, or as a time, a count, a quantity. All but
# the first are costs, which differ by orders of magnitude and are drawn on a logarithmic line.
Style = Literal["fixed", "duration", "count", "quantity"]


@dataclass(frozen=True)
class Metric:
    """How a reader is told about one figure."""

    name: str
    label: str
    group: str
    better: Literal["higher", "lower"]
    shows: str
    cannot: str
    style: Style = "fixed"
    unit: str = ""
    worst: float | None = None


_METRICS = (
    Metric(
        "kernel_distance",
        "Kernel distance",
        "Realism",
        "lower",
        "How far apart generated and held-out rows are, all features at once (unbiased MMD²).",
        "It cannot say what is wrong: a blur and a missing class may score alike, "
        "and it sees only what its features see.",
    ),
    Metric(
        "frechet_distance",
        "Fréchet distance",
        "Realism",
        "lower",
        "How far apart the means and covariances of generated and held-out features are.",
        "It knows means and covariances only and is biased on few rows, "
        "so compare it within this table and with no published figure.",
    ),
    Metric(
        "two_sample_accuracy",
        "Two-sample accuracy",
        "Realism",
        "lower",
        "How often a classifier tells generated rows from held-out ones; 0.5 is a coin toss.",
        "A flaw that is plain to a classifier but harmless to you counts in full.",
    ),
    Metric(
        "precision",
        "Precision",
        "Realism",
        "higher",
        "The share of generated rows that lie among held-out ones.",
        "A model that repeats one good example for ever scores 1.",
    ),
    Metric(
        "density",
        "Density",
        "Realism",
        "higher",
        "How crowded with held-out rows the places are where generated ones fall.",
        "It rewards drawing only the most typical rows, and may then exceed what real data score.",
    ),
    Metric(
        "recall",
        "Recall",
        "Variety",
        "higher",
        "The share of held-out rows that lie among generated ones.",
        "A few far-off samples can raise it.",
    ),
    Metric(
        "coverage",
        "Coverage",
        "Variety",
        "higher",
        "The share of held-out rows that have a generated one in their neighbourhood.",
        "It says that each neighbourhood is reached, not that it gets its right share.",
    ),
    Metric(
        "class_balance",
        "Class balance",
        "Variety",
        "higher",
        "How well the shares of the classes recognised in generated rows match the real ones.",
        "Right shares say nothing about the rows inside a class, and the judge errs too.",
    ),
    Metric(
        "synthetic_to_real_accuracy",
        "Train on synthetic",
        "Use",
        "higher",
        "The accuracy on held-out rows of a classifier that has seen generated rows only.",
        "A model may leave out the odd and the rare and still teach the rest well.",
    ),
    Metric(
        "augmentation_gain",
        "Gain from adding rows",
        "Use",
        "higher",
        "What adding generated rows to a small training set changes in held-out accuracy.",
        "It holds for this classifier and this size of training set.",
    ),
    Metric(
        "bits_per_dimension",
        "Bits per dimension",
        "Likelihood",
        "lower",
        "How many bits the model needs per value of a held-out row.",
        "A good likelihood need not go with good samples, and a bound is not an exact value; "
        "models without a likelihood have none here.",
    ),
    Metric(
        "memorization",
        "Memorization",
        "Copying",
        "lower",
        "The share of samples that lie nearer to a training row than held-out rows do.",
        "It finds near-copies of whole rows, not copied parts, and is no proof of privacy.",
        worst=1.0,
    ),
    Metric(
        "column_shapes",
        "Column shapes",
        "Columns",
        "higher",
        "How well each column on its own is met, averaged over the columns.",
        "It is blind to every relation between columns.",
    ),
    Metric(
        "pair_correlations",
        "Pair correlations",
        "Columns",
        "higher",
        "How well the relations between pairs of columns are met.",
        "It is blind to relations among three columns or more.",
    ),
    Metric(
        "constraint_violations",
        "Constraint violations",
        "Columns",
        "lower",
        "The share of generated rows that break a rule that holds throughout the training rows.",
        "It knows only the rules that it could find in the training rows.",
    ),
    Metric(
        "reconstruction_psnr",
        "Reconstruction",
        "Representation",
        "higher",
        "How faithfully held-out rows come back through the bottleneck (PSNR).",
        "It averages squared errors: a small blur everywhere and one wrong stroke may score alike.",
        unit="dB",
    ),
    Metric(
        "reconstruction_ssim",
        "Reconstructed structure",
        "Representation",
        "higher",
        "How alike small windows of pictures and their reconstructions are (SSIM).",
        "It looks at grey levels in windows of seven pixels and knows nothing of meaning.",
    ),
    Metric(
        "denoising_psnr",
        "Denoising",
        "Representation",
        "higher",
        "How near pictures come to the clean ones after noise is added and removed (PSNR).",
        "It holds for the kind and strength of noise that the model was made for.",
        unit="dB",
    ),
    Metric(
        "denoising_ssim",
        "Denoised structure",
        "Representation",
        "higher",
        "How alike small windows of clean and denoised pictures are (SSIM).",
        "It holds for the kind and strength of noise that the model was made for.",
    ),
    Metric(
        "latent_accuracy",
        "Accuracy from the code",
        "Representation",
        "higher",
        "The accuracy on held-out rows of a linear classifier that sees the latent code only.",
        "It shows what the code says about these labels, not what else it keeps or loses; a model "
        "that is told the class need not keep it in its code.",
    ),
    Metric(
        "sampling_seconds_per_1000",
        "Time for 1,000 samples",
        "Cost",
        "lower",
        "Seconds to draw 1,000 samples on this machine.",
        "Another machine or batch size may order the models differently.",
        "duration",
    ),
    Metric(
        "parameters",
        "Parameters",
        "Cost",
        "lower",
        "How many numbers were fitted.",
        "Few parameters do not mean little computation.",
        "count",
    ),
    Metric(
        "training_flops",
        "Training operations",
        "Cost",
        "lower",
        "Floating-point operations spent on training; the budget is counted in them.",
        "Elementwise work is not counted.",
        "quantity",
    ),
    Metric(
        "seconds",
        "Training time",
        "Cost",
        "lower",
        "Seconds of training on this machine.",
        "It depends on what else the machine did at the time.",
        "duration",
    ),
    Metric(
        "energy_wh",
        "Training energy",
        "Cost",
        "lower",
        "Energy that training took, by the method named below.",
        "Where it is estimated from processor time, differences of a tenth mean nothing.",
        "quantity",
        "Wh",
    ),
    Metric(
        "carbon_g",
        "Training carbon",
        "Cost",
        "lower",
        "Greenhouse gas of that energy on the grid named below, in grams of CO₂ equivalent.",
        "It leaves out the making of the machine, and the grid's hour-to-hour changes.",
        "quantity",
        "g",
    ),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in _METRICS}

GOALS: dict[str, str] = {
    "realism": "Realism",
    "variety": "Variety",
    "density": "Density",
    "anomaly": "Density",
    "fast_sampling": "Fast sampling",
    "sampling": "Fast sampling",
    "compact": "Compact code",
    "compact_representation": "Compact code",
    "representation": "Compact code",
    "augmentation": "Augmentation",
    "energy": "Low energy",
    "low_energy": "Low energy",
}

FLAGS: dict[str, tuple[str, str]] = {
    "memorizes": (
        "memorizes",
        "Its samples lie nearer to training rows than held-out rows do: it hands out its training "
        "data, and its other scores say nothing about generating.",
    ),
    "collapsed": (
        "collapsed",
        "It draws from a small part of the data again and again: high precision, little coverage.",
    ),
    "worse_than_mixture": (
        "does not beat the mixture",
        "A Gaussian mixture, fitted in moments, is at least as realistic.",
    ),
    "misses_classes": (
        "misses classes",
        "Some class has far fewer samples than were asked for.",
    ),
    "diverged": ("diverged", "Its loss stopped being a number, and training ended there."),
    "failed": ("failed", "It could not be trained or evaluated; the others stand as they are."),
}


def metric(name: str) -> Metric:
    """Look a figure up; one that is unknown here is shown under its own name."""
    known = METRICS.get(name)
    if known is not None:
        return known
    label = name.replace("_", " ").capitalize()
    return Metric(name, label, "Other", "higher", f"{label}.", "No description is recorded.")


def goal_label(goal: str) -> str:
    """Name a goal in the user's words."""
    return GOALS.get(goal, goal.replace("_", " ").capitalize())


def flag_texts(flag: str) -> tuple[str, str]:
    """Name a flag and say in a sentence what it means."""
    return FLAGS.get(flag, (flag.replace("_", " "), ""))
