"""What is wrong with the split: held-out rows that are known already, or of another kind."""

from __future__ import annotations

import numpy as np

from further.trust.doctor.features import Features
from further.trust.doctor.finding import Condition, Sign, per_cent, shown
from further.trust.doctor.history import Values
from further.trust.doctor.noise import noise_of
from further.trust.doctor.thresholds import (
    EARLY_GAP,
    EARLY_GAP_LEARNT,
    EASIER,
    LARGE_VALIDATION,
    LEARNT,
    LEARNT_BY_HEART,
    LEAST_ROWS,
    LIFTED,
    NEARLY_NO_GAP,
    NO_GAP,
    NOT_LEARNING,
    PERFECT,
    PERFECT_OF_MANY,
    SAME_GAP,
    SAME_LOSS,
    SEVERAL_ROWS,
    SOLVED,
    STARTED,
    SURE,
    TOO_GOOD,
)


def _leaks(features: Features) -> Sign | None:
    pair = features.pair
    if pair is None or len(pair[0]) < LEAST_ROWS or features.history.generator is not None:
        return None
    if min(pair[1].min(), pair[2].min()) < 0:
        return None
    tail = max(3, len(pair[0]) // 10)
    own, validation = (float(np.median(values[-tail:])) for values in pair[1:])
    level = features.of_reference(max(own, validation))
    apart = (validation - own) / max(own, validation, 1e-12)
    perfect = [
        m for m in features.history.metrics
        if m.part in ("validation", "test") and m.better == "higher" and m.is_finite.any()
        and PERFECT <= float(np.median(m.values[m.is_finite][-3:])) <= 1
    ]  # fmt: skip
    # Rows that were never seen have the higher loss, the more so the more was learnt. Of the same
    # weights in the same mode a far lower one is that of easier rows, not of rows that were seen.
    no_gap = apart < NO_GAP and not (features.has_fit and apart < -EASIER)
    is_near = (
        (level < TOO_GOOD and apart < SAME_LOSS) or (level < LEARNT and no_gap)
        or (level < LEARNT_BY_HEART and -EASIER < apart < NEARLY_NO_GAP and _has_room(features))
    )  # fmt: skip
    is_same = level < SOLVED or (is_near and not _is_augmented(features))
    size, is_known = features.validation_rows
    enough = PERFECT_OF_MANY if is_known and size >= LARGE_VALIDATION else TOO_GOOD
    if not is_same and not (perfect and level < enough):
        return None
    evidence = [
        f"The validation loss ends at {shown(validation)} and the training loss at {shown(own)}: "
        f"{per_cent(level)} of "
        f"{'the constant predictor' if features.knows_baseline else 'the first loss'}."
    ]
    if perfect:
        evidence.append(f"{perfect[0].name} is {shown(float(perfect[0].values[-1]))}.")
    return Sign(
        max(1.0, TOO_GOOD / max(level, 1e-6)) if is_same else 1.0, float(pair[0][0]),
        f"the validation loss fell as low as the training loss, to {per_cent(level)} of its start",
        tuple(evidence), {"of_reference": level, "apart": apart}, 0.65,
    )  # fmt: skip


def _is_augmented(features: Features) -> bool:
    """Whether rows are learnt from as they never are otherwise, so that no gap is no wonder."""
    if features.fit is None or features.train is None or not features.knows_baseline:
        return False
    return features.of_reference(features.train.last - features.fit.last) > LIFTED


def _has_room(features: Features) -> bool:
    """Whether the network could know its rows by heart, and the validation loss is no chance."""
    counts, rows = features.history.counts, features.telling_rows
    if rows is None or "parameters" not in counts or "training_rows" not in counts:
        return False
    return rows >= SEVERAL_ROWS and counts["parameters"] >= counts["training_rows"]


def _is_unlike(features: Features) -> Sign | None:
    pair = features.pair
    if pair is None or len(pair[0]) < 2 * LEAST_ROWS:
        return None
    return _has_nothing_of_it(features) or _has_a_gap_from_the_start(features, *pair)


def _has_nothing_of_it(features: Features) -> Sign | None:
    """Return what is seen where much is learnt at once, and validation rows have none of it."""
    validation, own, held = features.validation, features.own, features.holds_elsewhere
    if validation is None or own is None or held is None:
        return None
    if held >= NOT_LEARNING or not features.learns_at_once:
        return None
    start = features.validation_reference
    return Sign(
        1 + 2 * (NOT_LEARNING - held) / NOT_LEARNING, float(validation.at[0]),
        "what the training rows share, the validation rows do not have",
        (f"Half of what the training loss gains, it gained in the first "
         f"{per_cent(own.half_time(features.reference))} of the training, to end at "
         f"{shown(own.last)}; the validation loss was never below {shown(validation.lowest)}, and "
         f"a constant predictor has {shown(start)} on those rows.",
         "Rows that are learnt by heart take longer."),
        {"progress": held, "lowest": validation.lowest, "reference": start}, 0.75,
    )  # fmt: skip


def _has_a_gap_from_the_start(
    features: Features, at: Values, own: Values, validation: Values
) -> Sign | None:
    if features.history.generator is not None or min(own.min(), validation.min()) <= 0:
        return None
    known = features.knows_baseline or features.history.first_is_untrained
    if known:
        # Of what is learnt some share does not hold for rows of another kind, then and later.
        started = np.flatnonzero(own < STARTED * features.reference)
        if len(started) < LEAST_ROWS:
            return None
        at, own, validation = (values[started[0] :] for values in (at, own, validation))
    base = features.reference - own if known else own
    gap = validation - own
    ratio = gap / np.maximum(base, 1e-12)
    early, late = slice(0, max(2, len(gap) // 10)), slice(-max(3, len(gap) // 5), None)
    first, last = float(np.median(ratio[early])), float(np.median(ratio[late]))
    # Overfitting makes a gap that grows; a validation set of another kind has it from the start.
    grows = (abs(last) - abs(first)) / max(abs(first), 1e-12)
    noise = noise_of(gap) / np.sqrt(len(gap))
    least = EARLY_GAP_LEARNT if known else EARLY_GAP
    of_loss = abs(float(np.median((gap / own)[early])))
    if (
        min(abs(first), abs(last)) < least
        or first * last < 0
        or of_loss < EARLY_GAP
        or grows > SAME_GAP
        or abs(np.median(gap[early])) < SURE * noise
    ):
        return None
    if first < 0 and not features.has_fit:
        return None  # dropout makes that too
    unit = features.history.unit
    word = "above" if first > 0 else "below"
    levels = f"{shown(float(own[early][-1]))} and {shown(float(validation[early][-1]))}"
    what = "what was learnt by then" if known else "the training loss"
    return Sign(
        min(abs(first) / least, SAME_GAP / max(grows, 1e-1)), float(at[0]),
        f"from the start the validation loss is far {word} the training loss",
        (f"At {unit} {shown(float(at[early][-1]))} training and validation loss are {levels}: the "
         f"gap is {per_cent(abs(first))} of {what}, which nobody can have overfitted yet.",
         f"At the end it is {per_cent(abs(last))}; overfitting would have made it grow."),
        {"early_gap": first, "late_gap": last}, 0.75,
    )  # fmt: skip


LEAKAGE_SUSPECTED = Condition(
    "leakage_suspected",
    _leaks,
    causes=(
        "rows, or near-duplicates of them, on both sides of the split",
        "a column that holds the target, or what was known only afterwards",
        "a task without noise, which a sound model solves",
    ),
    next_steps=(
        "Look for duplicates between training and validation rows (further data does).",
        "Train on each column alone: one that predicts perfectly is the leak.",
        "Split by whole groups (patients, sources) or by time.",
    ),
    references=("Kapoor and Narayanan 2023, Leakage and the reproducibility crisis, Patterns",),
    unless=("diverged", "non_finite", "not_learning"),
)
UNREPRESENTATIVE_SPLIT = Condition(
    "unrepresentative_split",
    _is_unlike,
    causes=(
        "a split that is not random: by time, by source, by the order of the file",
        "another preparation of the validation rows",
        "a validation set so small that chance decides",
    ),
    next_steps=(
        "Draw the split again with another seed: a gap that stays has another reason.",
        "Train a classifier to tell training from validation rows: if it can, they differ.",
        "Check that both go through the same scaling and encoding.",
    ),
    references=("Lopez-Paz and Oquab 2017, Revisiting Classifier Two-Sample Tests, ICLR",),
    unless=("diverged", "non_finite", "not_learning", "overfitting", "leakage_suspected"),
)
