r"""How many more pictures? What is reached with fewer, extrapolated to twice as many.

The model is trained on nested shares of the training pictures with equal operations, so that only
the pictures differ. To the error :math:`e = 1 - m` of the deciding metric m after n pictures a
power law is fitted by least squares of its logarithm,

.. math:: e(n) = a n^{-b}, \qquad \log e_i = \log a - b \log n_i + \varepsilon_i,

which learning curves follow between the first few pictures and a floor that labels set. The
interval at 2n is that of draws: each takes the errors on one resample of the held-out pictures, the
same for all shares, fits the law anew, and adds what a single training may be off, t-distributed
with the scatter :math:`s^2 = \sum_i \varepsilon_i^2 / (k - 2)` of k trainings,

.. math:: \log e(2n) + s \sqrt{1 + x^\top (X^\top X)^{-1} x} \; t_{k-2}.

References
----------
Hestness et al. 2017, "Deep learning scaling is predictable, empirically". Viering and Loog 2023,
"The shape of learning curves: a review".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from further.compare.scores import read_scores
from further.compare.vision.advice import DECIDING
from further.compare.vision.member import Candidate
from further.compare.vision.setting import with_share
from further.errors import InputError
from further.evaluate.estimate import Score
from further.evaluate.metrics import METRICS
from further.evaluate.record import Figure, Measured
from further.evaluate.typed_json import from_json
from further.evaluate.vision.record import LearningCurveRecord, LearningPoint, VisionMember
from further.train.files import read_json
from further.train.seeds import seed_of

Floats = NDArray[np.float64]
SHARES = (0.25, 0.5, 0.75)
#: A law of two numbers and its scatter need so many trainings, of so many pictures each.
LEAST_POINTS, LEAST_PICTURES = 3, 4
#: No error is taken for smaller: its logarithm would decide everything.
LEAST_ERROR = 1e-3
DRAWS = 2000
METHOD = "draws of held-out pictures and of the scatter about a power law"
#: Called with the share that is learnt from, how much of that training is done, and the loss.
Report = Callable[[float, float, float], None]


def train_shares(candidate: Candidate, folder: Path, report: Report) -> None:
    """Train and judge on shares of the pictures, each in a run of its own; what is done stays.

    Parameters
    ----------
    candidate : Candidate
        That has learnt from all pictures, into the folder.
    folder : Path
        Of its run.
    report : callable
        Called with the progress.
    """
    flops = read_json(folder / "run.json").get("training_flops")
    parameters = candidate.parameters | ({"budget": f"{flops:.6g}"} if flops else {})
    for share in SHARES:
        setting = with_share(candidate.setting, share)
        own = folder_of(folder, share)
        if len(setting.train) < LEAST_PICTURES or (own / "evaluation.json").is_file():
            continue
        fewer = Candidate(setting, candidate.line, parameters)
        fewer.fit(fewer.begin(own), partial(report, share))
        fewer.judge(own)


def folder_of(folder: Path, share: float) -> Path:
    """Return the run of the training on a share of the pictures.

    Parameters
    ----------
    folder : Path
        The run of the model that has learnt from all.
    share : float
        Between 0 and 1.

    Returns
    -------
    Path
        Inside that run.
    """
    return folder / "learning" / f"{100 * share:.0f}"


def curve_of(candidate: Candidate, folder: Path, metrics: dict[str, Figure]) -> LearningCurveRecord:
    """Return what was reached with how many pictures, and what twice as many would bring.

    Parameters
    ----------
    candidate : Candidate
        Judged, with its shares.
    folder : Path
        Of its run.
    metrics : dict of Figure
        Its own figures.

    Returns
    -------
    LearningCurveRecord
        Without an expectation where there were too few trainings.
    """
    setting, name = candidate.setting, DECIDING[candidate.setting.task]
    sizes, scores = [], []
    for share in SHARES:
        own = folder_of(folder, share)
        if (own / "evaluation.json").is_file():
            record = from_json(VisionMember, read_json(own / "evaluation.json")).model
            sizes.append(len(with_share(setting, share).train))
            scores.append(read_scores(own, record.metrics).get(name))
    sizes.append(len(setting.train))
    scores.append(read_scores(folder, metrics).get(name))
    known = [(n, score) for n, score in zip(sizes, scores, strict=True) if score is not None]
    points = tuple(LearningPoint(n, _measured(score)) for n, score in known)
    try:
        expected = extrapolated(known, 2 * sizes[-1], seed=setting.seed)
    except InputError as error:
        return LearningCurveRecord(name, points, None, str(error))
    return replace(
        LearningCurveRecord(name, points, expected), sentence=_sentence(name, points[-1], expected)
    )


def extrapolated(points: Sequence[tuple[int, Score]], n: int, *, seed: int = 0) -> LearningPoint:
    """Return what a metric between 0 and 1 is expected to be with n pictures.

    When to use: to decide whether to label more. When it fails: a floor that the labels set is not
    seen from afar, so that it hopes for too much near the ceiling.

    Parameters
    ----------
    points : sequence of tuple of int and Score
        Pictures and the score, of which more is better, with paired draws.
    n : int
        Pictures.
    seed : int, default=0
        Of the draws.

    Returns
    -------
    LearningPoint
        With a 95 % interval.

    Raises
    ------
    InputError
        If there are fewer than three points.

    Examples
    --------
    >>> from further.evaluate.estimate import Estimate
    >>> points = [(n, Score(Estimate(1 - n**-0.5, None, None, 9, ""))) for n in (25, 50, 75, 100)]
    >>> round(extrapolated(points, 400).figure.value, 3)
    0.95
    """
    if len(points) < LEAST_POINTS:
        raise InputError(
            f"A learning curve needs {LEAST_POINTS} trainings of at least {LEAST_PICTURES} "
            f"pictures, but there are {len(points)}; label more pictures."
        )
    logs = np.log([size for size, _ in points])
    design = np.stack([np.ones(len(points)), logs], axis=1)
    at = np.array([1.0, np.log(n)])
    errors = np.log(np.maximum(1 - np.array([score.value for _, score in points]), LEAST_ERROR))
    solve = np.linalg.pinv(design)
    value = float(at @ solve @ errors)
    freedom = len(points) - design.shape[1]
    scatter = float(np.sqrt(((errors - design @ solve @ errors) ** 2).sum() / freedom))
    leverage = float(at @ np.linalg.inv(design.T @ design) @ at)
    rng = np.random.default_rng(seed_of(seed, "learning_curve"))
    centres = _resampled(points, at @ solve, value, rng)
    drawn = centres + scatter * np.sqrt(1 + leverage) * rng.standard_t(freedom, DRAWS)
    high, low = np.quantile(np.clip(1 - np.exp(drawn), 0.0, 1.0), [0.975, 0.025])
    held_out = points[-1][1].estimate.n
    reached = max(0.0, 1 - float(np.exp(value)))
    return LearningPoint(n, Measured(reached, float(low), float(high), held_out, METHOD))


def _resampled(
    points: Sequence[tuple[int, Score]], weights: Floats, value: float, rng: np.random.Generator
) -> Floats:
    """Return the extrapolation from resampled pictures, the same ones for all points."""
    draws: list[Any] = [score.draws for _, score in points]
    if any(of_one is None for of_one in draws):
        return np.full(DRAWS, value)
    errors = np.log(np.maximum(1 - np.stack(draws), LEAST_ERROR))
    found = weights @ errors
    chosen: Floats = found[rng.integers(len(found), size=DRAWS)]
    return chosen


def _measured(score: Score) -> Measured:
    return from_json(Measured, score.estimate.to_dict())


def _sentence(name: str, now: LearningPoint, expected: LearningPoint) -> str:
    term = METRICS[name].term
    found, reached = expected.figure, now.figure.value or 0.0
    low, high = found.low or 0.0, found.high or 0.0
    told = (
        f"Twice the training pictures ({expected.pictures:,} instead of {now.pictures:,}) would "
        f"bring the {term} from {reached:.2f} to about {found.value:.2f} (95 % interval {low:.2f} "
        f"to {high:.2f})"
    )
    if low > reached:
        return f"{told}: more pictures help."
    return f"{told}: whether more pictures help, these trainings cannot say."
