r"""Whom a generator leaves out: coverage by group, and how often it makes each group.

Two questions, each with a control:

* *coverage*: which share of the real rows of a group, that the generator never saw, has a generated
  row near it, beside what as many real rows reach (:mod:`further.trust.audit.coverage`);
* *balance*: the share of each group among generated rows beside that among real ones. Where the
  attribute is a generated column it is counted; else a classifier recognises it, and its errors are
  corrected (:mod:`further.trust.audit.quantification`).

A group is *left out* where its coverage falls short by more than that of all others does, or where
its share is smaller than in real rows; both intervals are at the level that all groups together
need (Bonferroni). The training rows' own shares say whether the data or the generator lost it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.dataset import Dataset, as_dataset
from further.data.encoding import ImageEncoding, TableEncoding
from further.data.preparation.conforming import conform
from further.errors import InputError
from further.evaluate.generation.features import FeatureSpace
from further.evaluate.recovery import difference
from further.evaluate.share import Intervals, share_intervals
from further.trust.audit.coverage import PARTS, Covered, covered_by_group
from further.trust.audit.groups import Family, families, named
from further.trust.audit.quantification import Recogniser, corrected_shares, recogniser

Floats = NDArray[np.floating[Any]]

LEVEL = 0.05
#: What grows with the square of the rows looks at a random choice where there are more.
MOST_ROWS = 6000
FEWEST_ROWS = 60
#: Of a group with fewer held-out rows nothing is flagged.
LEAST_OF_A_GROUP = 20


@dataclass(frozen=True, eq=False)
class LeftOut:
    """The groups by one attribute, or by several at once.

    Attributes
    ----------
    family : Family
        The groups, of the held-out rows.
    covered : Covered
        Counts of covered rows; ``generated.share()``, ``control.share()`` and ``shortfall()`` have
        the figures.
    real, generated, training : Intervals or None
        The share of each group among held-out, generated and training rows; None where it is not
        known.
    recognised : Recogniser or None
        What the group of generated rows was recognised by; None where they hold it.
    """

    family: Family
    covered: Covered
    real: Intervals
    generated: Intervals | None
    training: Intervals | None = None
    recognised: Recogniser | None = None
    _level: float = 1 - LEVEL
    _adjusted: Intervals | None = None

    @property
    def small(self) -> NDArray[np.bool_]:
        """Groups with too few held-out rows to say anything."""
        return self.family.rows() < LEAST_OF_A_GROUP

    @property
    def uncovered(self) -> NDArray[np.bool_]:
        """Groups whose coverage falls short by more than that of the others does."""
        beyond = self.covered.beyond_others(self._level)
        return (beyond.low > 0) & ~self.small

    @property
    def rarer(self) -> NDArray[np.bool_]:
        """Groups that are rarer among generated rows than among real ones."""
        if self._adjusted is None:
            return np.zeros(len(self.family.groups), dtype=bool)
        real = share_intervals(self.family.rows(), len(self.family.codes), self._level)
        return (difference(self._adjusted, real).high < 0) & ~self.small

    @property
    def left_out(self) -> NDArray[np.bool_]:
        """Groups of which either is so."""
        return self.uncovered | self.rarer


@dataclass(frozen=True, eq=False)
class GeneratorAudit:
    """Whom a generator leaves out."""

    by: Annotated[tuple[LeftOut, ...], "Groups by each attribute, and by all at once."]
    n: Annotated[int, "Held-out rows."]
    samples: Annotated[int, "Generated rows."]
    notes: Annotated[tuple[str, ...], "What was recognised and decided."] = ()

    @property
    def left_out(self) -> list[str]:
        """The groups that are left out, in words."""
        return [
            f"{found.family.name}: {named(group)}"
            for found in self.by
            for group, out in zip(found.family.groups, found.left_out, strict=True)
            if out
        ]

    @property
    def sentence(self) -> str:
        """The answer."""
        for found in self.by:
            for g in np.flatnonzero(found.left_out):
                return f"The generator leaves out {_told(found, int(g))}"
        names = ", ".join(found.family.name for found in self.by)
        return (
            f"No group by {names} is left out more than others are, as far as {self.n:,} held-out "
            f"and {self.samples:,} generated rows show."
        )

    def to_frame(self) -> pd.DataFrame:
        """Return a row a group: coverage, control, shares, each with its interval."""
        rows = []
        for found in self.by:
            kinds = {
                "coverage": found.covered.generated.share(),
                "control": found.covered.control.share(),
                "shortfall": found.covered.shortfall(),
                "share_real": found.real,
                "share_generated": found.generated,
                "share_training": found.training,
            }
            for g, group in enumerate(found.family.groups):
                row: dict[str, Any] = {"by": found.family.name, "group": named(group)}
                row |= {"n": int(found.family.rows()[g]), "small": bool(found.small[g])}
                for name, of in kinds.items():
                    ends = ("values", "low", "high")
                    for end in ends:
                        told = np.nan if of is None else float(getattr(of, end)[g])
                        row[name if end == "values" else f"{name}_{end}"] = told
                rows.append({**row, "left_out": bool(found.left_out[g])})
        return pd.DataFrame(rows)


def audit_samples(
    generated: Any,
    real: Any,
    attributes: str | Sequence[str] | pd.DataFrame,
    *,
    training: Any = None,
    training_attributes: pd.DataFrame | None = None,
    seed: int = 0,
) -> GeneratorAudit:
    """Say which groups of people, or of pictures, a generator leaves out.

    When to use: before generated rows stand for real ones, as for research on data that may not be
    shown. When it fails: a group that no attribute names; attributes that a classifier cannot see
    in the rows; and it does not find copies of training rows, which cover everybody (the evaluation
    of a run does).

    Parameters
    ----------
    generated : Dataset, DataFrame or array
        Rows of a generator, best a third as many as held-out ones or more.
    real : Dataset, DataFrame or array
        Held-out rows, which the generator did not learn from.
    attributes : str, sequence of str, or DataFrame
        Columns of ``real`` by whose values to divide, ``age:25,45`` cuts numbers; or a table of
        them with a row for each real row, as for pictures.
    training : Dataset, DataFrame or array, optional
        The rows that the generator learnt from, for their shares.
    training_attributes : DataFrame, optional
        Their attributes, where these are no columns.
    seed : int, default=0
        Of all that is drawn.

    Returns
    -------
    GeneratorAudit
        Its ``sentence`` is the answer; ``to_frame()`` has a row a group.

    Raises
    ------
    InputError
        For attributes that are not there, rows of another kind, and too few of them.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> def people(n, women):
    ...     sex = np.where(rng.random(n) < women, "f", "m")
    ...     return pd.DataFrame({"sex": sex, "height": rng.normal(170, 8, n) - 12 * (sex == "f")})
    >>> audit_samples(people(900, 0.05), people(900, 0.5), "sex").left_out
    ['sex: f']
    """
    held_out, made = as_dataset(real, name="real"), _like(generated, as_dataset(real), "generated")
    if len(held_out) < FEWEST_ROWS or len(made) < FEWEST_ROWS // PARTS:
        raise InputError(
            f"audit_generator: {len(held_out)} held-out and {len(made)} generated rows are too "
            f"few; give at least {FEWEST_ROWS} and {FEWEST_ROWS // PARTS}."
        )
    learnt = None if training is None else as_dataset(training, name="training")
    rng = np.random.default_rng(seed)
    held_out, own, chosen = _some(held_out, _attributes(held_out, attributes, None), rng)
    wanted = list(own.columns) if isinstance(attributes, pd.DataFrame) else _listed(attributes)
    tables = [own]
    columns = set(own.columns)
    is_column = held_out.kind == "table" and columns <= set(made.frame.columns)
    tables.append(made.frame[list(own.columns)] if is_column else own.iloc[:0])
    of_training = None if learnt is None else _attributes(learnt, attributes, training_attributes)
    tables.append(own.iloc[:0] if of_training is None else of_training[list(own.columns)])
    # Groups are made of all tables at once, so that they are the same ones.
    together = pd.concat([t.astype(own.dtypes.to_dict()) for t in tables], ignore_index=True)
    found, notes = families(together, wanted, "the real rows")
    sizes = np.cumsum([len(table) for table in tables])
    x, y = _features(held_out, made, columns, seed)
    by = []
    for family in found:
        real_codes, made_codes, learnt_codes = np.split(family.codes, sizes[:2])
        by.append(
            _of_family(
                replace(family, codes=real_codes), x, y, made_codes if is_column else None,
                learnt_codes if len(learnt_codes) else None, seed,
            )
        )  # fmt: skip
    if chosen:
        notes = (*notes, f"{len(held_out):,} held-out rows, drawn at random, are judged.")
    if not is_column:
        notes = (*notes, *_how_recognised(by))
    return GeneratorAudit(tuple(by), len(held_out), len(made), notes)


def _of_family(
    family: Family,
    x: Floats,
    y: Floats,
    made: NDArray[np.int64] | None,
    learnt: NDArray[np.int64] | None,
    seed: int,
) -> LeftOut:
    groups = len(family.groups)
    covered = covered_by_group(x, family.codes, y, made, groups=groups, seed=seed)
    level = 1 - LEVEL / (2 * groups)  # two figures of each group
    recognised = None
    shares: list[Intervals | None] = [None, None]
    if made is not None:
        counts = np.bincount(made, minlength=groups)
        shares = [share_intervals(counts, len(made), at) for at in (1 - LEVEL, level)]
    elif family.rows().min() >= LEAST_OF_A_GROUP and groups > 1:
        recognised = recogniser(x, family.codes, groups, seed)
        confusion, said = recognised.confusion, recognised.counts(y)
        shares = [corrected_shares(confusion, said, at, seed) for at in (1 - LEVEL, level)]
    training = None
    if learnt is not None:
        training = share_intervals(np.bincount(learnt, minlength=groups), len(learnt))
    real = share_intervals(family.rows(), len(family.codes))
    generated, adjusted = shares
    return LeftOut(family, covered, real, generated, training, recognised, level, adjusted)


def _listed(attributes: Any) -> list[str]:
    return [attributes] if isinstance(attributes, str) else list(attributes)


def _attributes(rows: Dataset, attributes: Any, given: pd.DataFrame | None) -> pd.DataFrame:
    """Return the attributes of real rows: as given, or columns, or those that a data set keeps."""
    if given is None and isinstance(attributes, pd.DataFrame):
        given = attributes
    if given is not None:
        if len(given) != len(rows):
            raise InputError(
                f"audit_generator: {len(given)} rows of attributes do not fit {len(rows)} rows of "
                "data; give one for each."
            )
        return given.reset_index(drop=True)
    known = rows.frame.reset_index(drop=True) if rows.kind == "table" else pd.DataFrame()
    if rows.attributes is not None:
        known = pd.concat([known, rows.attributes.reset_index(drop=True)], axis=1)
    if rows.classes is not None:
        known = known.assign(**{rows.classes.name: rows.classes.column()})
    asked = _listed(attributes)
    names = [text if text in known else text.rpartition(":")[0] or text for text in asked]
    absent = [name for name in names if name not in known]
    if absent:
        raise InputError(
            f'audit_generator: the real rows have no column "{absent[0]}"; they have '
            f"{', '.join(map(str, known.columns)) or 'none'}. Give attributes that are no columns "
            "as a DataFrame with a row for each real row."
        )
    return known[list(dict.fromkeys(names))]


def _some(
    rows: Dataset, attributes: pd.DataFrame, rng: np.random.Generator
) -> tuple[Dataset, pd.DataFrame, bool]:
    if len(rows) <= MOST_ROWS:
        return rows, attributes, False
    drawn = np.sort(rng.permutation(len(rows))[:MOST_ROWS])
    return rows.take(drawn), attributes.iloc[drawn].reset_index(drop=True), True


def _like(generated: Any, real: Dataset, place: str) -> Dataset:
    if isinstance(generated, pd.DataFrame) and real.kind == "table":
        columns = [name for name in real.frame.columns if name in generated]
        like = real.frame[columns]
        if not columns:
            raise InputError("audit_generator: generated and real rows share no column.")
        generated = conform(generated, like, "the generated rows", "the real rows")
    made = as_dataset(generated, name=place)
    shapes = [of.values.shape[1:] if of.kind != "table" else () for of in (made, real)]
    if made.kind != real.kind or shapes[0] != shapes[1]:
        raise InputError(
            f"audit_generator: generated rows are {made.kind} of shape {shapes[0]}, real ones "
            f"{real.kind} of shape {shapes[1]}; give rows of the same kind."
        )
    return made


def _features(
    real: Dataset, made: Dataset, attributes: set[str], seed: int
) -> tuple[Floats, Floats]:
    """Return what distances are measured in: encoded rows without the attributes, reduced."""
    shape = None
    if real.kind == "table":
        kept = [c for c in real.frame.columns if c in made.frame and c not in attributes]
        if not kept:
            raise InputError("audit_generator: there is no column besides the attributes.")
        real, made = (
            replace(
                of,
                values=of.frame[kept],
                feature_names=tuple(kept),
                columns=tuple(kept),
                target=None,
            )
            for of in (real, made)
        )
        encoding: Any = TableEncoding.fit(real)
    else:
        encoding = ImageEncoding.fit(real)
        shape = encoding.spec.shape
    x, y = (encoding.encode(of).reshape(len(of), -1) for of in (real, made))
    space = FeatureSpace(x, None, seed, shape)
    return space(x), space(y)


def _how_recognised(by: Sequence[LeftOut]) -> tuple[str, ...]:
    notes = []
    for found in by:
        if found.recognised is None or found.generated is None:
            notes.append(
                f"How often each group by {found.family.name} is generated is not known: a "
                "classifier does not tell the groups apart, or a group has too few rows."
            )
            continue
        right = found.recognised.recalls.values
        told = ", ".join(
            f"{named(g)} {r:.0%}" for g, r in zip(found.family.groups, right, strict=True)
        )
        notes.append(
            f"The {found.family.name} of generated rows was recognised by a classifier and its "
            f"errors corrected; of real rows it recognises {told}."
        )
    return tuple(notes)


def _told(found: LeftOut, g: int) -> str:
    group = f"{found.family.name} {named(found.family.groups[g])}"
    parts = []
    if found.rarer[g]:
        assert found.generated is not None
        parts.append(
            f"{found.generated.values[g]:.1%} of its rows are, and {found.real.values[g]:.1%} of "
            "real ones"
        )
        if found.training is not None:
            parts[-1] += f" ({found.training.values[g]:.1%} of the training rows)"
    if found.uncovered[g]:
        kinds = found.covered.generated, found.covered.control
        covered, control = (kind.share().values[g] for kind in kinds)
        parts.append(
            f"{covered:.0%} of the real ones have a generated row near them, where real rows reach "
            f"{control:.0%}"
        )
    return f"{group}: {'; '.join(parts)}."
