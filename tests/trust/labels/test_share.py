from __future__ import annotations

import numpy as np
import pytest

from further.errors import InputError
from further.trust.labels.audit import Audit
from further.trust.labels.share import draw, estimate_share, strata
from further.trust.labels.suspicion import Suspicion


def population(rng: np.random.Generator, honesty: float) -> tuple[np.ndarray, ...]:
    """Return probabilities, which are missing, and which are errors; told too high or too low."""
    probability = np.concatenate([rng.beta(0.05, 3, 2000), rng.beta(0.05, 1, 800)])
    missing = np.arange(2800) >= 2000
    wrong = rng.random(2800) < np.clip(probability * honesty + 0.005, 0, 1)
    return probability, missing, wrong


@pytest.mark.parametrize("honesty", [0.3, 1.0, 2.0])
def test_the_interval_covers_whatever_the_probabilities_are_worth(honesty: float):
    rng = np.random.default_rng(round(10 * honesty))
    repeats, covered, errors = 300, np.zeros(3), []
    for repeat in range(repeats):
        probability, missing, wrong = population(rng, honesty)
        drawn = draw(probability, missing, 150, repeat)
        share = estimate_share(
            probability, missing, 2000, {int(i) + 1: bool(wrong[i]) for i in drawn}
        )
        truth = wrong.sum(), (wrong & ~missing).sum(), (wrong & missing).sum()
        parts = share.all, share.wrong, share.missing
        covered += [p.low <= t / 2000 <= p.high for p, t in zip(parts, truth, strict=True)]
        errors.append(share.all.errors - truth[0])
    # 300 repeats: two standard errors below 95 %.
    assert (covered / repeats).min() >= 0.925
    # The estimate itself is not biased.
    assert abs(np.mean(errors)) < 3 * np.std(errors) / np.sqrt(repeats)


def test_if_all_are_checked_the_share_is_counted():
    rng = np.random.default_rng(0)
    probability, missing, wrong = population(rng, 1.0)
    share = estimate_share(
        probability, missing, 2000, {i + 1: bool(w) for i, w in enumerate(wrong)}
    )
    assert share.all.errors == wrong.sum()
    assert share.all.low == share.all.high == pytest.approx(wrong.sum() / 2000)


def test_each_stratum_is_drawn_from_and_none_twice():
    rng = np.random.default_rng(1)
    probability, missing, _ = population(rng, 1.0)
    drawn = draw(probability, missing, 100, 0)
    assert len(set(drawn.tolist())) == len(drawn)
    assert set(strata(probability, missing)[drawn]) == set(strata(probability, missing))
    assert (drawn != np.sort(drawn)).any()


def some(n: int) -> Audit:
    units = tuple(Suspicion(i, probability=1 / i, label=0) for i in range(1, n + 1))
    return Audit("toy", "", 1, n, 0, units, (2, 5, 9))


def test_only_what_was_drawn_counts():
    audit = some(20)
    drawn = {2: False, 5: False, 9: False}
    assert audit.estimate({**drawn, 1: True, 3: True}) == audit.estimate(drawn)
    assert audit.estimate(drawn).all.checked == 3
    assert len(audit.estimate(drawn).to_frame()) == 3
    assert "by 3 checked" in audit.estimate(drawn).told


@pytest.mark.parametrize(("confirmed", "message"), [({99: True}, "99"), ({1: True}, "2, 5, 9")])
def test_decisions_that_say_nothing_are_refused(confirmed: dict[int, bool], message: str):
    with pytest.raises(InputError, match=message):
        some(20).estimate(confirmed)
