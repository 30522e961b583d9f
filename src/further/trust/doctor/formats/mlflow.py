"""MLflow's file store: a file a metric, each line a time, a value and a step."""

from __future__ import annotations

import re
from pathlib import Path

from further.errors import InputError
from further.trust.doctor.formats.source import Layout, Source
from further.trust.doctor.logged import Logged, by_step, number

_LINE = re.compile(r"^\d{9,}\s+\S+\s+-?\d+\s*$")


def _folders(path: Path) -> list[Path]:
    """Return the folders ``metrics`` in or below a folder, the latest run first."""
    if path.name == "metrics":
        return [path]
    found = [
        folder
        for pattern in ("metrics", "*/metrics", "*/*/metrics", "*/*/*/metrics")
        for folder in path.glob(pattern)
        if folder.is_dir() and (folder.parent / "meta.yaml").is_file()
    ]
    return sorted(found, key=lambda folder: folder.stat().st_mtime, reverse=True)


def _is_store(source: Source) -> bool:
    if source.is_folder:
        return any(_is_metric(f) for folder in _folders(source.path)[:1] for f in _files(folder))
    return all(_LINE.match(line) for line in source.text.splitlines()[:5]) and bool(
        source.text.strip()
    )


def _files(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.is_file())


def _is_metric(file: Path) -> bool:
    with open(file, encoding="utf-8", errors="replace") as lines:
        return bool(_LINE.match(lines.readline(200)))


def _read(source: Source) -> Logged:
    notes = []
    if source.is_folder:
        folders = _folders(source.path)
        folder = folders[0]
        if len(folders) > 1:
            notes.append(f'Of {len(folders)} runs the latest is read, "{folder.parent.name}".')
        files = {
            str(f.relative_to(folder)): f.read_text("utf-8", errors="replace")
            for f in _files(folder)
        }
    else:
        files = {source.path.name: source.text}
    points = []
    for name, text in files.items():
        for line in text.splitlines():
            words = line.split()
            if len(words) == 3 and (value := number(words[1])) is not None:
                step = number(words[2])
                if step is not None:
                    points.append((step, name, value))
    if not points:
        raise InputError(f'"{source.path}" holds no metrics of MLflow.')
    return Logged("MLflow metrics", by_step(points), tuple(notes))


LAYOUTS = (Layout("MLflow metrics", _is_store, _read),)
