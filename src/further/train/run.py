"""The run: a folder that carries a fit's configuration, curves, weights and evidence.

Everything in it is JSON, CSV, PNG, HTML or safetensors, so that other tools read it without this
package. It is written whole or not at all (:mod:`further.train.files`), and one process at a time
holds its lock.
"""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from further.errors import RunError
from further.train.files import explain, finite, read_json, write_json
from further.train.processes import first_goes_first, is_first

SCHEMA = 1
#: What has to be the same for a run to be resumed.
_CONFIGURATION = {
    "task": "task",
    "model": "model",
    "models": "choice of models",
    "parameters": "parameters",
    "data": "data",
    "seed": "seed",
    "repeats": "number of repeats",
    "budget": "budget",
    "conditional": "use of the classes",
    "synthetic": "set of synthetic rows",
}
_LOCK_SECONDS = 10.0


class Run:
    """A run folder.

    Parameters
    ----------
    path : str or Path
        The folder; it must hold a ``run.json``. :meth:`create` makes a new one.

    Attributes
    ----------
    path : Path
        The folder.
    record : dict
        What ``run.json`` holds; change it through :meth:`update`.

    Raises
    ------
    RunError
        If the folder is no run or was written by a newer version.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        file = self.path / "run.json"
        if not file.is_file():
            raise RunError(f'"{path}" is not a run: it has no run.json; "further runs" lists runs.')
        self.record: dict[str, Any] = read_json(file)
        if self.record.get("schema", 0) > SCHEMA:
            raise RunError(
                f'"{path}" has schema {self.record["schema"]}, newer than {SCHEMA}; update further.'
            )

    @classmethod
    def create(cls, path: str | Path, **record: Any) -> Run:
        """Make a run folder, or open the one that is there and has the same configuration.

        Parameters
        ----------
        path : path
            The folder; there may be an empty one.
        **record
            Entries of ``run.json``.

        Returns
        -------
        Run
            New, or as it was left.

        Raises
        ------
        RunError
            If the folder holds another run or files that are no run: nothing is overwritten.
        """
        path = Path(path)
        with first_goes_first():
            try:
                return cls._create(path, record)
            except OSError as error:
                raise RunError(explain(path, error)) from error

    @classmethod
    def _create(cls, path: Path, record: dict[str, Any]) -> Run:
        if (path / "run.json").is_file():
            run = cls(path)
            for key, what in _CONFIGURATION.items():
                # What is in the file went through JSON, so that its tuples are lists.
                if key in record and run.record.get(key) != finite(record[key]):
                    raise RunError(
                        f'"{path}" holds a run with another {what}; choose another folder '
                        f'or remove it with "further runs --remove {path}".'
                    )
            return run
        if path.exists() and not path.is_dir():
            raise RunError(f'"{path}" is a file; choose a folder for the run.')
        if path.exists() and any(not p.name.startswith(".") for p in path.iterdir()):
            raise RunError(f'"{path}" is not empty and is not a run; choose another folder.')
        write_json(
            path / "run.json",
            {
                "schema": SCHEMA,
                "status": "running",
                "created": datetime.now(UTC).isoformat(timespec="seconds"),
                **record,
                "versions": versions(),
                "machine": machine(),
            },
        )
        return cls(path)

    @property
    def status(self) -> str:
        """One of "running", "finished", "interrupted", "failed"; a killed run is interrupted.

        Where the record lacks it, "damaged".
        """
        status: str = self.record.get("status", "damaged")
        if status != "running":
            return status
        lock = FileLock(self._lock_path)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return "running"
        except OSError:
            return "interrupted"
        lock.release()
        return "interrupted"

    def refuse_unfinished(self) -> None:
        """Refuse a run whose end somebody needs.

        Raises
        ------
        RunError
            If it has not finished.
        """
        if self.status != "finished":
            raise unfinished(self.path)

    def update(self, **changes: Any) -> None:
        """Change entries of ``run.json``."""
        record = {**self.record, **changes}
        if record["status"] != "failed":
            record.pop("error", None)
        self.record = record
        write_json(self.path / "run.json", self.record)

    @contextmanager
    def working(self) -> Iterator[Run]:
        """Hold the run's lock for a block of work and record how the block ended.

        Raises
        ------
        RunError
            If another process is writing the run.
        """
        if not is_first():
            yield self
            return
        lock = FileLock(self._lock_path)
        try:
            lock.acquire(timeout=_LOCK_SECONDS)
        except Timeout as error:
            raise RunError(f'Another process is working on "{self.path}"; wait for it.') from error
        except OSError as error:
            raise RunError(
                f'"{self.path}" cannot be written ({error.strerror}); copy it elsewhere.'
            ) from error
        try:
            yield self
        except KeyboardInterrupt:
            self._record_end(status="interrupted")
            raise
        except BaseException as error:
            self._record_end(status="failed", error=f"{type(error).__name__}: {error}")
            raise
        finally:
            lock.release()

    def child(self, name: str) -> Path:
        """Return the folder of a model's own run inside a comparison."""
        return self.path / "models" / name

    def _record_end(self, **changes: Any) -> None:
        # A disk that failed the work may refuse this record too; the first error matters.
        with suppress(RunError):
            self.update(**changes)

    @property
    def _lock_path(self) -> Path:
        return self.path / ".lock"


def unfinished(path: Path) -> RunError:
    """Return the error that says how to resume a run that has not finished."""
    return RunError(f'"{path}" has not finished; resume it with "further resume {path}".')


def versions() -> dict[str, str]:
    """Return the versions of what a result depends on."""
    found = {"python": platform.python_version()}
    for name in ("further-ml", "torch", "numpy", "scikit-learn", "zuko", "pandas"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "unknown"
    return found


def machine() -> dict[str, Any]:
    """Return what is worth knowing of the machine, without its name or user."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "platform": sys.platform,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"
