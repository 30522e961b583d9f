"""What is audited: the truth of each row, what a model said of it, and columns that describe it.

It comes from a file that any framework wrote, a table in memory, or a run; nothing is guessed that
changes a figure: which label is the positive one, and from which score on a row is selected, is
recognised only where it cannot be otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.data.preparation.columns import nearest, quoted
from further.errors import InputError
from further.trust.audit.groups import is_number, word_of

Kind = Literal["binary", "classes", "numbers", "objects"]

#: Pairs of labels whose positive one is plain, in lower case.
_PLAIN_PAIRS = (
    ("0", "1"), ("no", "yes"), ("n", "y"), ("false", "true"), ("f", "t"), ("negative", "positive"),
    ("neg", "pos"), ("-1", "1"),
)  # fmt: skip
#: Whole numbers with more distinct values are quantities.
MOST_CLASSES = 20


@dataclass(frozen=True, eq=False)
class Predictions:
    """Rows with their truth and what was predicted."""

    name: Annotated[str, "Of the data."]
    kind: Annotated[
        Kind, "Of the truth: two classes, several, a number, or objects that are there or not."
    ]
    truth: Annotated[NDArray[Any], "bool (is positive), the place of the class, or float; (n,)."]
    scores: Annotated[
        NDArray[np.float64] | None,
        "How strongly the positive class is predicted, or the predicted number (n,); of several "
        "classes the probability of each (n, classes).",
    ]
    decisions: Annotated[NDArray[Any] | None, "What was decided, as the truth; (n,)."]
    classes: Annotated[tuple[str, ...], "Their names; of two the positive one last."]
    columns: Annotated[pd.DataFrame, "The other columns, for groups and slices."]
    clusters: Annotated[
        NDArray[np.int64] | None, "Rows with the same number depend on each other, (n,)."
    ] = None
    model: Annotated[str | None, "What predicted, where a run names it."] = None
    threshold: Annotated[float | None, "From which score on a row is selected."] = None
    notes: Annotated[tuple[str, ...], "What was recognised and decided."] = ()

    @cached_property
    def by_score(self) -> NDArray[np.int64]:
        """The rows of two classes, the highest score first."""
        assert self.scores is not None
        return np.argsort(-self.scores, kind="stable")

    @property
    def are_probabilities(self) -> bool:
        """Whether the scores lie between 0 and 1 and are more than decisions."""
        if self.scores is None:
            return False
        return bool(self.scores.min() >= 0 and self.scores.max() <= 1)

    def take(self, kept: NDArray[np.bool_]) -> Predictions:
        """Return some of the rows."""
        names = ("scores", "decisions", "clusters")
        some: dict[str, Any] = {n: x if (x := getattr(self, n)) is None else x[kept] for n in names}
        columns = self.columns[kept].reset_index(drop=True)
        return replace(self, truth=self.truth[kept], columns=columns, **some)


def predictions_of(
    frame: pd.DataFrame,
    place: str,
    name: str,
    *,
    label: str,
    score: str | None = None,
    prediction: str | None = None,
    positive: str | None = None,
    selected: Sequence[str] = (),
    threshold: float | None = None,
    unit: str | None = None,
    undecided: bool = False,
    notes: tuple[str, ...] = (),
) -> Predictions:
    """Return the predictions that stand in a table.

    Parameters
    ----------
    frame : DataFrame
        A row a prediction.
    place : str
        Where it comes from, for messages.
    name : str
        What to call it.
    label : str
        The column with the truth.
    score : str, optional
        The column with a score that is higher where the positive class is more likely, or with
        decisions; of numbers the predicted ones.
    prediction : str, optional
        The column with the decision, where there is one beside the score or no score.
    positive : str, optional
        The label that is the positive one; needed where it is not plain.
    selected : sequence of str
        Words of ``score`` that mean that a row is selected.
    threshold : float, optional
        From which score on a row is selected.
    unit : str, optional
        A column whose equal values are rows that depend on each other, such as those of a person.
    undecided : bool, default=False
        Whether scores without decisions will do, since a rule is to decide.
    notes : tuple of str
        On how the table was read.

    Returns
    -------
    Predictions
        Rows without a truth or a prediction are left out, and a note says how many.

    Raises
    ------
    InputError
        Where a column is missing, or something has to be named that cannot be seen.
    """
    if score is None and prediction is None:
        raise InputError(f"{place}: name the column of the model's output with --score COLUMN.")
    asked = {"label": label, "score": score, "prediction": prediction, "unit": unit}
    found = {what: _find(frame, column, what, place) for what, column in asked.items() if column}
    if len(set(found.values())) < len(found):
        twice = next(name for name in found.values() if list(found.values()).count(name) > 1)
        both = " and the ".join(what for what, name in found.items() if name == twice)
        raise InputError(f'{place}: "{twice}" cannot be the {both} at once; name another column.')
    known = np.ones(len(frame), dtype=bool)
    for what, column in found.items():
        absent = frame[column].isna().to_numpy()
        if (absent & known).any():
            notes += (f'{int((absent & known).sum()):,} rows without "{column}" are left out.',)
        known &= ~absent
        if not known.any():
            raise InputError(f'{place}: the column "{column}" has no value; name another {what}.')
    kept = frame[known].reset_index(drop=True)
    others = kept.drop(columns=list(found.values()))
    clusters = None
    if unit is not None:
        clusters = pd.factorize(kept[found["unit"]])[0].astype(np.int64)
        notes += (
            f'{len(kept):,} rows of {clusters.max() + 1:,} different "{found["unit"]}"; rows of '
            "one depend on each other, and intervals of shares and means know it. Other figures "
            "have none, calibration curves do not know it, and groups count as different ones.",
        )
    truth = kept[found["label"]]
    outputs = {what: kept[found[what]] for what in ("score", "prediction") if what in found}
    reader = _Reader(place, positive, tuple(selected), threshold, undecided)
    if truth.nunique() == 2:
        read = reader.binary(truth, **outputs)
    elif truth.nunique() < 2:
        raise InputError(
            f'{place}: the label "{found["label"]}" is {next(iter(_words(truth).values()))} in all '
            f"{len(truth):,} rows; an audit compares rows with different labels."
        )
    elif is_number(truth) and _is_quantity(truth, next(iter(outputs.values()))):
        read = reader.numbers(truth, **outputs)
    else:
        read = reader.several(truth, kept, **outputs)
    return Predictions(
        name=name, columns=others, clusters=clusters, notes=(*notes, *reader.notes),
        threshold=reader.used, **read,
    )  # fmt: skip


class _Reader:
    """Reads columns as truth, scores and decisions, and keeps what there is to say of it."""

    def __init__(
        self,
        place: str,
        positive: str | None,
        selected: tuple[str, ...],
        threshold: float | None,
        undecided: bool,
    ) -> None:
        self.place, self.positive, self.selected = place, positive, selected
        self.undecided = undecided
        self.threshold, self.used = threshold, threshold
        self.notes: list[str] = []
        if threshold is not None and not np.isfinite(threshold):
            raise InputError(f"--threshold {threshold} must be a finite number.")

    def binary(
        self, truth: pd.Series, score: pd.Series | None = None, prediction: pd.Series | None = None
    ) -> dict[str, Any]:
        names = self._classes(truth)
        said = prediction if score is None else score
        assert said is not None
        is_scored = score is not None and is_number(score) and not self.selected
        scores = decisions = None
        if is_scored and (self.threshold is not None or not _is_decision(said)):
            scores = said.to_numpy(dtype=np.float64)
        if self.threshold is not None:
            if scores is None:
                raise InputError(
                    f"--threshold {self.threshold:g} needs scores that are numbers; "
                    f'"{said.name}" holds decisions.'
                )
            decisions = scores >= self.threshold
        elif prediction is not None:
            decisions = self._decisions(prediction, names)
        elif scores is None:
            decisions = self._decisions(said, names)
        elif not self.undecided:
            raise InputError(
                f'{self.place}: "{said.name}" holds scores from {scores.min():g} to '
                f"{scores.max():g} and no decisions; say with --threshold T from which score on a "
                "row is selected."
            )
        is_positive = _is(truth, [names[1]])
        return {
            "kind": "binary", "truth": is_positive, "scores": scores, "decisions": decisions,
            "classes": names,
        }  # fmt: skip

    def several(
        self,
        truth: pd.Series,
        frame: pd.DataFrame,
        score: pd.Series | None = None,
        prediction: pd.Series | None = None,
    ) -> dict[str, Any]:
        said = prediction if prediction is not None else score
        assert said is not None
        if self.threshold is not None or self.selected:
            raise InputError(
                f'{self.place}: the label "{truth.name}" has {truth.nunique()} classes, so no '
                "threshold decides; name the column of the predicted class with --prediction."
            )
        words, told = _words(truth), _words(said)
        known, given = set(words.values()), set(told.values())
        names = tuple(sorted(known | given))
        strange = sorted(given - known)
        if given.isdisjoint(known):
            raise InputError(
                f'{self.place}: "{said.name}" holds {quoted(strange, most=5)}, none of which is a '
                f'class of "{truth.name}" ({quoted(sorted(known), most=5)}); name the column '
                "of the predicted class with --prediction."
            )
        if strange:
            self.notes.append(
                f'"{said.name}" has classes that "{truth.name}" has not: {quoted(strange)}.'
            )
        columns = [f"probability:{name}" for name in names]
        scores = None
        if all(column in frame.columns and is_number(frame[column]) for column in columns):
            scores = frame[columns].to_numpy(dtype=np.float64)
            if np.isnan(scores).any():
                scores = None
        place = {name: i for i, name in enumerate(names)}
        return {
            "kind": "classes", "scores": scores, "truth": _codes(truth, words, place),
            "decisions": _codes(said, told, place),
            "classes": names,
        }  # fmt: skip

    def numbers(
        self, truth: pd.Series, score: pd.Series | None = None, prediction: pd.Series | None = None
    ) -> dict[str, Any]:
        said = score if score is not None else prediction
        assert said is not None
        if self.threshold is not None or self.positive is not None or self.selected:
            raise InputError(
                f'{self.place}: the label "{truth.name}" has {truth.nunique()} distinct numbers, '
                "so it is a quantity, and no threshold or positive class decides; give a column "
                "with two labels."
            )
        return {
            "kind": "numbers", "truth": truth.to_numpy(dtype=np.float64),
            "scores": said.to_numpy(dtype=np.float64), "decisions": None, "classes": (),
        }  # fmt: skip

    def _classes(self, truth: pd.Series) -> tuple[str, str]:
        """Return the names of the negative and the positive class."""
        names = sorted(_words(truth).values())
        if self.positive is not None:
            wanted = [name for name in names if _plain(name) == _plain(self.positive)]
            if not wanted:
                raise InputError(
                    f'{self.place}: the label "{truth.name}" is {quoted(names)}, never '
                    f'"{self.positive}"; name one of them with --positive.'
                )
            return next(name for name in names if name != wanted[0]), wanted[0]
        for pair in _PLAIN_PAIRS:
            if {_plain(name) for name in names} == set(pair):
                ordered = sorted(names, key=lambda name: pair.index(_plain(name)))
                return ordered[0], ordered[1]
        raise InputError(
            f'{self.place}: the label "{truth.name}" is "{names[0]}" or "{names[1]}"; say which is '
            f'the positive one, that the score is high for, with --positive "{names[1]}".'
        )

    def _decisions(self, said: pd.Series, names: tuple[str, str]) -> NDArray[np.bool_]:
        distinct = sorted(_words(said).values())
        if self.selected:
            strange = sorted(set(self.selected) - set(distinct))
            if strange:
                raise InputError(
                    f'{self.place}: "{said.name}" is never {quoted(strange)}'
                    f"{nearest(strange[0], distinct)}; it is {quoted(distinct, most=10)}."
                )
            others = [word for word in distinct if word not in self.selected]
            self.notes.append(
                f'Selected is who has "{said.name}" = {", ".join(self.selected)}; not selected: '
                f"{', '.join(others) or 'nobody'}."
            )
            return _is(said, self.selected)
        plain = {word: _plain(word) for word in distinct}
        for negative, positive in ((_plain(names[0]), _plain(names[1])), *_PLAIN_PAIRS):
            if set(plain.values()) <= {negative, positive}:
                return _is(said, [word for word in distinct if plain[word] == positive])
        raise InputError(
            f'{self.place}: "{said.name}" holds the words {quoted(distinct, most=6)}; say which of '
            f'them mean that a row is selected with --selected "{distinct[-1]}".'
        )


def _find(frame: pd.DataFrame, wanted: str, what: str, place: str) -> str:
    names = [str(column) for column in frame.columns]
    if wanted in names:
        return wanted
    alike = [column for column in names if column.strip().lower() == wanted.strip().lower()]
    if len(alike) == 1:
        return alike[0]
    raise InputError(
        f'{place} has no column "{wanted}" for the {what}{nearest(wanted, names)}; its columns are '
        f"{quoted(names, most=20)}."
    )


def _is_decision(column: pd.Series) -> bool:
    """Whether a column of numbers holds 0 and 1 only."""
    return bool(column.isin([0, 1]).all())


def _is_quantity(truth: pd.Series, said: pd.Series) -> bool:
    if not is_number(said):
        return False
    whole = all((column.to_numpy(dtype=np.float64) % 1 == 0).all() for column in (truth, said))
    return not (whole and truth.nunique() <= MOST_CLASSES)


def _plain(word: str) -> str:
    """Return a label in lower case, and a number as it is written shortest."""
    try:
        return word_of(float(word))
    except ValueError:
        return word.strip().lower()


def _words(column: pd.Series) -> dict[Any, str]:
    """Return each distinct value with its word."""
    return {value: word_of(value) for value in column.unique()}


def _codes(column: pd.Series, words: dict[Any, str], place: dict[str, int]) -> NDArray[np.int64]:
    """Return the place of the class of each row."""
    found: NDArray[np.int64] = column.map({v: place[word] for v, word in words.items()}).to_numpy(
        dtype=np.int64
    )
    return found


def _is(column: pd.Series, words: Sequence[str]) -> NDArray[np.bool_]:
    """Return where a value is one of some words."""
    wanted = [value for value, word in _words(column).items() if word in words]
    found: NDArray[np.bool_] = column.isin(wanted).to_numpy()
    return found
