"""A model with its hyperparameters, in the setting in which it is fitted and judged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Generic, Protocol, Self, TypeVar

from further.compare.members import own_parameters
from further.compare.source import describe_data
from further.data.dataset import Dataset
from further.registry import ModelEntry, find_model
from further.train.parameters import parameters_to_json
from further.train.run import Run


class Setting(Protocol):
    """What the candidates of every comparison share."""

    @property
    def dataset(self) -> Dataset:
        """All rows, with their target."""

    @property
    def seed(self) -> int:
        """Of the comparison."""

    @property
    def device(self) -> str:
        """Where networks run."""


SettingT = TypeVar("SettingT", bound=Setting)


@dataclass(frozen=True)
class Candidate(Generic[SettingT]):
    """A model that is fitted and judged in a setting."""

    setting: Annotated[SettingT, "Rows, target, seed and device."]
    line: Annotated[ModelEntry, "Its line in the table of models."]
    parameters: Annotated[dict[str, Any], "Hyperparameters."]

    @classmethod
    def make(
        cls, setting: SettingT, name: str, parameters: Any, repeat: int = 0, **given: Any
    ) -> Self:
        """Return a candidate, seeded by seed and repeat of the comparison.

        Parameters
        ----------
        setting : Setting
            Seed and device.
        name : str
            The model.
        parameters : mapping or None
            Hyperparameters, as they stand in JSON.
        repeat : int, default=0
            Each has another seed.
        **given
            What is taken where they say nothing.

        Returns
        -------
        Candidate
            Not fitted.
        """
        line = find_model(name)
        own = own_parameters(
            line, parameters, seed=setting.seed, device=setting.device, repeat=repeat,
            defaults=given,
        )  # fmt: skip
        return cls(setting, line, own)

    def estimator(self) -> Any:
        """Return the estimator, not fitted."""
        return self.line.load()(**self.parameters)

    def begin(self, folder: Path) -> Run:
        """Return the run of a member, new or as it was left."""
        return Run.create(
            folder,
            command="train",
            model=self.line.name,
            parameters=parameters_to_json(self.parameters),
            seed=int(self.parameters.get("random_state", self.setting.seed)),
            data=describe_data(self.setting.dataset),
        )
