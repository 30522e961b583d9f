"""An audit of a generator: of rows that anybody generated, of a model, or of a run of ours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from further.data.dataset import Dataset
from further.data.loading import load
from further.errors import InputError
from further.registry import find_model
from further.train.run import Run
from further.trust.audit.generators import GeneratorAudit, audit_samples


def audit_generator(
    source: Any,
    real: Any = None,
    attributes: str | Sequence[str] | pd.DataFrame = (),
    *,
    training: Any = None,
    training_attributes: pd.DataFrame | None = None,
    model: str | None = None,
    n: int | None = None,
    seed: int = 0,
) -> GeneratorAudit:
    """Say which groups a generator leaves out: coverage and balance by attribute, with intervals.

    When to use: before generated rows stand for real ones. When it fails: see
    :func:`further.trust.audit.generators.audit_samples`, which does this for rows.

    Parameters
    ----------
    source : path, DataFrame, array, or object with ``sample``
        The folder of a run, a file of generated rows, the rows themselves, or a fitted generator.
    real : path, DataFrame, array or Dataset, optional
        Rows that the generator did not learn from. A run knows its own: the validation and test
        rows.
    attributes : str, sequence of str, or DataFrame
        Columns of ``real`` by whose values to divide; a run also has the columns that its model did
        not see, and the label. Or a table with a row for each real row.
    training, training_attributes : optional
        The rows that the generator learnt from, for their shares; a run knows its own.
    model : str, optional
        Of a run that compares several; needed there.
    n : int, optional
        Number of rows to draw from a generator; default: as many as there are real ones.
    seed : int, default=0
        Of all that is drawn.

    Returns
    -------
    GeneratorAudit
        Its ``sentence`` is the answer; ``to_frame()`` has a row a group.

    Raises
    ------
    InputError
        If real rows or attributes are missing, or do not fit the generated ones.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> sex = rng.choice(["f", "m"], 600)
    >>> real = pd.DataFrame({"sex": sex, "height": rng.normal(170, 8, 600) - 12 * (sex == "f")})
    >>> audit_generator(real[sex == "m"], real, "sex").left_out
    ['sex: f']
    """
    if not isinstance(attributes, pd.DataFrame) and not attributes:
        raise InputError("audit_generator: name the attributes by which to divide the rows.")
    if isinstance(source, str | Path) and (Path(source) / "run.json").is_file():
        if real is not None or training is not None:
            raise InputError(f'The run "{source}" knows its real rows; leave them out.')
        real, training, generator = _of_run(Run(source), model)
    else:
        generator = source
        if model is not None:
            raise InputError(f"model={model!r} names a model of a run, and {source} is none.")
        if real is None:
            raise InputError("audit_generator: give the real rows that the generator never saw.")
        real, training = _rows(real), None if training is None else _rows(training)
    if hasattr(generator, "sample") and not isinstance(generator, pd.DataFrame):
        generated = generator.sample(n or len(real))
        # A generator that knows labels returns them beside the rows.
        generated = generated[0] if isinstance(generated, tuple) else generated
    else:
        generated = _rows(generator)
    return audit_samples(
        generated, real, attributes, training=training, training_attributes=training_attributes,
        seed=seed,
    )  # fmt: skip


def _rows(source: Any) -> Any:
    if isinstance(source, str | Path):
        return load(source, target="none", tidy=False)
    return source


def _of_run(run: Run, model: str | None) -> tuple[Dataset, Dataset, Any]:
    """Return the held-out rows of a run, its training rows, and its model."""
    from further.compare.generation.setting import read_setting
    from further.train.load import load as load_model

    if run.record.get("task") != "generation":
        task = run.record.get("task")
        raise InputError(f'"{run.path}" is a run of {task}, which generates nothing.')
    run.refuse_unfinished()
    setting = read_setting(run)
    held_out = np.concatenate([setting.split.validation, setting.split.test])
    name = None if model is None else find_model(model).name
    return setting.dataset.take(held_out), setting.part("train"), load_model(run.path, name)
