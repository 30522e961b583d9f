"""What a column is, told by its name: the words that tools use for losses, metrics and the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Part = Literal["train", "validation", "fit", "test", ""]

_PARTS: dict[Part, frozenset[str]] = {
    "fit": frozenset({"fit"}),
    "validation": frozenset(
        {"val", "valid", "validation", "eval", "evaluation", "dev", "holdout", "heldout"}
    ),
    "train": frozenset({"train", "training", "trn", "tr"}),
    "test": frozenset({"test", "testing", "tst"}),
}
_LOSSES = frozenset({"loss", "losses", "cost", "objective"})
#: Losses by their own names; taken as the loss where nothing is called so.
_NAMED_LOSSES = frozenset({
    "nll", "mse", "rmse", "mae", "bce", "crossentropy", "xent", "logloss", "mlogloss", "deviance",
    "perplexity", "ppl", "bpc", "bpd", "rmsle", "huber", "hinge", "kld", "l1", "l2",
})  # fmt: skip
#: Metrics of which higher is better, and those of which lower is.
_HIGHER = frozenset({
    "accuracy", "accuracies", "acc", "auc", "auroc", "roc", "f1", "precision", "recall", "map",
    "ap", "r2", "iou", "miou", "dice", "jaccard", "bleu", "rouge", "score", "scores", "kappa",
    "mcc", "ndcg", "mrr", "pr", "psnr", "ssim", "reward", "top1", "top5", "elbo",
})  # fmt: skip
_LOWER = frozenset({
    "fid", "kid", "error", "errors", "err", "merror", "wer", "cer", "mape", "ece", "brier",
})  # fmt: skip
_GENERATOR = frozenset({"g", "gen", "generator", "errg", "gloss", "lossg"})
_DISCRIMINATOR = frozenset({
    "d", "disc", "dis", "discriminator", "critic", "errd", "dloss", "lossd",
})  # fmt: skip
_DIVERSITY = frozenset({"diversity", "vendi", "coverage", "modes", "lpips"})
_STEPS = frozenset({
    "step", "steps", "iteration", "iterations", "iter", "iters", "batch", "batches", "update",
    "updates",
})  # fmt: skip
_TIMES = frozenset({
    "time", "wall", "duration", "dur", "seconds", "secs", "sec", "timestamp", "runtime", "eta",
    "elapsed",
})  # fmt: skip
#: Words that say where a number is from and not what it is.
_FILLERS = frozenset({
    "trainer", "global", "running", "current", "step", "epoch", "mean", "avg", "average", "total",
})  # fmt: skip


@dataclass(frozen=True)
class Meaning:
    """What the name of a column says.

    Attributes
    ----------
    kind : str
        "epoch", "step", "time", "loss", "named loss", "metric", "learning rate", "gradient norm",
        "generator", "discriminator", "diversity" or "".
    part : str
        Of which rows: "train", "validation", "fit", "test", or "" where the name does not say.
    base : str
        The name without what says the part.
    better : str
        Of a metric: "higher" or "lower".
    """

    kind: str
    part: Part
    base: str
    better: str = ""


@lru_cache(maxsize=4096)
def meaning(name: str) -> Meaning:
    """Return what the name of a column says.

    Parameters
    ----------
    name : str
        As the file has it.

    Returns
    -------
    Meaning
        Kind, part and base.

    Examples
    --------
    >>> meaning("val/box_loss")
    Meaning(kind='loss', part='validation', base='box loss', better='')
    >>> meaning("lr-Adam").kind, meaning("Train Accuracy").better
    ('learning rate', 'higher')
    """
    words = _words(name)
    part: Part = ""
    for candidate, names in _PARTS.items():
        # "fit" is the part of a column only where the name begins with it.
        if any(word in names for word in (words[:1] if candidate == "fit" else words)):
            part = candidate
            break
    rest = [word for word in words if part == "" or word not in _PARTS[part]]
    kind, better = _kind(rest)
    base = " ".join(word for word in rest if word not in _FILLERS or kind in ("epoch", "step"))
    return Meaning(kind, part, base, better)


def _kind(words: list[str]) -> tuple[str, str]:
    """Return what the words name, and of a metric which way is better."""
    found, joined = set(words), "".join(words)
    is_loss = bool(found & _LOSSES) or joined in _GENERATOR | _DISCRIMINATOR
    if any(re.fullmatch(r"lr\d*", word) for word in words) or {"learning", "rate"} <= found:
        return "learning rate", ""
    if found & {"grad", "gradient", "gradients", "gradnorm"} and (
        "norm" in found or "gradnorm" in found
    ):
        return "gradient norm", ""
    if is_loss and found & _GENERATOR:
        return "generator", ""
    if is_loss and found & _DISCRIMINATOR:
        return "discriminator", ""
    if is_loss:
        return "loss", ""
    if found & _DIVERSITY:
        return "diversity", "higher"
    if found & _NAMED_LOSSES or {"cross", "entropy"} <= found or {"log", "loss"} <= found:
        return "named loss", ""
    for word in words:
        if word in _HIGHER or re.fullmatch(r"map\d*", word):
            return "metric", "higher"
        if word in _LOWER:
            return "metric", "lower"
    if found & _TIMES:
        return "time", ""
    if "epoch" in found or "epochs" in found:
        return ("epoch", "") if len(found - _FILLERS - {"epochs"}) == 0 else ("", "")
    if found & _STEPS:
        return ("step", "") if len(found - _FILLERS - _STEPS) == 0 else ("", "")
    return "", ""


def _words(name: str) -> list[str]:
    """Return the words of a name in lower case: ``trainLoss`` and ``train/loss`` are two."""
    name = name.replace("mAP", "map").replace("R²", "r2")
    name = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return re.findall(r"[a-z0-9]+", name.lower())
