"""One model in a comparison: train it, sample from it, evaluate it, keep the evidence in its run.

The same code serves a model that was trained alone, so that ``further evaluate`` says the same of
it as a comparison would.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np

from further.compare.generation.cost import MemberCost, measure_cost
from further.compare.generation.pictures import write_expected, write_pictures
from further.compare.generation.setting import Setting
from further.compare.scores import write_scores
from further.compare.source import describe_data
from further.data.dataset import Dataset
from further.evaluate.generation.bits import bits_per_dimension
from further.evaluate.generation.evaluator import EncodedRows
from further.evaluate.generation.latent import latent_accuracy
from further.evaluate.generation.membership import (
    DRAWING_SHARE,
    MEMBERSHIP,
    WHITE_BOX,
    further_samples,
)
from further.evaluate.generation.reconstruction import reconstruction
from further.evaluate.interval import Score
from further.evaluate.record import Figure, MemberEvaluation, ModelRecord, NetworkRecord
from further.evaluate.repeats import measured_score
from further.evaluate.typed_json import from_json, to_json
from further.generate.generative_estimator import GenerativeEstimator
from further.generate.membership import membership_scores
from further.registry import ModelEntry, find_model, models_for
from further.train.callbacks.callback import Callback
from further.train.callbacks.progress import Progress
from further.train.execution import find_device
from further.train.files import write_json
from further.train.flops import count_flops
from further.train.network import NetworkEstimator
from further.train.parameters import parameters_from_json, parameters_to_json
from further.train.predictions import write_predictions
from further.train.run import Run
from further.train.seeds import seed_of

#: Called with the share of the training that is done, and the loss.
Report = Callable[[float, float], None]

TIMED_DRAWS = 5
# All of them together draw one in so many of the rows that are judged.
TIMED_SHARE = 4
# Samples drawn to learn what one costs.
PROBED = 8
# Rows of each kind that are asked about with the weights in hand.
MOST_ASKED = 1000


def simple_control() -> ModelEntry:
    """Return the control that every model has to beat: the first that is no copy."""
    controls = (line for line in models_for("generation") if line.role == "control")
    return next(line for line in controls if not line.load().is_copy)


@dataclass(frozen=True)
class Candidate:
    """A model that is trained and judged in a setting."""

    setting: Annotated[Setting, "Rows, evaluator, seed, budget and device."]
    line: Annotated[ModelEntry, "Its line in the table of models."]
    estimator: Annotated[GenerativeEstimator, "Fitted where it is judged."]

    @classmethod
    def make(cls, setting: Setting, name: str, parameters: Any, repeat: int = 0) -> Candidate:
        """Return a candidate that is not fitted, seeded by the comparison's seed and repeat.

        Parameters
        ----------
        setting : Setting
            Seed, budget and device.
        name : str
            The model.
        parameters : mapping or None
            Hyperparameters, as they stand in JSON.
        repeat : int
            From 0 on; each has another seed.

        Returns
        -------
        Candidate
            With an estimator that is not fitted.
        """
        line = find_model(name)
        given = dict(parameters_from_json(parameters or {}))
        given.setdefault("random_state", seed_of(setting.seed, "repeat", repeat) % (2**31 - 1))
        if line.family == "network":
            given.setdefault("budget", setting.budget)
            given.setdefault("device", setting.device)
            # Float32 on one thread, so that a noisy measurement cannot change the result.
            given.setdefault("precision", "float32")
        return cls(setting, line, line.load()(**given))

    def measure_cost(self) -> MemberCost:
        """Return what training and judging it takes here."""
        return measure_cost(self.setting, self.estimator)

    def fit(self, run: Run | None = None, report: Report | None = None) -> None:
        """Fit to the training rows, or read what a run that has finished holds.

        Parameters
        ----------
        run : Run, optional
            Where the training is kept.
        report : callable, optional
            Called with the share of the training that is done, and the loss.
        """
        callbacks: list[Callback] = [] if report is None else [Progress(report)]
        setting = self.setting
        train, validation = (setting.for_model(setting.part(p)) for p in ("train", "validation"))
        self.estimator.fit(train, validation=validation, run=run, callbacks=callbacks)

    def begin(self, folder: Path) -> Run:
        """Return the run of a member of a comparison, new or as it was left."""
        return Run.create(
            folder,
            command="train",
            model=self.line.name,
            parameters=parameters_to_json(self.estimator.get_params(deep=False)),
            seed=int(self.estimator.random_state),
            data=describe_data(self.setting.dataset),
            split=self.setting.split.describe(),
            conditional=self.setting.conditional,
        )

    def judge(self, folder: Path) -> None:
        """Evaluate a member of a comparison and write all that was found into its run."""
        found = MemberEvaluation(model=self.evaluate(folder))
        write_json(folder / "evaluation.json", to_json(found))

    def evaluate(self, folder: Path) -> ModelRecord:
        """Sample, evaluate, write pictures and draws into a run, and return the figures."""
        setting = self.setting
        generated, samples, scores = self.score()
        test = setting.for_model(setting.part("test"))
        x = self.estimator.encoding_.encode(test)
        places = setting.likelihood_places
        likelihoods = self._likelihoods(x[places], test.take(places))
        if likelihoods is not None:
            rows = setting.split.test[places]
            write_predictions(folder, setting.part("test").take(places), rows, score=likelihoods)
        scores.update(self._own_scores(x, test, likelihoods))
        write_pictures(setting, self.estimator, generated, samples, folder)
        if generated.kind == "images" and hasattr(self.estimator, "expected_encoded"):
            write_expected(generated, self._expected(len(generated)), folder)
        write_scores(folder, scores)
        return self.describe(scores)

    def score(
        self, most: int | None = None
    ) -> tuple[Dataset, EncodedRows, dict[str, Score | None]]:
        """Return samples, as data and as the evaluator sees them, and their score by metric.

        ``most`` lessens their number, so that they are as many as rows from elsewhere.
        """
        setting, estimator = self.setting, self.estimator
        # As many as test rows are compared with them, as many as training rows are learnt from.
        n = max(setting.evaluator.n_samples, setting.evaluator.n_learning_samples)
        n = n if most is None else min(n, most)
        seed = int(estimator.random_state)
        generated = self._generate(n, seed)
        samples = setting.rows(generated)
        more = self._more_samples(n, seed) if most is None else None
        scores: dict[str, Score | None] = dict(setting.evaluator.score(samples, more))
        scores["sampling_seconds_per_1000"] = self._time_sampling(n, seed)
        scores["bits_per_dimension"] = None
        return generated, samples, scores

    def _generate(self, n: int, seed: int) -> Dataset:
        """Return n samples as data of the kind of the test rows."""
        estimator, test = self.estimator, self.setting.part("test")
        condition = estimator.condition(n, None, seed)
        encoded = estimator.sample_encoded(n, condition, seed)
        codes, classes = condition.get("y"), test.classes
        return replace(
            test,
            values=estimator.encoding_.decode_values(encoded),
            target=None if codes is None or classes is None else replace(classes, codes=codes),
            official_split=None,
            groups=None,
            attributes=None,
        )

    def _more_samples(self, n: int, seed: int) -> EncodedRows | None:
        """Return samples for membership inference besides the first n, within their share."""
        if self.setting.evaluator.membership is None:
            return None
        spent, affordable = self.estimator.cost_["training_flops"], math.inf
        if spent:
            condition = self.estimator.condition(PROBED, None, seed)
            cost = count_flops(lambda: self.estimator.sample_encoded(PROBED, condition, seed))
            affordable = DRAWING_SHARE * spent * PROBED / max(cost, 1)
        wanted = further_samples(len(self.setting.split.train), n, affordable)
        if not wanted:
            return None
        return self.setting.rows(self._generate(wanted, seed_of(seed, "membership")))

    def _expected(self, n: int) -> Any:
        """Return the samples of :meth:`score` without the noise of single pixels."""
        estimator, seed = self.estimator, int(self.estimator.random_state)
        encoded = estimator.expected_encoded(n, estimator.condition(n, None, seed), seed)
        values: Any = estimator.encoding_.decode_values(encoded)
        return values

    def describe(self, scores: Mapping[str, Score | None]) -> ModelRecord:
        """Return the entry in ``evaluation.json``, without flags and notes."""
        return ModelRecord(
            name=self.line.name,
            label=self.line.label,
            family=self.line.family,
            role=self.line.role,
            is_copy=self.estimator.is_copy,
            parameters=self.estimator.n_parameters_,
            network=self._network(),
            **self.estimator.cost_,
            metrics=figures_of(self.setting, scores),
        )

    def _network(self) -> NetworkRecord | None:
        estimator, test = self.estimator, self.setting.part("test")
        if not isinstance(estimator, NetworkEstimator):
            return None
        operations = estimator.operations_per_row(self.setting.for_model(test))
        return NetworkRecord(sum(p.numel() for p in estimator.net_.parameters()), operations)

    def _time_sampling(self, n: int, seed: int) -> Score:
        """Time a few small draws, now that the first is over, which warms everything up."""
        rows = max(n // (TIMED_SHARE * TIMED_DRAWS), 1)
        condition = self.estimator.condition(rows, None, seed)
        # A wall clock would count what other members do meanwhile; beside a GPU nobody else works.
        on_processor = find_device(getattr(self.estimator, "device", "cpu")) == "cpu"
        clock = time.process_time if on_processor else time.perf_counter
        seconds = []
        for draw in range(TIMED_DRAWS):
            start = clock()
            self.estimator.sample_encoded(rows, condition, seed + draw)
            seconds.append((clock() - start) / rows * 1000)
        told = "processor time" if on_processor else "time"
        method = f"{told} of {TIMED_DRAWS} draws of {rows} samples, t-interval of their mean"
        return measured_score(seconds, rows, method)

    def _likelihoods(self, x: np.ndarray, test: Dataset) -> np.ndarray | None:
        """Return the log-likelihood of each test row, where the model defines one."""
        if not hasattr(self.estimator, "log_likelihoods_encoded"):
            return None
        found: np.ndarray | None = self.estimator.log_likelihoods_encoded(x, test.codes)
        return found

    def _own_scores(
        self, x: np.ndarray, test: Dataset, likelihoods: np.ndarray | None
    ) -> dict[str, Score | None]:
        """Return the scores that look into the model, not only at its samples.

        ``x`` holds the encoded test rows, ``likelihoods`` those of some of them.
        """
        estimator, setting = self.estimator, self.setting
        scores: dict[str, Score | None] = {}
        drawn: dict[str, Any] = {"groups": test.groups, "seed": setting.seed}
        if likelihoods is not None and setting.dataset.kind == "images":
            bits = bits_per_dimension(
                likelihoods, setting.encoding.spec.size, estimator.likelihood_basis,
                groups=test.take(setting.likelihood_places).groups, seed=setting.seed,
            )  # fmt: skip
            if bits is not None:
                bits.detail["rows"] = setting.told_likelihood_rows
                if told := getattr(estimator, "likelihood_told", None):
                    bits.detail["likelihood"] = told
            scores["bits_per_dimension"] = bits
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
        scores[WHITE_BOX] = self._white_box()
        if hasattr(estimator, "denoise") and estimator.spec_.is_image:
            noisy = estimator.add_noise(test, random_state=setting.seed)
            clean = estimator.denoise(noisy)
            for name, score in reconstruction(x, clean, noisy=noisy, **drawn).items():
                scores[name.replace("reconstruction", "denoising")] = score
        return scores

    def _white_box(self) -> Score | None:
        """Return what an attacker finds who has the weights."""
        setting, attack = self.setting, self.setting.evaluator.membership
        if attack is None:
            return None
        found = []
        for name, rows in (("train", attack.members), ("test", attack.others)):
            part = setting.for_model(setting.part(name).take(rows[:MOST_ASKED]))
            x = self.estimator.encoding_.encode(part)
            score = membership_scores(self.estimator, x, part.codes, setting.seed)
            if score is None:
                return None
            found.append(score)
        return attack.score_known(*found)


def figures_of(setting: Setting, scores: Mapping[str, Score | None]) -> dict[str, Figure]:
    """Return scores as figures of ``evaluation.json``, between the two ends of their scales.

    Parameters
    ----------
    setting : Setting
        Its evaluator knows what real rows and what noise score.
    scores : mapping of Score
        By metric; None where it is not defined.

    Returns
    -------
    dict of Figure
        By metric.
    """
    evaluator, levels = setting.evaluator, setting.dataset.levels
    figures = {}
    for name, score in scores.items():
        noise, real = evaluator.noise.get(name), evaluator.real.get(name)
        if name == WHITE_BOX:
            real = evaluator.real[MEMBERSHIP]
        attack = evaluator.membership if name in (MEMBERSHIP, WHITE_BOX) else None
        copy = None if attack is None else attack.copy
        if name == "bits_per_dimension" and levels is not None:
            # Uniform noise over the grey levels has exactly so many bits.
            noise = math.log2(levels)
        if score is None:
            figures[name] = Figure(method="not defined", real=real, noise=noise, copy=copy)
            continue
        estimate = from_json(Figure, score.estimate.to_dict())
        figures[name] = replace(
            estimate, real=real, noise=noise, copy=copy, basis=score.basis, detail=score.detail
        )
    return figures
