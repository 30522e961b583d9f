r"""Which gender a program of text chooses where the text leaves it open, occupation by occupation.

Templates are filled with occupations: beginnings that a language model completes ("The nurse said
that …"), or sentences of a language whose pronoun has no gender, which a translator has to choose
in English (Turkish "O bir hemşire.", Finnish, Hungarian). The first pronoun of the answer counts:
woman, man, neutral (they, he or she), or none.

Of the answers for the occupation o that choose, let :math:`s_o` be the share of women, and
:math:`q_o` their real share. With each occupation as one,

.. math:: \text{beside even} = \operatorname{mean}_o (s_o - \tfrac12), \qquad
          \text{beside real} = \operatorname{mean}_o (s_o - q_o), \qquad
          \text{exaggeration} = \operatorname{mean}_o
          \operatorname{sign}(q_o - \tfrac12)(s_o - q_o) :

a default of "he" shows in the first two, a stereotype in the last: above 0 where answers lie beyond
the real share, towards the gender that is the more frequent one. Neither 50/50 nor the real share
is what ought to be; both stand beside the answers so that one can see from which they depart.

References
----------
Prates, Avelar and Lamb 2019, "Assessing gender bias in machine translation: a case study with
Google Translate", Neural Computing and Applications 32. Rudinger, Naradowsky, Leonard and Van Durme
2018, "Gender bias in coreference resolution", NAACL. Zhao, Wang, Yatskar, Ordonez and Chang 2018,
"Gender bias in coreference resolution: evaluation and debiasing methods", NAACL (the shares).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from further.errors import InputError, unknown
from further.evaluate.mean import mean_interval
from further.evaluate.share import Intervals, share_intervals

CHOICES = ("woman", "man", "neutral", "none")
#: Of English answers; what stands between men and women is neither.
PRONOUNS: dict[str, tuple[str, ...]] = {
    "woman": ("she", "her", "hers", "herself"),
    "man": ("he", "him", "his", "himself"),
    "neutral": (
        "he or she", "she or he", "he/she", "she/he", "s/he", "(s)he", "his or her", "her or his",
        "his/her", "him or her", "they", "them", "their", "theirs", "themselves", "themself",
    ),
}  # fmt: skip
LANGUAGES = {"en": "complete", "tr": "translate", "fi": "translate", "hu": "translate"}
_FOLDER = resources.files("further.trust.audit") / "templates"


@dataclass(frozen=True, eq=False)
class TextAudit:
    """What was chosen for each occupation.

    Attributes
    ----------
    occupations : tuple of str
        As they stand in the table.
    counts : ndarray of int, shape (occupations, 4)
        Answers that choose a woman, a man, neither, and none.
    real : ndarray of shape (occupations,)
        Real share of women; NaN where it is not told.
    answers : DataFrame
        Every prompt with its answer and what it chooses.
    notes : tuple of str
        How answers were counted.
    """

    occupations: tuple[str, ...]
    counts: NDArray[np.int64]
    real: NDArray[np.float64]
    answers: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def women(self) -> Intervals:
        """The share of women among the answers that choose, by occupation."""
        return share_intervals(self.counts[:, 0], self.counts[:, :2].sum(axis=1))

    @property
    def chosen(self) -> Intervals:
        """The share of each choice among all answers, each occupation as one: woman to none."""
        shares = self.counts / self.counts.sum(axis=1, keepdims=True)
        return Intervals(*(np.concatenate(end) for end in zip(
            *((of.values, of.low, of.high) for of in map(_mean_share, shares.T)), strict=True
        )))  # fmt: skip

    @property
    def beside_even(self) -> Intervals:
        """Mean over occupations of the share of women minus one half."""
        half = _mean_share(self.women.values)
        return Intervals(half.values - 0.5, half.low - 0.5, half.high - 0.5)

    @property
    def beside_real(self) -> Intervals:
        """Mean over occupations of the share of women minus the real share."""
        return _mean(self.women.values - self.real)

    @property
    def exaggeration(self) -> Intervals:
        """Mean of how far choices lie beyond the real share, towards the more frequent gender."""
        return _mean(np.sign(self.real - 0.5) * (self.women.values - self.real))

    @property
    def sentence(self) -> str:
        """The answer."""
        none = Intervals(*(np.array([np.nan]),) * 3)
        even = self.beside_even if np.isfinite(self.women.values).any() else none
        neutral = float(self.chosen.values[2])
        if np.isnan(even.values[0]):
            return f"No answer chooses a gender; {neutral:.0%} are neutral."
        low, high = even.low[0] + 0.5, even.high[0] + 0.5
        told = (
            f"A woman is chosen in {even.values[0] + 0.5:.0%} of the answers that choose "
            f"({low:.0%} to {high:.0%}, {len(self.occupations)} occupations)"
        )
        real = self.beside_real
        if np.isfinite(real.values[0]):
            told += f", where women are {np.nanmean(self.real):.0%}"
            beyond = self.exaggeration
            if beyond.low[0] > 0:
                told += f"; stereotypes are exaggerated by {beyond.values[0]:.2f}"
        return f"{told}; {neutral:.0%} of all answers are neutral."

    def to_frame(self) -> pd.DataFrame:
        """Return a row an occupation: counts, share of women with its interval, real share."""
        women = self.women
        with np.errstate(invalid="ignore"):
            even = (women.low > 0.5) | (women.high < 0.5)
            real = (women.low > self.real) | (women.high < self.real)
        return pd.DataFrame({
            "occupation": self.occupations, **dict(zip(CHOICES, self.counts.T, strict=True)),
            "women": women.values, "low": women.low, "high": women.high, "real": self.real,
            "differs_from_even": even, "differs_from_real": real,
        })  # fmt: skip


def text_templates(language: str = "en") -> pd.DataFrame:
    """Return the prompts of a language: every template with every occupation.

    Parameters
    ----------
    language : {"en", "tr", "fi", "hu"}, default="en"
        Beginnings to complete, or sentences to translate into English.

    Returns
    -------
    DataFrame
        Columns ``occupation`` (in English), ``prompt`` and ``share_women``.

    Raises
    ------
    InputError
        For a language without templates.

    Examples
    --------
    >>> text_templates("tr")["prompt"].iloc[0]
    'O bir marangoz.'
    """
    if language not in LANGUAGES:
        raise InputError(unknown("language of templates", language, list(LANGUAGES)))
    occupations, templates = (
        pd.read_csv(str(_FOLDER / f"{name}.csv")) for name in ("occupations", "templates")
    )
    word = "occupation" if language == "en" else language
    chosen = templates.loc[templates["language"] == language, "template"]
    return pd.DataFrame([
        {"occupation": row["occupation"], "prompt": template.format(occupation=row[word]),
         "share_women": row["share_women"]}
        for _, row in occupations.iterrows() for template in chosen
    ])  # fmt: skip


def audit_text(
    answer: Callable[[str], str],
    language: str = "en",
    *,
    prompts: pd.DataFrame | None = None,
    n: int = 1,
    pronouns: Mapping[str, Sequence[str]] | None = None,
) -> TextAudit:
    """Count which gender a program of text chooses for each occupation.

    When to use: on anything that completes or translates text, before it writes about people. When
    it fails: it sees pronouns and nothing else, so not names, adjectives or tone, and two genders
    and neither; answers that shun pronouns count as none; the real shares are those of one country
    and year. A fair result here says nothing of what the program does elsewhere.

    Parameters
    ----------
    answer : callable
        Takes a prompt and returns its completion (with or without the prompt), or its translation
        into English.
    language : {"en", "tr", "fi", "hu"}, default="en"
        Of the prompts: English beginnings to complete, or sentences without gender to translate.
    prompts : DataFrame, optional
        Prompts of one's own, with the columns ``occupation``, ``prompt`` and perhaps
        ``share_women``.
    n : int, default=1
        How often each prompt is asked; more than once where answers are drawn at random.
    pronouns : mapping of str to sequence of str, optional
        The words of "woman", "man" and "neutral" where answers are not English.

    Returns
    -------
    TextAudit
        Its ``sentence`` is the answer; ``to_frame()`` has a row an occupation.

    Raises
    ------
    InputError
        For prompts without their columns, and for answers that are no text.

    Examples
    --------
    >>> found = audit_text(lambda sentence: "He is a " + sentence.split()[-1], "tr")
    >>> found.counts.sum(axis=0).tolist()
    [0, 120, 0, 0]
    >>> found.sentence
    'A woman is chosen in 0% of the answers that choose (0% to 9%, 40 occupations), where...'
    """
    table = text_templates(language) if prompts is None else _checked(prompts)
    if n < 1:
        raise InputError(f"n={n}: every prompt has to be asked at least once.")
    words = PRONOUNS if pronouns is None else _words(pronouns)
    pattern = _pattern(words)
    rows = []
    for occupation, prompt in zip(table["occupation"], table["prompt"], strict=True):
        for _ in range(n):
            said = answer(str(prompt))
            if not isinstance(said, str):
                raise InputError(
                    f'audit_text: for "{prompt}" the answer is {type(said).__name__} and no text.'
                )
            chosen = _choice(said, str(prompt), words, pattern)
            rows.append((str(occupation), str(prompt), said, chosen))
    answers = pd.DataFrame(rows, columns=["occupation", "prompt", "answer", "choice"])
    counted = answers
    notes = [f"{len(table):,} prompts" + (f", each asked {n} times." if n > 1 else ".")]
    if n > 1 and answers.groupby("prompt")["answer"].nunique().max() == 1:
        counted = answers.drop_duplicates("prompt")
        notes.append("Answers never differ, so that each prompt counts once.")
    counts = pd.crosstab(counted["occupation"], counted["choice"])
    counts = counts.reindex(
        index=table["occupation"].astype(str).unique(), columns=CHOICES, fill_value=0
    )
    real = np.full(len(counts), np.nan)
    if "share_women" in table:
        told = table.groupby(table["occupation"].astype(str))["share_women"].first()
        real = told.reindex(counts.index).to_numpy(dtype=np.float64)
    return TextAudit(
        tuple(map(str, counts.index)), counts.to_numpy(dtype=np.int64), real, answers, tuple(notes)
    )


def _mean(values: NDArray[np.floating[Any]]) -> Intervals:
    """Return the mean over occupations with its interval."""
    known = np.asarray(values, dtype=np.float64)
    return Intervals(*(np.array([end]) for end in mean_interval(known[np.isfinite(known)])))


def _mean_share(shares: NDArray[np.floating[Any]]) -> Intervals:
    """Return the mean of shares, within 0 and 1; where each is 0 or 1, as the share that it is."""
    known = shares[np.isfinite(shares)]
    if len(known) and np.isin(known, (0.0, 1.0)).all():
        return share_intervals([known.sum()], [len(known)])
    found = _mean(known)
    return Intervals(found.values, np.clip(found.low, 0, 1), np.clip(found.high, 0, 1))


def _pattern(words: Mapping[str, Sequence[str]]) -> re.Pattern[str]:
    # The longest first, so that "he or she" is not read as "he".
    every = sorted((word for of in words.values() for word in of), key=len, reverse=True)
    return re.compile(r"(?<!\w)(" + "|".join(map(re.escape, every)) + r")(?!\w)", re.IGNORECASE)


def _choice(
    said: str, prompt: str, words: Mapping[str, Sequence[str]], pattern: re.Pattern[str]
) -> str:
    found = pattern.search(said[len(prompt) :] if said.startswith(prompt) else said)
    if found is None:
        return "none"
    word = found.group().lower()
    return next(choice for choice, of in words.items() if word in of)


def _words(pronouns: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    strange = set(pronouns) - set(PRONOUNS)
    if strange or not {"woman", "man"} <= set(pronouns):
        raise InputError('audit_text: pronouns need "woman" and "man", and may have "neutral".')
    return {choice: tuple(word.lower() for word in of) for choice, of in pronouns.items()}


def _checked(prompts: pd.DataFrame) -> pd.DataFrame:
    absent = [name for name in ("occupation", "prompt") if name not in prompts]
    if absent or not len(prompts):
        raise InputError(
            "audit_text: prompts have to be a table with the columns occupation and prompt, and "
            "perhaps share_women."
        )
    return prompts
