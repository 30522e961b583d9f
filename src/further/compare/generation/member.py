"""One member of a comparison: train it, sample from it, evaluate it, keep the evidence in its run.

The same code serves a model that was trained alone, so that ``further evaluate`` says the same of
it as a comparison would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from further.compare.forecast import training_cost
from further.compare.generation.pictures import write_pictures
from further.compare.generation.setting import Setting
from further.compare.source import describe_data
from further.data.dataset import Dataset
from further.evaluate.generation.bits import bits_per_dimension
from further.evaluate.generation.evaluator import EncodedRows
from further.evaluate.generation.reconstruction import reconstruction
from further.evaluate.interval import Estimate, Score
from further.evaluate.latent import latent_accuracy
from further.evaluate.record import Figure, MemberEvaluation, ModelRecord
from further.evaluate.repeats import measured_score
from further.evaluate.typed_json import from_json, to_json
from further.generate.generative import GenerativeEstimator
from further.registry import ModelEntry, find_model, models_for
from further.train.callbacks.callback import Callback
from further.train.callbacks.progress import Progress
from further.train.execution import find_device
from further.train.files import read_json, write_bytes, write_json
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.predictions import write_predictions
from further.train.run import Run
from further.train.seeds import seed_of

Report = Callable[[float, float], None]

TIMED_DRAWS = 5


def make_estimator(
    setting: Setting, name: str, repeat: int, parameters: Any
) -> GenerativeEstimator:
    """Return the unfitted estimator of a member, seeded by the comparison's seed and repeat.

    Parameters
    ----------
    setting : Setting
        Seed, budget and device.
    name : str
        The model.
    repeat : int
        From 0 on; each has another seed.
    parameters : mapping or None
        Hyperparameters, as they stand in JSON.

    Returns
    -------
    GenerativeEstimator
        Not fitted.
    """
    line = find_model(name)
    cls = line.load()
    given = dict(parameters_from_json(parameters or {}))
    given.setdefault("random_state", seed_of(setting.seed, "repeat", repeat) % (2**31 - 1))
    if line.family == "network":
        given.setdefault("budget", setting.budget)
        given.setdefault("device", setting.device)
        # Float32 on one thread, so that a noisy measurement cannot change the result.
        given.setdefault("precision", "float32")
    estimator: GenerativeEstimator = cls(**given)
    return estimator


def member_cost(setting: Setting, estimator: GenerativeEstimator) -> tuple[float, float]:
    """Return the seconds and the bytes that the training of a member takes.

    Parameters
    ----------
    setting : Setting
        The training rows.
    estimator : GenerativeEstimator
        Not fitted.

    Returns
    -------
    tuple of float
        Seconds and bytes.
    """
    train = setting.for_model(setting.part("train"))
    return training_cost(estimator, train, setting.encoding, setting.model_spec)


def simple_control(task: str) -> ModelEntry:
    """Return the control that every model has to beat: the first that is no copy."""
    controls = (line for line in models_for(task) if line.role == "control")
    return next(line for line in controls if not line.load().is_copy)


def train_member(
    setting: Setting,
    estimator: GenerativeEstimator,
    line: ModelEntry,
    folder: Path,
    report: Report | None,
) -> GenerativeEstimator:
    """Train a member into its own run, or read it from there when it has finished.

    Parameters
    ----------
    setting : Setting
        The rows that train and those that choose the weights.
    estimator : GenerativeEstimator
        Not fitted.
    line : ModelEntry
        Its line in the table of models.
    folder : Path
        Its run.
    report : callable or None
        Called with the share of the training that is done, and the loss.

    Returns
    -------
    GenerativeEstimator
        The same, fitted.
    """
    train = setting.for_model(setting.part("train"))
    run = Run.create(
        folder,
        command="train",
        model=line.name,
        parameters=parameters_to_json(estimator.get_params(deep=False)),
        seed=int(estimator.random_state),
        data=describe_data(setting.dataset),
        split=setting.split.describe(),
        conditional=setting.conditional,
    )
    callbacks: list[Callback] = [] if report is None else [Progress(report)]
    validation = setting.for_model(setting.part("validation"))
    estimator.fit(train, validation=validation, run=run, callbacks=callbacks)
    return estimator


def score_member(
    setting: Setting, estimator: GenerativeEstimator, line: ModelEntry, folder: Path
) -> None:
    """Sample from a member, evaluate the samples, and write its evidence into its run.

    Parameters
    ----------
    setting : Setting
        The evaluator.
    estimator : GenerativeEstimator
        Fitted.
    line : ModelEntry
        Its line in the table of models.
    folder : Path
        Its run.
    """
    model = evaluate_member(setting, estimator, line, folder)
    write_json(folder / "evaluation.json", to_json(MemberEvaluation(model=model)))


def read_member(folder: Path) -> ModelRecord:
    """Return what :func:`score_member` wrote."""
    return from_json(MemberEvaluation, read_json(folder / "evaluation.json")).model


def evaluate_member(
    setting: Setting, estimator: GenerativeEstimator, line: ModelEntry, folder: Path
) -> ModelRecord:
    """Sample from a member, evaluate it, write pictures and draws, and return the figures.

    Parameters
    ----------
    setting : Setting
        The evaluator.
    estimator : GenerativeEstimator
        Fitted.
    line : ModelEntry
        Its line in the table of models.
    folder : Path
        Its run.

    Returns
    -------
    ModelRecord
        Without flags and notes, which a comparison adds.
    """
    generated, samples, scores = score_samples(setting, estimator)
    likelihoods = _likelihoods(setting, estimator)
    if likelihoods is not None:
        test = setting.split.test
        write_predictions(folder, setting.part("test"), test, score=likelihoods)
    scores.update(_own_scores(setting, estimator, likelihoods))
    write_pictures(setting, estimator, generated, samples, folder)
    write_bytes(folder / "scores.npz", _draws(scores))
    return describe_member(setting, estimator, line, scores)


def score_samples(
    setting: Setting, estimator: GenerativeEstimator
) -> tuple[Dataset, EncodedRows, dict[str, Score | None]]:
    """Return samples of a fitted estimator, as data and as the evaluator sees them, and scores.

    Parameters
    ----------
    setting : Setting
        The evaluator.
    estimator : GenerativeEstimator
        Fitted.

    Returns
    -------
    generated : Dataset
        The samples.
    samples : EncodedRows
        The same as the evaluator sees them.
    scores : dict of Score or None
        By metric; None where it is not defined.
    """
    # As many as test rows are compared with them, as many as training rows are learnt from.
    n = max(setting.evaluator.n_samples, setting.evaluator.n_learning_samples)
    seed = int(estimator.random_state)
    condition = estimator.condition(n, None, seed)
    codes = condition.get("y")
    encoded = estimator.sample_encoded(n, condition, seed)
    test = setting.part("test")
    classes = test.classes
    generated = replace(
        test,
        values=estimator.encoding_.decode_values(encoded),
        target=None if codes is None or classes is None else replace(classes, codes=codes),
        official_split=None,
        groups=None,
        attributes=None,
    )
    samples = setting.rows(generated)
    scores: dict[str, Score | None] = dict(setting.evaluator.score(samples))
    scores["sampling_seconds_per_1000"] = _time_sampling(estimator, n, seed)
    scores["bits_per_dimension"] = None
    return generated, samples, scores


def _time_sampling(estimator: GenerativeEstimator, n: int, seed: int) -> Score:
    """Time a few small draws, now that the first is over, which warms everything up."""
    rows = max(n // TIMED_DRAWS, 1)
    condition = estimator.condition(rows, None, seed)
    # A wall clock would count what other members do meanwhile; beside a GPU nobody else works.
    on_processor = find_device(getattr(estimator, "device", "cpu")) == "cpu"
    clock = time.process_time if on_processor else time.perf_counter
    seconds = []
    for draw in range(TIMED_DRAWS):
        start = clock()
        estimator.sample_encoded(rows, condition, seed + draw)
        seconds.append((clock() - start) / rows * 1000)
    told = "processor time" if on_processor else "time"
    method = f"{told} of {TIMED_DRAWS} draws of {rows} samples, t-interval of their mean"
    return measured_score(seconds, rows, method)


def describe_member(
    setting: Setting,
    estimator: GenerativeEstimator,
    line: ModelEntry,
    scores: dict[str, Score | None],
) -> ModelRecord:
    """Return the entry of a member in ``evaluation.json``.

    Parameters
    ----------
    setting : Setting
        It knows what real rows and noise score.
    estimator : GenerativeEstimator
        Fitted.
    line : ModelEntry
        Its line in the table of models.
    scores : dict of Score or None
        By metric.

    Returns
    -------
    ModelRecord
        Without flags and notes.
    """
    return ModelRecord(
        name=line.name,
        label=line.label,
        family=line.family,
        role=line.role,
        is_copy=estimator.is_copy,
        parameters=estimator.n_parameters_,
        **estimator.cost_,
        metrics={name: _figure(setting, name, score) for name, score in scores.items()},
    )


def _likelihoods(setting: Setting, estimator: GenerativeEstimator) -> np.ndarray | None:
    """Return the log-likelihood of each test row, where the model defines one."""
    if not hasattr(estimator, "log_likelihoods_encoded"):
        return None
    test = setting.for_model(setting.part("test"))
    found: np.ndarray | None = estimator.log_likelihoods_encoded(
        estimator.encoding_.encode(test), test.codes
    )
    return found


def _own_scores(
    setting: Setting, estimator: GenerativeEstimator, likelihoods: np.ndarray | None
) -> dict[str, Score | None]:
    """Return the scores that look into the model, not only at its samples."""
    scores: dict[str, Score | None] = {}
    test = setting.for_model(setting.part("test"))
    drawn: dict[str, Any] = {"groups": test.groups, "seed": setting.seed}
    x = estimator.encoding_.encode(test)
    if likelihoods is not None and setting.dataset.kind == "images":
        scores["bits_per_dimension"] = bits_per_dimension(
            likelihoods, setting.encoding.spec.size, estimator.likelihood_basis, **drawn
        )
    if hasattr(estimator, "transform_encoded"):
        codes = estimator.transform_encoded(x)
        rebuilt = estimator.inverse_transform_encoded(codes, test.codes)
        if setting.dataset.kind == "images":
            scores.update(reconstruction(x, rebuilt, **drawn))
        train, full = setting.part("train"), setting.part("test")
        if train.codes is not None and full.codes is not None:
            scores["latent_accuracy"] = latent_accuracy(
                estimator.transform_encoded(estimator.encoding_.encode(train)),
                train.codes, codes, full.codes, **drawn,
            )  # fmt: skip
    if hasattr(estimator, "denoise") and estimator.spec_.is_image:
        noisy = estimator.add_noise(test, random_state=setting.seed)
        clean = estimator.denoise(noisy)
        for name, score in reconstruction(x, clean, noisy=noisy, **drawn).items():
            scores[name.replace("reconstruction", "denoising")] = score
    return scores


def _figure(setting: Setting, name: str, score: Score | None) -> Figure:
    noise = setting.evaluator.noise.get(name)
    if name == "bits_per_dimension" and setting.dataset.levels is not None:
        # Uniform noise over the grey levels has exactly so many bits.
        noise = math.log2(setting.dataset.levels)
    real = setting.evaluator.real.get(name)
    if score is None:
        return Figure(method="not defined", real=real, noise=noise)
    estimate = from_json(Figure, score.estimate.to_dict())
    return replace(estimate, real=real, noise=noise, basis=score.basis, detail=score.detail)


def _draws(scores: dict[str, Score | None]) -> bytes:
    """Return the paired draws of all scores as NPZ, from which ties are decided."""
    import io

    arrays: dict[str, Any] = {}
    for name, score in scores.items():
        if score is not None and score.draws is not None:
            arrays[f"draws/{name}"] = score.draws
        if score is not None and score.per_example is not None:
            arrays[f"per_example/{name}"] = score.per_example
        if score is not None and score.repeats is not None:
            arrays[f"repeats/{name}"] = score.repeats
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def read_scores(folder: Path, metrics: Mapping[str, Figure]) -> dict[str, Score]:
    """Return the scores of a member with their paired draws, from its run.

    Parameters
    ----------
    folder : Path
        The run of the member.
    metrics : mapping of Figure
        Its figures, from ``evaluation.json``.

    Returns
    -------
    dict of Score
        By metric, without those that are not defined.
    """
    with np.load(folder / "scores.npz", allow_pickle=False) as arrays:
        return {
            name: Score(
                Estimate(figure.value, figure.low, figure.high, figure.n, figure.method),
                draws=arrays.get(f"draws/{name}"),
                per_example=arrays.get(f"per_example/{name}"),
                basis=figure.basis,
                detail=figure.detail,
                repeats=arrays.get(f"repeats/{name}"),
            )
            for name, figure in metrics.items()
            if figure.value is not None
        }
