"""Games of two networks: a discriminator that nothing fools, and samples that are all alike."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Curve, Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.thresholds import (
    COLLAPSED,
    DISCRIMINATOR_ACCURACY,
    DISCRIMINATOR_LOW,
    GENERATOR_RISE,
    LEAST_ROWS,
    SURE,
)


def _discriminator_wins(features: Features) -> Sign | None:
    history = features.history
    discriminator, generator = Curve.of(history.discriminator), Curve.of(history.generator)
    if discriminator is None or generator is None or len(discriminator) < LEAST_ROWS:
        return None
    early = float(np.median(discriminator.values[: max(2, len(discriminator) // 10)]))
    low = discriminator.last / max(early, 1e-12) if early > 0 else 1.0
    rise = generator.last / max(generator.lowest, 1e-12) if generator.is_positive else 1.0
    accurate = [
        m for m in history.metrics
        if "disc" in m.name.lower() and "acc" in m.name.lower() and m.is_finite.any()
        and float(np.median(m.values[m.is_finite][-3:])) > DISCRIMINATOR_ACCURACY
    ]  # fmt: skip
    by_losses = low < DISCRIMINATOR_LOW and rise > GENERATOR_RISE
    if not by_losses and not accurate:
        return None
    unit = history.unit
    evidence = [
        f"The discriminator's loss went from {shown(early)} to {shown(discriminator.last)}.",
        f"The generator's loss was lowest, {shown(generator.lowest)}, at {unit} "
        f"{shown(generator.lowest_at)} and ended at {shown(generator.last)}.",
    ]
    if accurate:
        evidence.append(f"{accurate[0].name} is {per_cent(float(accurate[0].values[-1]))}.")
    strength = DISCRIMINATOR_LOW / max(low, 1e-3) if by_losses else 1.5
    return Sign(
        strength, generator.lowest_at,
        f"the discriminator tells samples from data; the generator's loss rises to "
        f"{shown(generator.last)}",
        tuple(evidence), {"discriminator": discriminator.last, "generator": generator.last},
        0.9 if accurate else 0.8,
    )  # fmt: skip


def _collapses(features: Features) -> Sign | None:
    curve = Curve.of(features.history.diversity)
    if curve is None or len(curve) < LEAST_ROWS or curve.values.max() <= 0:
        return None
    level = -Curve(curve.at, -curve.values).lowest  # the highest level of the smoothed curve
    share = curve.last / max(level, 1e-12)
    fall = level - curve.last
    if share > COLLAPSED or fall < SURE * curve.error:
        return None
    at = float(curve.at[int(np.argmax(curve.smoothed))])
    unit, name = features.history.unit, features.history.columns.get("diversity", "diversity")
    return Sign(
        COLLAPSED / max(share, 1e-3), at,
        f"the diversity of samples fell from {shown(level)} to {shown(curve.last)}",
        (f"{name} was {shown(level)} at {unit} {shown(at)} and is {shown(curve.last)} at the end, "
         f"{per_cent(share)} of it.",),
        {"highest": level, "last": curve.last},
    )  # fmt: skip


DISCRIMINATOR_WINS = Condition(
    "discriminator_wins",
    _discriminator_wins,
    causes=(
        "a discriminator that learns faster than the generator",
        "too few training rows, which the discriminator knows by heart",
        "a loss without a penalty, whose gradient vanishes",
    ),
    next_steps=(
        "Add a gradient penalty (R1) or spectral normalisation.",
        "Lower the discriminator's learning rate, or update it less often.",
        "Augment what the discriminator sees, real and generated rows alike.",
    ),
    references=(
        "Arjovsky and Bottou 2017, Towards Principled Methods for Training GANs, ICLR",
        "Mescheder, Geiger and Nowozin 2018, Which Training Methods for GANs converge?, ICML",
    ),
)
MODE_COLLAPSE = Condition(
    "mode_collapse",
    _collapses,
    causes=(
        "a generator that found one output that fools the discriminator",
        "a learning rate that is too high for the generator",
    ),
    next_steps=(
        "Look at a hundred samples side by side.",
        "Show the discriminator several samples at once (minibatch statistics), or add a penalty.",
        "Keep the weights from before the fall.",
    ),
    references=("Salimans et al. 2016, Improved Techniques for Training GANs, NeurIPS",),
)
