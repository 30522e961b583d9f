"""What the validation loss says of the validation set: that it lies below, or that it jumps."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.noise import noise_of
from further.trust.doctor.thresholds import (
    BELOW,
    BELOW_OF_BASELINE,
    LARGE_VALIDATION,
    LEAST_ROWS,
    LIFTED,
    LIFTED_ABOVE,
    MOSTLY,
    NOISIER,
    SURE,
    TINY_VALIDATION,
    VALIDATION_NOISE,
)


def _is_below(features: Features) -> Sign | None:
    pair, train = features.pair, features.history.train
    if pair is None or len(pair[0]) < LEAST_ROWS or features.history.generator is not None:
        return None
    at, own, validation = pair
    if features.has_fit and train is not features.history.fit and features.train is not None:
        # The training loss in training mode is what lies above; the fit loss tells why.
        own = np.interp(at, features.train.at, features.train.smoothed)
    half = len(at) // 2
    gap = (own - validation)[half:]
    level = float(np.median(np.abs(own[half:])))
    share = float(np.median(gap)) / max(level, 1e-12)
    noise = noise_of(gap) / np.sqrt(max(len(gap), 1))
    of_baseline = features.of_reference(float(np.median(gap)))
    strength = min(share / BELOW, of_baseline / BELOW_OF_BASELINE)
    if strength < 1 or (gap > 0).mean() < MOSTLY or np.median(gap) < SURE * noise:
        return None
    evidence = [
        f"In the second half the validation loss is below the training loss in "
        f"{per_cent(float((gap > 0).mean()))} of the rows, by {per_cent(share)} in the middle."
    ]
    causes: tuple[str, ...] = ()
    is_easier = is_lifted = False
    if features.fit is not None and train is not features.history.fit:
        fit = float(np.median(np.interp(at, features.fit.at, features.fit.smoothed)[half:]))
        seen = float(np.median(validation[half:]))
        lifted = features.of_reference(level - fit)
        # Mixing pictures lifts it too: where a gap is left, that is what it is for; where hardly
        # a loss is left, it costs nothing.
        is_lifted = (
            features.knows_baseline and lifted > LIFTED and of_baseline > LIFTED_ABOVE
            and seen - fit < level - seen and features.of_reference(seen) > LIFTED
        )  # fmt: skip
        if is_lifted:
            evidence.append(
                f"In evaluation mode the training rows have {shown(fit)}: dropout or augmentation "
                f"adds {per_cent(lifted)} of the constant predictor's loss, and the gap to the "
                "validation rows that it could close is smaller."
            )
            causes = ("dropout or augmentation that is stronger than the rows need",)
        elif fit <= seen * (1 + BELOW):
            evidence.append(
                f"In evaluation mode the training rows have {shown(fit)}, no more than the "
                f"validation rows, {shown(seen)}: dropout, augmentation or averaging does it."
            )
            causes = ("dropout, augmentation or a penalty, which only the training loss has",)
        else:
            few = features.telling_rows
            # One standard error of a mean of a few large losses is about its level by their root.
            is_easier = few is None or share > SURE / np.sqrt(max(few, 1.0))
            evidence.append(
                f"In evaluation mode, too, the training rows have {shown(fit)} and the validation "
                f"rows {shown(seen)}: these are easier."
            )
            causes = ("validation rows that are easier than the training rows",)
    return Sign(
        strength, float(at[half]),
        f"the validation loss stays {per_cent(share)} below the training loss",
        # Dropout does it in sound trainings; too much of it or easier rows are there to be mended.
        tuple(evidence), {"share": share}, 0.9, causes, is_easier or is_lifted,
    )  # fmt: skip


def _is_noisy(features: Features) -> Sign | None:
    curve, own = features.validation, features.own
    if curve is None or len(curve) < 2 * LEAST_ROWS or features.history.generator is not None:
        return None
    share = (
        curve.noise / max(abs(curve.last), 1e-12) if curve.is_positive else curve.share(curve.noise)
    )
    of_train = own.noise if own is not None else 0.0
    strength = min(share / VALIDATION_NOISE, curve.noise / (NOISIER * of_train + 1e-12))
    size, is_known = features.validation_rows
    is_tiny = is_known and size <= TINY_VALIDATION
    is_large = is_known and size >= LARGE_VALIDATION
    if is_large or (strength < 1 and not is_tiny):
        return None
    evidence, values = [], {"noise": curve.noise, "share": share}
    if strength >= 1:
        evidence.append(
            f"The validation loss jumps by {shown(curve.noise)} from row to row, "
            f"{per_cent(share)} of its level; the training loss by {shown(of_train)}."
        )
    if size:
        how = "a multiple of" if is_known else "very roughly"
        evidence.append(f"The validation set seems to have {how} {size:,} rows.")
        values["validation_rows"] = float(size)
    return Sign(
        max(strength, TINY_VALIDATION / size) if is_tiny else strength,
        float(curve.at[len(curve) // 2]),
        f"the validation loss jumps by {per_cent(share)} from row to row" if strength >= 1 else
        f"the validation set seems to have {size} rows, too few to choose an epoch by",
        tuple(evidence), values, 0.85,
    )  # fmt: skip


VALIDATION_BELOW_TRAINING = Condition(
    "validation_below_training",
    _is_below,
    causes=(
        "dropout, augmentation or a penalty, which only the training loss has",
        "validation rows that are easier than the training rows",
    ),
    next_steps=(
        "To tell which: compute the loss of some training rows in evaluation mode, without "
        "augmentation and penalty. If it is below the validation loss, nothing is wrong.",
        "If it is far below the training loss and as high as the validation loss, halve dropout "
        "and augmentation: they cost more than they save.",
        "If it is above, the validation set is easier: draw it at random, within classes and by "
        "whole groups.",
        "Look for near-duplicates of training rows in the validation set.",
    ),
    references=("Schoop, Huang and Hartmann 2021, UMLAUT, CHI",),
    unless=("diverged", "non_finite", "not_learning", "leakage_suspected"),
)
NOISY_VALIDATION = Condition(
    "noisy_validation",
    _is_noisy,
    causes=("a small validation set", "a few rows with very large losses",
            "batch normalisation with small batches"),
    next_steps=(
        "Enlarge the validation set or use cross-validation: the error falls with the square root.",
        "Choose the epoch by a mean over several rows of the history.",
        "Look at the rows with the largest losses.",
    ),
    references=("Bouthillier et al. 2021, Accounting for Variance in ML Benchmarks, MLSys",),
    unless=("diverged", "non_finite", "learning_rate_too_high"),
)  # fmt: skip
