"""The drawing of a network and its figures as one HTML page that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from further.explain.layer import shape_text
from further.explain.numbers import bytes_text, operations_text

_STYLE = """
:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem
auto;padding:0 1rem}figure{margin:1rem 0;overflow-x:auto}.box{overflow-x:auto}table{border-collapse:
collapse;margin:.5rem 0}th,td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid
#8886;white-space:nowrap}.n{text-align:right}code{font-size:.95em}
"""


def page(name: str, svg: str, facts: Mapping[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    name : str
        Of the network.
    svg : str
        Its drawing.
    facts : mapping
        What :meth:`~further.explain.architecture.Architecture.to_json` gives.

    Returns
    -------
    str
        HTML.
    """
    memory, operations, decided = facts["memory"], facts["operations"], facts["hyperparameters"]
    title = f"{escape(name)}: {facts['parameters']:,} parameters"
    layers = [
        (
            str(row["layer"]), row["label"] or row["kind"], shape_text(row["inputs"]),
            shape_text(row["outputs"]), f"{row['weights']:,}", f"{row['biases']:,}",
            f"{row['parameters']:,}", row["formula"], row["product"],
        )
        for row in facts["layers"]
    ]  # fmt: skip
    head = ("layer", "what", "in", "out", "weights", "biases", "parameters", "formula",
            f"product of a batch of {facts['batch_size']}")  # fmt: skip
    costs = [
        *((key, bytes_text(memory[key])) for key in
          ("parameters", "gradients", "optimizer", "activations", "total")),
        ("operations, forward", operations_text(operations["forward"])),
        ("operations, training step", operations_text(operations["step"])),
    ]  # fmt: skip
    rows = [(of, key, value) for of, found in decided.items() for key, value in found.items()]
    parts = [
        f"<h1>{title}</h1><figure>{svg}</figure>",
        f"<p><code>{escape(facts['chain'])}</code></p>" if facts["chain"] else "",
        "<h2>Layers</h2>", _table(head, layers, range(4, 7)),
        f"<h2>A training step of {facts['batch_size']} examples with {escape(facts['optimizer'])}"
        "</h2>",
        _table(("what", "how much"), costs, [1]),
        f"<p>In float32. Left out of the memory: {memory['left_out']}. An operation is a "
        f"multiplication or an addition; left out: {operations['left_out']}.</p>",
        "<h2>Hyperparameters</h2><p>These are decided; the parameters are learnt.</p>",
        _table(("of", "name", "value"), rows),
        *(f"<p>Note: {escape(note)}.</p>" for note in facts["notes"]),
    ]  # fmt: skip
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width,initial-scale=1"><title>{title}</title><style>{_STYLE}'
        f"</style></head><body>{''.join(parts)}</body></html>\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    right = set(numbers)

    def cells(row: Sequence[str], tag: str) -> str:
        return "".join(
            f"<{tag}{' class=n' if i in right else ''}>{escape(str(cell))}</{tag}>"
            for i, cell in enumerate(row)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows)
    return (
        f'<div class="box"><table><thead><tr>{cells(head, "th")}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
