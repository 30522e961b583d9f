"""``further runs``."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import click

from further.cli.command import Command, json_option, quiet_option, with_options
from further.cli.result import write_json, write_table
from further.errors import RunError


@click.command("runs", cls=Command)
@click.argument("folder", type=click.Path(path_type=Path), default="runs")
@click.option(
    "--remove", type=click.Path(path_type=Path), metavar="RUN", multiple=True,
    help="Remove this run and everything in it; may be given several times.",
)  # fmt: skip
@with_options(json_option, quiet_option)
def command(folder: Path, remove: tuple[Path, ...], as_json: bool, quiet: bool) -> None:
    """List the runs in FOLDER (default: runs), or remove some."""
    if remove:
        for path in [_removable(given, folder) for given in remove]:
            shutil.rmtree(path)
            if not quiet and not as_json:
                click.echo(f"Removed {path}")
        if as_json:
            write_json({"removed": [str(path) for path in remove]})
        return
    entries = _list_runs(folder)
    if as_json:
        write_json(entries)
    elif not entries:
        click.echo(f'There is no run in "{folder}".', err=True)
    else:
        write_table(
            ["run", "what", "data", "status", "made", "size"],
            [[*list(entry.values())[:-1], _size(entry["bytes"])] for entry in entries],
        )


def _list_runs(folder: Path) -> list[dict[str, Any]]:
    """Return what each run in a folder is, oldest first; a damaged one is listed as such."""
    entries = [_describe(file.parent) for file in folder.glob("*/run.json")]
    return sorted(entries, key=lambda entry: (entry["created"], entry["run"]))


def _describe(path: Path) -> dict[str, Any]:
    from further.train.run import Run

    entry = {"run": str(path), "what": "", "data": "", "status": "damaged", "created": ""}
    try:
        run = Run(path)
        record = run.record
        entry |= {
            "what": record.get("model") or record.get("synthetic", {}).get("label", "comparison"),
            "data": record.get("data", {}).get("name", ""),
            "status": run.status,
            "created": record.get("created", ""),
        }
    except RunError:
        pass
    size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
    return {**entry, "bytes": size}


def _removable(given: Path, folder: Path) -> Path:
    """Return the folder of a run that nobody works on."""
    from further.train.run import Run

    path = given if given.exists() or not (folder / given).exists() else folder / given
    if path.is_symlink():
        raise RunError(f'"{path}" is a link; name the run itself.')
    if Run(path).status == "running":
        raise RunError(f'"{path}" is in use by another process; interrupt that first.')
    return path


def _size(n_bytes: float) -> str:
    for unit in ("B", "kB", "MB"):
        if n_bytes < 1000:
            return f"{n_bytes:.0f} {unit}"
        n_bytes /= 1000
    return f"{n_bytes:.1f} GB"
