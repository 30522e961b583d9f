"""What a long command says while it works: the forecast, and on a terminal a bar a model."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from further.registry import find_model

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Listener:
    """Takes the progress messages of a run and shows them on stderr.

    Bars with the time left are drawn only on a terminal; elsewhere the forecast is all that is
    said.

    Parameters
    ----------
    silent : bool
        Whether to say nothing at all.
    """

    def __init__(self, *, silent: bool) -> None:
        self.silent = silent
        self._draws = not silent and sys.stderr.isatty()
        self._bars: Progress | None = None
        self._step: TaskID | None = None
        self._tasks: dict[tuple[str, int], TaskID] = {}

    def __enter__(self) -> Listener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bars is not None:
            self._bars.stop()

    def __call__(self, message: dict[str, Any]) -> None:
        """Show a message: an ``event`` among forecast, note, progress, step, trained, done,
        judging, error."""
        if self.silent:
            return
        if message["event"] == "forecast":
            click.echo(f"{_about(message['seconds']).capitalize()} on this machine.", err=True)
            if message.get("note"):
                click.echo(message["note"], err=True)
        elif message["event"] == "note":
            click.echo(message["text"], err=True)
        elif self._draws:
            self._draw(message)

    def _draw(self, message: dict[str, Any]) -> None:
        event = message["event"]
        bars = self._open()
        if event in ("step", "judging"):
            if self._step is not None:
                bars.remove_task(self._step)
            share = message.get("share")
            self._step = bars.add_task(
                message.get("what", "Putting it together"),
                total=None if share is None else 100, completed=round(100 * (share or 0)), loss="",
            )  # fmt: skip
            return
        if "model" not in message:
            return
        key = (message["model"], message.get("repeat", 0))
        if key not in self._tasks:
            label = find_model(key[0]).label + (f" ({key[1] + 1})" if key[1] else "")
            self._tasks[key] = bars.add_task(label, total=1.0, loss="")
        task = self._tasks[key]
        if event == "progress":
            bars.update(task, completed=message["share"], loss=f"loss {message['loss']:.4g}")
        elif event == "trained":
            bars.update(task, completed=1.0, loss="judging")
        elif event in ("done", "error"):
            bars.update(task, completed=1.0, loss=event)

    def _open(self) -> Progress:
        if self._bars is None:
            from rich.console import Console
            from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

            self._bars = Progress(
                TextColumn("{task.description}"),
                BarColumn(bar_width=30),
                TextColumn("{task.percentage:>3.0f} %"),
                TimeRemainingColumn(),
                TextColumn("left"),
                TextColumn("{task.fields[loss]}"),
                console=Console(stderr=True),
            )
            self._bars.start()
        return self._bars


def _about(seconds: float) -> str:
    """Say how long something takes, as roughly as it is known.

    Examples
    --------
    >>> _about(3), _about(42), _about(200), _about(9000)
    ('a few seconds', 'about 40 s', 'about 3 min', 'about 2.5 h')
    """
    if seconds < 10:
        return "a few seconds"
    if seconds < 95:
        return f"about {round(seconds, -1):.0f} s"
    if seconds < 5400:
        return f"about {seconds / 60:.0f} min"
    return f"about {seconds / 3600:.1f} h"
