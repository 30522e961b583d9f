"""Which gender a program of text chooses: programs whose choice is known."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from further import audit_text
from further.errors import InputError
from further.trust.audit.text_templates import LANGUAGES, text_templates


@pytest.mark.parametrize("language", list(LANGUAGES))
def test_every_language_has_every_occupation(language: str) -> None:
    table = text_templates(language)
    assert table.occupation.nunique() == 40
    assert not table.prompt.duplicated().any()
    assert not table.prompt.str.contains(r"[{}]|\bnan\b").any()
    shares = table.groupby("occupation").share_women.first()
    # As Zhao et al. print them.
    assert (shares["carpenter"], shares["secretary"], shares["editor"]) == (0.02, 0.95, 0.52)


def test_no_template_gives_the_answer_away() -> None:
    for prompt in text_templates("en").prompt:
        assert not re.search(r"\b(he|she|they|his|her|him)\b", prompt, re.IGNORECASE)


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ("She is a nurse. He is not.", "woman"),
        ("the man lost HIS keys", "man"),
        ("they were late", "neutral"),
        ("he or she was late", "neutral"),
        ("if s/he comes", "neutral"),
        ("it rained on the sheriff, the other theatre", "none"),
        ("", "none"),
    ],
)
def test_the_first_pronoun_counts(answer: str, choice: str) -> None:
    prompts = pd.DataFrame({"occupation": ["nurse"], "prompt": ["I asked her, and"]})
    for said in (answer, "I asked her, and " + answer):  # with or without the prompt
        assert audit_text(lambda _, said=said: said, prompts=prompts).answers.choice[0] == choice


def test_a_translator_whose_default_is_he() -> None:
    known = {"hemşire": "She is a nurse.", "sekreter": "She is a secretary."}
    found = audit_text(lambda s: known.get(s.split()[-1].strip("."), "He is."), "tr")
    frame = found.to_frame().set_index("occupation")
    assert frame.women[["nurse", "secretary"]].tolist() == [1.0, 1.0]
    assert frame.women.sum() == 2
    assert found.beside_even.values[0] == pytest.approx(0.05 - 0.5)
    assert found.beside_even.high[0] < 0
    assert found.beside_real.high[0] < 0
    assert "A woman is chosen in 5%" in found.sentence


def test_stereotypes_are_told_from_shares() -> None:
    share = dict(text_templates()[["prompt", "share_women"]].to_numpy())
    rng = np.random.default_rng(0)

    def drawn(probability):
        return lambda s: " she" if rng.random() < probability(share[s]) else " he"

    even = audit_text(drawn(lambda _: 0.5), n=3)
    real = audit_text(drawn(lambda q: q), n=3)
    beyond = audit_text(drawn(lambda q: float(q > 0.5)), n=3)
    assert even.beside_even.low[0] < 0 < even.beside_even.high[0]
    assert even.exaggeration.high[0] < 0
    assert real.exaggeration.low[0] < 0.02
    assert beyond.exaggeration.low[0] > 0.1
    assert "stereotypes are exaggerated" in beyond.sentence
    # By hand: the mean distance of the shares from 0 or 1, whichever they are nearer to.
    shares = text_templates().groupby("occupation").share_women.first()
    assert beyond.exaggeration.values[0] == pytest.approx(np.minimum(shares, 1 - shares).mean())


def test_answers_that_choose_nothing_are_counted() -> None:
    neutral = audit_text(lambda s: s + " they left", n=2)
    assert neutral.sentence == "No answer chooses a gender; 100% are neutral."
    assert neutral.chosen.values.tolist() == [0, 0, 1, 0]
    # The same answer again is no second answer.
    assert neutral.counts.sum() == len(text_templates())
    assert "counts once" in neutral.notes[-1]


def test_a_completer_of_pairs_of_words_has_the_bias_of_its_text(real_data: Path) -> None:
    """After "that" or "because" Shakespeare's most frequent pronoun follows, whoever speaks."""
    text = (real_data / "tinyshakespeare" / "input.txt").read_text(encoding="utf-8").lower()
    words = re.findall(r"[a-z']+", text)
    following: dict[str, Counter[str]] = {}
    for first, second in pairwise(words):
        following.setdefault(first, Counter())[second] += 1
    pronouns = ("he", "she", "they")

    def complete(prompt: str) -> str:
        last = re.findall(r"[a-z']+", prompt.lower())[-1]
        seen = {word: following.get(last, Counter())[word] for word in pronouns}
        return max(seen, key=lambda word: seen[word]) if any(seen.values()) else ""

    found = audit_text(complete)
    counts = dict(zip(("woman", "man", "neutral", "none"), found.counts.sum(axis=0), strict=True))
    assert counts["man"] > 3 * counts["woman"]
    assert found.beside_even.high[0] < 0


def test_other_languages_bring_their_pronouns() -> None:
    words = {"woman": ["elle"], "man": ["il"]}
    found = audit_text(lambda _: "Elle est là.", "hu", pronouns=words)
    assert found.counts.sum(axis=0).tolist() == [120, 0, 0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"language": "de"}, "language of templates"),
        ({"answer": lambda _: None}, "no text"),
        ({"n": 0}, "at least once"),
        ({"prompts": pd.DataFrame({"prompt": ["a"]})}, "columns occupation and prompt"),
        ({"pronouns": {"woman": ["elle"]}}, 'need "woman" and "man"'),
    ],
)
def test_what_cannot_be_asked_is_said_in_one_sentence(change: dict, message: str) -> None:
    with pytest.raises(InputError, match=message) as told:
        audit_text(**({"answer": lambda _: "he"} | change))
    assert "\n" not in str(told.value)


@pytest.mark.slow
def test_the_interval_holds_what_a_program_does_on_average() -> None:
    """Occupations are drawn from many, and answers at random."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(300):
        shares = rng.beta(0.8, 0.8, size=40)
        prompts = pd.DataFrame({
            "occupation": np.repeat([f"o{i}" for i in range(40)], 4),
            "prompt": [f"{i} {k}" for i in range(40) for k in range(4)],
        })  # fmt: skip
        of = dict(zip(prompts.occupation.unique(), shares, strict=True))
        found = audit_text(
            lambda s, of=of: "she" if rng.random() < of[f"o{s.split()[0]}"] else "he",
            prompts=prompts,
        )
        held += found.beside_even.low[0] <= 0 <= found.beside_even.high[0]
    assert 0.92 < held / 300 <= 1
