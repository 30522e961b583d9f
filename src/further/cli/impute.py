"""``further impute RUN DATA``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    device_option,
    json_option,
    loading,
    quiet_option,
    reading_options,
    with_options,
)
from further.cli.result import write_json, write_table
from further.errors import InputError, RunError


@click.command("impute", cls=Command)
@click.argument("run", type=click.Path(path_type=Path))
@click.argument("data")
@click.option(
    "-o", "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="The CSV or Parquet file to write; default: imputed-NAME.csv in RUN. Nothing is "
    "overwritten.",
)  # fmt: skip
@click.option("--model", metavar="NAME", help="Which model of a comparison.")
@click.option(
    "--draws", type=click.IntRange(min=1), default=10, show_default=True,
    help="Draws of each missing value: their mean or most frequent value is filled in; 1 fills in "
    "a single draw.",
)  # fmt: skip
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True,
              help="Of the draws.")  # fmt: skip
@with_options(reading_options, device_option, json_option, quiet_option)
def command(
    run: Path,
    data: str,
    out: Path | None,
    model: str | None,
    draws: int,
    seed: int,
    device: str,
    as_json: bool,
    quiet: bool,
    **source: Any,
) -> None:
    """Fill the missing values of the table DATA with the trained model of RUN.

    Says how well it fills in values of held-out rows that are hidden from it, beside the median and
    the nearest neighbours.
    """
    from further.cli.sample import write_rows
    from further.compare.generation.imputation import judge_imputation
    from further.compare.generation.setting import read_setting
    from further.compare.source import free_path
    from further.compare.task import whole_run
    from further.data import load as load_data
    from further.generate.generative_estimator import GenerativeEstimator
    from further.train.load import load
    from further.train.run import Run

    target = out or free_path(run / f"imputed-{Path(data).stem}.csv")
    if target.exists():
        raise InputError(f'"{target}" exists and is not overwritten; name another file.')
    estimator: Any = load(run, model, device=device)
    if not isinstance(estimator, GenerativeEstimator):
        raise InputError(f'"{run}" holds no generative model, so it fills in nothing.')
    encoding: Any = estimator.encoding_
    if estimator.spec_.is_image:
        raise InputError(f'"{run}" holds a model of pictures; missing values are filled in tables.')
    frame = load_data(data, tidy=False, **loading(source)).frame
    notes: list[str] = []
    y = None
    about = encoding.target
    if about is not None:
        if about["name"] in frame:
            y = frame[about["name"]]
            unknown = int(y.isna().sum())
        else:
            unknown = len(frame)
        if unknown:
            notes.append(
                f'{unknown:,} rows have no "{about["name"]}": they take the class of the generated '
                "rows that are nearest to them, and the label itself is not filled in."
            )
    names = [column.name for column in encoding.columns]
    missing = {name: int(frame[name].isna().sum()) for name in names if name in frame}
    others = [str(c) for c in frame if c not in names and frame[c].isna().any()]
    others = [c for c in others if about is None or c != about["name"]]
    if others:
        notes.append(f"Not filled in, since the model does not know them: {', '.join(others)}.")
    filled = estimator.impute(frame, y, n_draws=draws, random_state=seed)
    judged = None
    try:
        setting = read_setting(Run(whole_run(run)))
        judged = judge_imputation(setting, estimator, draws=draws, seed=seed)
    except RunError as error:
        notes.append(f"How good the values are could not be judged: {error}")
    file = write_rows(target, filled)
    cells = {name: count for name, count in missing.items() if count}
    facts = {
        "run": str(run), "file": str(file), "rows": len(frame), "draws": draws, "seed": seed,
        "filled": cells, "judged": None if judged is None else judged.to_json(), "notes": notes,
    }  # fmt: skip
    if as_json:
        write_json(facts)
        return
    if quiet:
        return
    click.echo(f"{sum(cells.values()):,} values of {len(cells)} columns filled in: {file}")
    if judged is not None:
        click.echo(
            f"Judged on {judged.cells:,} values of {judged.rows:,} held-out rows that were hidden; "
            "lower is better:"
        )
        rows = [
            [who, measure, *_figures(score.estimate)]
            for measure, found in judged.scores.items()
            for who, score in found.items()
        ]
        write_table(["filled in by", "error", "value", "95 % interval"], rows)
        for sentence in judged.sentences:
            click.echo(sentence)
    for note in notes:
        click.echo(f"note: {note}")


def _figures(estimate: Any) -> list[str]:
    interval = "" if estimate.low is None else f"{estimate.low:.3f} to {estimate.high:.3f}"
    return [f"{estimate.value:.3f}", interval]
