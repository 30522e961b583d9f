"""``further audit PREDICTIONS.csv --label y --score p --group race`` and ``further audit RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from further.cli.command import (
    Command,
    command_line,
    header_option,
    json_option,
    out_option,
    quiet_option,
    seed_option,
    split_names,
    training_examples_option,
    with_options,
)
from further.cli.result import write_json, write_summary
from further.errors import InputError


@click.command("audit", cls=Command)
@click.argument("predictions", metavar="PREDICTIONS|RUN")
@with_options(
    click.option("--label", metavar="COLUMN", help="The column with the truth."),
    click.option(
        "--score", metavar="COLUMN",
        help="The column with a score, higher where the positive class is more likely, or with "
        "decisions; of a quantity the predicted number.",
    ),
    click.option(
        "--prediction", metavar="COLUMN",
        help="The column with the decision or the predicted class.",
    ),
    click.option(
        "--group", metavar="COLUMNS",
        help="Columns whose values are the groups, such as race,sex; age:25,45 cuts numbers.",
    ),
    click.option("--positive", metavar="LABEL", help="The label that is the positive one."),
    click.option(
        "--selected", metavar="WORDS",
        help="Words of the score that mean that a row is selected, such as Medium,High.",
    ),
    click.option(
        "--threshold", type=float, metavar="T", help="From which score on a row is selected."
    ),
    click.option(
        "--unit", metavar="COLUMN",
        help="A column whose equal values are rows that depend on each other, such as a person.",
    ),
    click.option("--model", metavar="NAME", help="Of a run that compares several."),
    click.option(
        "--reference", "references", multiple=True, metavar="COLUMN=VALUE",
        help="The group that others stand beside; default: the largest. May be repeated.",
    ),
    click.option(
        "--population", type=click.Path(path_type=Path), metavar="FILE",
        help="A table of the shares of groups in the population that the data stand for.",
    ),
    click.option(
        "--find-slices", is_flag=True,
        help="Look for conditions on all columns under which the model is wrong more often.",
    ),
    click.option(
        "--slice-columns", metavar="COLUMNS",
        help="Look for such slices among these columns only; leave out those that give the label "
        "away.",
    ),
    click.option(
        "--fix", metavar="RULE",
        help="Fix a threshold and record it: a score such as 0.6, equal-fpr=0.2, equal-fnr=0.3, "
        "equal-selection=0.4, or cost=5 where a false negative costs five false positives.",
    ),
    click.option("--decided-by", metavar="NAME", help="Who is responsible for the threshold."),
    click.option("--reason", metavar="TEXT", help="Why it was chosen so."),
    header_option,
    seed_option,
    out_option,
    training_examples_option,
    json_option,
    quiet_option,
)  # fmt: skip
def command(
    predictions: str,
    fix: str | None,
    decided_by: str | None,
    reason: str | None,
    out: Path | None,
    training_examples: bool,
    as_json: bool,
    quiet: bool,
    **given: Any,
) -> None:
    """Say how often a model is wrong about whom, from its predictions alone.

    PREDICTIONS is a CSV or Parquet file that any program wrote, with a row for each person or thing
    that the model never saw in training; RUN is a run that predicts. The audit is written into
    RUN, or into a run of its own.
    """
    from further.compare.auditing import audit, fix_threshold, keep_audit
    from further.compare.result import Result
    from further.report.audit.page import write_page
    from further.report.audit.summary import summary
    from further.trust.audit.trade_off import read_rule

    if fix is None and (decided_by or reason):
        raise InputError("--decided-by and --reason belong to a threshold; name it with --fix.")
    rule = None if fix is None else read_rule(fix)
    found = audit(
        predictions,
        group=given["group"] or "",
        rule=rule,
        selected=split_names(given["selected"]) or (),
        reference=_references(given["references"]),
        find_slices=split_names(given["slice_columns"]) or given["find_slices"],
        **{
            name: given[name]
            for name in (
                "label", "score", "prediction", "positive", "threshold", "unit", "model",
                "population", "header", "seed",
            )
        },
    )  # fmt: skip
    if rule is not None:
        found = fix_threshold(
            found, *rule, decided_by=decided_by, reason=reason, seed=given["seed"]
        )
    path = keep_audit(found, predictions, out=out, command=command_line(), seed=given["seed"])
    page = write_page(path, training_examples=training_examples)
    record = {**found.to_json(), "run": str(path), "report": str(page)}
    if as_json:
        write_json(record)
    elif not quiet:
        write_summary(summary(Result(path, record)), page)


def _references(given: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for text in given:
        column, equals, value = text.partition("=")
        if not equals:
            raise InputError(f"--reference {text} must be COLUMN=VALUE, such as race=Caucasian.")
        found[column.strip()] = value.strip()
    return found
