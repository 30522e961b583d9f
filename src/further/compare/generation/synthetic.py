"""Rows that another tool generated, judged by the protocol by which further judges its own models.

No model is trained but the simple control, since a figure without one says little; what can only be
asked of a model (its likelihood, its latent space, its time) is not judged.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from further.compare.generation.given_rows import SYNTHETIC, GivenRows, read_given_rows
from further.compare.generation.member import figures_of
from further.compare.generation.pictures import write_pictures, write_real
from further.compare.generation.run import GenerationRun
from further.compare.generation.setting import Setting
from further.compare.generation.single import judge_control
from further.compare.result import Result
from further.compare.scores import write_scores
from further.compare.source import EventHandler, default_folder, describe_data
from further.data.dataset import Dataset
from further.errors import RunError
from further.evaluate.generation.flags import flags
from further.evaluate.generation.membership import further_samples
from further.evaluate.interval import Score
from further.evaluate.record import ModelRecord
from further.generate.generative_estimator import GenerativeEstimator
from further.train.run import Run

TASK = "generation"


class Evaluated(Result[GenerativeEstimator]):
    """Rows that were judged; there is no model to be loaded."""


def evaluate_synthetic(
    synthetic: Any,
    *,
    train: Any,
    test: Any,
    validation: Any = None,
    target: str | None = None,
    groups: str | None = None,
    attributes: Sequence[str] = (),
    header: bool | None = None,
    categorical: Sequence[str] = (),
    numeric: Sequence[str] = (),
    identifier: Sequence[str] = (),
    missing_values: Any = None,
    seed: int = 0,
    out: str | Path | None = None,
    on_event: EventHandler | None = None,
    command: str | None = None,
) -> Evaluated:
    """Judge a table that another tool generated as if one of further's models had.

    Use it beside or instead of the tool's own quality report. It fails where the tool has seen the
    test rows: then every figure flatters it.

    Parameters
    ----------
    synthetic : str, Path, DataFrame or array
        The generated rows, best as many as there are training rows; of more, a part is drawn.
    train : str, Path, DataFrame or array
        The rows that the tool learnt from. They decide what the columns are and which of them is
        the label.
    test : str, Path, DataFrame or array
        Real rows that the tool never saw.
    validation : str, Path, DataFrame or array, optional
        More of these, to show what real rows score; default: half of the test rows.
    target : str, optional
        The label column; "none" for no label. Without it one is looked for as
        :func:`further.data.load` does.
    groups : str, optional
        A column of the real tables whose equal values depend on each other.
    attributes : sequence of str, optional
        Columns of the real tables that are not judged.
    header : bool, optional
        Whether the first line of CSV files holds the names; detected by default.
    categorical, numeric, identifier : sequence of str, optional
        Columns that are so, whatever they look like, as :func:`further.data.load` has them.
    missing_values : value, sequence of values or mapping, optional
        What stands for a missing value in all tables, besides what is customary.
    seed : int, default=0
        Of all that is drawn.
    out, on_event, command : optional
        As :func:`further.compare.generative_models` has them.

    Returns
    -------
    Evaluated
        With the path of the run and the evaluation.

    Raises
    ------
    InputError
        If a table cannot be read, or its columns do not fit those of the training rows.

    Examples
    --------
    >>> import further
    >>> judged = further.compare.evaluate_synthetic(
    ...     "synthetic.csv", train="train.csv", test="test.csv"
    ... )  # doctest: +SKIP
    >>> judged.evaluation["models"][0]["flags"]  # doctest: +SKIP
    []
    """
    given = {SYNTHETIC: synthetic, "train": train, "test": test, "validation": validation}
    sources = {part: source for part, source in given.items() if source is not None}
    rows = read_given_rows(
        sources, seed=seed, target=target, groups=groups, attributes=attributes, header=header,
        categorical=categorical, numeric=numeric, identifier=identifier,
        missing_values=missing_values,
    )  # fmt: skip
    setting, label = rows.setting, rows.synthetic.name
    on_disk = all(isinstance(source, str | Path) for source in sources.values())
    called = ", ".join(f"{part}={part}" for part in sources if part != SYNTHETIC)
    run = Run.create(
        out or default_folder("evaluate", label),
        command=command or f"further.compare.evaluate_synthetic(synthetic, {called}, seed={seed})",
        task=TASK,
        data=describe_data(setting.dataset),
        synthetic={
            "label": label,
            "fingerprint": rows.synthetic.fingerprint,
            "sources": {part: str(Path(s).resolve()) for part, s in sources.items()}
            if on_disk
            else None,
        },
        seed=seed,
        conditional=setting.conditional,
        split=setting.split.describe(),
    )
    if not on_disk:
        setting.dataset.save(run.path / "data")
        rows.synthetic.save(run.path / "synthetic")
    judging = SyntheticRun(run, on_event)
    judging.rows = rows
    return judging.judge()


class SyntheticRun(GenerationRun):
    """The run of rows that were made elsewhere."""

    @cached_property
    def rows(self) -> GivenRows:
        """What is judged, read again; to be set where it is known already."""
        record = self.run.record
        about, began = record["synthetic"], record["data"]
        if about["sources"] is not None:
            found = read_given_rows(about["sources"], seed=record["seed"], **began["options"])
        else:
            dataset = replace(Dataset.open(self.run.path / "data"), options=began["options"])
            split = replace(dataset.split(seed=record["seed"]), method=record["split"]["method"])
            setting = Setting(dataset, split, record["seed"], "auto", record["conditional"])
            synthetic = Dataset.open(self.run.path / "synthetic")
            found = GivenRows(setting, synthetic)
        for what, rows, fingerprint in (
            ("real", found.setting.dataset, began["fingerprint"]),
            ("synthetic", found.synthetic, about["fingerprint"]),
        ):
            if rows.fingerprint != fingerprint:
                raise RunError(
                    f'The {what} rows have changed since the run "{self.run.path}" began; start a '
                    "new run."
                )
        return found

    @cached_property
    def setting(self) -> Setting:
        """Real rows, their split and the evaluator."""
        return self.rows.setting

    def resume(self, jobs: int | None = None) -> Evaluated:
        """Judge what an interruption has left."""
        return self.judge()

    def judge(self, device: str = "auto") -> Evaluated:
        """Judge the rows, with the simple control beside them."""
        started = time.monotonic()
        run, setting, given = self.run, self.setting, self.rows.synthetic
        self.emit({"event": "judging", "what": f"Judging {given.name}"})
        with run.working():
            run.update(status="running")
            evaluator = setting.evaluator
            # As many as further draws of its own models, so that figures can be set side by side.
            n = max(evaluator.n_samples, evaluator.n_learning_samples)
            drawn = np.random.default_rng(setting.seed).permutation(len(given))
            judged = given.take(np.sort(drawn[:n]))
            samples = setting.rows(judged)
            # Membership inference sees more in more rows.
            wanted = further_samples(len(setting.split.train), n, math.inf)
            others = drawn[n : n + wanted] if evaluator.membership is not None else drawn[:0]
            more = setting.rows(given.take(others)) if len(others) > 1 else None
            scores: dict[str, Score | None] = dict(evaluator.score(samples, more))
            write_scores(run.path, scores)
            write_pictures(setting, None, judged, samples, run.path)
            write_real(setting, run.path)
            controls, control = judge_control(setting, len(judged))
            raised, sentences = flags(scores, evaluator.real, control)
            record = ModelRecord(
                name=SYNTHETIC,
                label=given.name,
                family="classical",
                metrics=figures_of(setting, scores),
                flags=raised,
                notes=(
                    *sentences,
                    *given.notes,
                    *_number(given, n, evaluator.n_samples, len(others)),
                ),
            )
            spent = time.monotonic() - started
            self._write([record], spent, controls=controls, trained=False)
            run.update(status="finished")
        return Evaluated.of(run)


def _number(given: Dataset, wanted: int, compared: int, more: int) -> tuple[str, ...]:
    """Say of how many rows the figures speak, where it is not of all or they are few."""
    n = len(given)
    if n > wanted:
        told = f"{wanted:,} of its {n:,} rows, drawn at random, are judged"
        return (f"{told}; membership inference sees {more:,} more." if more > 1 else f"{told}.",)
    if n < compared:
        return (
            f"It has {n:,} rows, fewer than the {compared:,} that are compared with it: coverage "
            "and recall come out lower for that.",
        )
    return ()
