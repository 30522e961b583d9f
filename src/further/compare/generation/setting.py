"""What all members of a comparison of generative models share."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from further.compare.source import read_data
from further.data.dataset import Dataset
from further.data.encoding import Encoding
from further.data.kind import KINDS, fit_encoding
from further.data.spec import Spec
from further.data.splits import Split
from further.evaluate.generation.evaluator import EncodedRows, GenerativeEvaluator
from further.train.parameters import parameters_from_json
from further.train.run import Run
from further.train.seeds import seed_of


@dataclass(frozen=True)
class Setting:
    """What all members share: rows, split, evaluator, seed, budget."""

    dataset: Annotated[Dataset, "All rows, with labels where the data have them."]
    split: Annotated[Split, "Which rows train, choose weights, and evaluate."]
    seed: Annotated[int, "Of the comparison."]
    budget: Annotated[str, "Of each member."]
    conditional: Annotated[bool, "Whether members are conditioned on the class."]
    device: Annotated[str, 'Where networks run: "auto", "cpu", "cuda" or "mps".'] = "auto"
    likelihood_rows: Annotated[
        int | None, "Of how many test rows, drawn at random, likelihoods are computed; None: all."
    ] = None

    @functools.cached_property
    def encoding(self) -> Encoding:
        """The encoding that the evaluator uses, fitted on training rows."""
        return fit_encoding(self.part("train"))

    @property
    def model_spec(self) -> Spec:
        """The spec that a member builds its network from."""
        spec = self.encoding.spec
        return spec if self.conditional else replace(spec, target=None)

    @property
    def likelihood_places(self) -> NDArray[np.intp]:
        """Which test rows likelihoods are computed of, the same for all members, in order."""
        n = len(self.split.test)
        order = np.random.default_rng(seed_of(self.seed, "likelihood")).permutation(n)
        return np.sort(order[: self.likelihood_rows])

    @property
    def told_likelihood_rows(self) -> str:
        """Return in words which test rows likelihoods are computed of."""
        n, k = len(self.split.test), len(self.likelihood_places)
        if k == n:
            return "of all test rows"
        return f"of {k:,} of {n:,} test rows drawn at random, the same for all models"

    @functools.cached_property
    def evaluator(self) -> GenerativeEvaluator:
        """The fixed protocol."""
        return GenerativeEvaluator(
            *(self.rows(self.part(name)) for name in ("train", "validation", "test")),
            kind=self.dataset.kind,
            seed=self.seed,
            integer_grid=self.dataset.levels,
            blocks=self.encoding.spec.blocks,
            shape=self.encoding.spec.shape if self.dataset.kind == "images" else None,
            target=self.number_target,
        )

    @property
    def number_target(self) -> str | None:
        """The column that was named as the target where it holds numbers.

        It is generated like any other column, and what samples teach about it is judged.
        """
        asked = str(self.dataset.options.get("target") or "").strip().lower()
        numbers = [block.name for block in self.encoding.spec.blocks if block.kind == "numeric"]
        return next((name for name in numbers if name.strip().lower() == asked), None)

    def part(self, name: str) -> Dataset:
        """Return the rows of "train", "validation" or "test"."""
        return self.dataset.take(getattr(self.split, name))

    def for_model(self, part: Dataset) -> Dataset:
        """Return rows as a member sees them: without labels when unconditional."""
        return part if self.conditional else replace(part, target=None)

    def rows(self, part: Dataset) -> EncodedRows:
        """Return rows as the evaluator sees them."""
        x = self.encoding.encode(part).reshape(len(part), -1)
        return EncodedRows(x, part.codes, KINDS[part.kind].frame(part), part.groups)


def read_setting(run: Run) -> Setting:
    """Return the setting of a comparison, or of the training of one model, from its run.

    Raises
    ------
    RunError
        If the data are gone or have changed.
    """
    record = run.record
    dataset = read_data(run)
    # The seed of one model's training may be its own hyperparameter; that of the split is not.
    seed = record["split"]["seed"]
    if "models" in record:
        budget = record["budget"]
    else:  # it is a hyperparameter of the one model
        budget = parameters_from_json(record["parameters"].get("budget", "auto"))
    device = record.get("device", "auto")
    return Setting(
        dataset, dataset.split(seed=seed), seed, budget, record["conditional"], device,
        record.get("likelihood_rows"),
    )  # fmt: skip
