"""The conditions that the doctor knows, in the order in which they are asked for and shown.

A condition is a rule with causes, next steps and references. One that explains others away comes
before them; they name it in ``unless``. To add one is to add a rule and its line here.
"""

from __future__ import annotations

from further.trust.doctor.conditions.adversarial import DISCRIMINATOR_WINS, MODE_COLLAPSE
from further.trust.doctor.conditions.divergence import DIVERGED, NON_FINITE
from further.trust.doctor.conditions.generalization import OVERFITTING, UNDERFITTING
from further.trust.doctor.conditions.held_out import NOISY_VALIDATION, VALIDATION_BELOW_TRAINING
from further.trust.doctor.conditions.learning_rate import (
    LEARNING_RATE_TOO_HIGH,
    LEARNING_RATE_TOO_LOW,
)
from further.trust.doctor.conditions.not_learning import NOT_LEARNING
from further.trust.doctor.conditions.plateau import PLATEAU_THEN_DROP
from further.trust.doctor.conditions.split import LEAKAGE_SUSPECTED, UNREPRESENTATIVE_SPLIT
from further.trust.doctor.conditions.still_learning import STILL_LEARNING
from further.trust.doctor.finding import Condition

CONDITIONS: tuple[Condition, ...] = (
    NON_FINITE,
    DIVERGED,
    NOT_LEARNING,
    LEARNING_RATE_TOO_HIGH,
    DISCRIMINATOR_WINS,
    MODE_COLLAPSE,
    LEAKAGE_SUSPECTED,
    OVERFITTING,
    LEARNING_RATE_TOO_LOW,
    STILL_LEARNING,
    UNREPRESENTATIVE_SPLIT,
    UNDERFITTING,
    PLATEAU_THEN_DROP,
    VALIDATION_BELOW_TRAINING,
    NOISY_VALIDATION,
)
