from __future__ import annotations

import click
import pytest

from further.cli.command import Command, assignments, command_line


@click.command("work", cls=Command)
@click.argument("data")
@click.option("--budget", default="auto")
@click.option("--learning-rate", type=float)
@click.option("--json", "as_json", is_flag=True)
@click.option("--header/--no-header", default=None)
@click.option("--out")
def work(**options: object) -> str:
    return command_line()


def rewrite(*arguments: str) -> list[str]:
    return assignments(click.Context(work, info_name="work"), list(arguments))


def parse(*arguments: str) -> dict[str, object]:
    with work.make_context("work", list(arguments)) as context:
        return dict(context.params)


@pytest.mark.parametrize(
    ("given", "rewritten"),
    [
        (["digits", "budget=2e12"], ["digits", "--budget=2e12"]),
        (["budget=500 steps", "digits"], ["--budget=500 steps", "digits"]),
        (["digits", "learning_rate=1e-3"], ["digits", "--learning-rate=1e-3"]),
        (["digits", "json=true"], ["digits", "--json"]),
        (["digits", "json=False"], ["digits"]),
        (["digits", "header=no"], ["digits", "--no-header"]),
        (["digits", "header=yes"], ["digits", "--header"]),
        (["digits", "--out", "a=b"], ["digits", "--out", "a=b"]),
        (["digits", "--json", "budget=1"], ["digits", "--json", "--budget=1"]),
        (["digits", "--budget=1", "out=x"], ["digits", "--budget=1", "--out=x"]),
        (["digits", "out=a=b"], ["digits", "--out=a=b"]),
        (["--", "budget=1"], ["--", "budget=1"]),
        (["digits", "what=1"], ["digits", "--what=1"]),
        (["digits", "n=64"], ["digits", "-n", "64"]),
    ],
)
def test_key_value_becomes_an_option(given, rewritten):
    assert rewrite(*given) == rewritten


def test_both_ways_of_writing_mean_the_same():
    assert parse("digits", "budget=1e9", "learning_rate=0.1", "json=true") == parse(
        "digits", "--budget", "1e9", "--learning_rate", "0.1", "--json"
    )


def test_a_file_with_an_equals_sign_in_its_name_stays_a_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "budget=3.csv").touch()
    assert rewrite("budget=3.csv") == ["budget=3.csv"]


def test_the_recorded_command_repeats_the_result_and_not_the_way_it_was_shown():
    given = ["some data", "budget=20 steps", "--json", "--out", "x", "header=no"]
    with work.make_context("work", given):
        assert command_line() == "work 'some data' --budget '20 steps' --no-header"
