"""Reading a CSV of a million rows and ten columns: ``further.data.load`` against pandas.

pandas types columns by their plain look; further besides looks at every row for codes with leading
zeros, numbers that no float holds, ways of writing numbers and dates, identifiers and sentinels,
and says what it found. Both run in this process and take turns; the median of the rounds counts.
The plain table holds a bit of everything; others hold numbers only, words only, and what people
write: quoted texts, missing values, dates with the day first and decimal commas, which pandas
leaves as text.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from further.data import load

ROWS, ROUNDS = 1_000_000, 7


def plain(rng: np.random.Generator) -> pd.DataFrame:
    """Return columns that pandas types as well."""
    n = ROWS
    days = pd.to_timedelta(rng.integers(0, 1000, n), "D")
    return pd.DataFrame(
        {
            "id": np.arange(n),
            "height": rng.normal(size=n).round(4),
            "weight": rng.normal(size=n) * 1000,
            "age": rng.integers(0, 100, n),
            "colour": rng.choice(["red", "green", "blue"], n),
            "share": rng.random(n),
            "code": rng.integers(0, 10**6, n),
            "day": pd.Timestamp("2020-01-01") + days,
            "member": rng.choice([True, False], n),
            "income": rng.lognormal(size=n).round(2),
        }
    )


def numbers_only(rng: np.random.Generator) -> pd.DataFrame:
    """Return five columns of measurements and five of counts."""
    measured = {f"measure_{i}": rng.normal(size=ROWS).round(4) for i in range(5)}
    return pd.DataFrame(measured | {f"count_{i}": rng.integers(0, 10**5, ROWS) for i in range(5)})


def words_only(rng: np.random.Generator) -> pd.DataFrame:
    """Return ten columns of three words."""
    words = ["red", "green", "blue"]
    return pd.DataFrame({f"colour_{i}": rng.choice(words, ROWS) for i in range(10)})


def written_by_people(rng: np.random.Generator) -> pd.DataFrame:
    """Return the same as people write it."""
    table = plain(rng)
    table["day"] = table["day"].dt.strftime("%d.%m.%Y")
    table["income"] = table["income"].map("{:.2f}".format).str.replace(".", ",", regex=False)
    table["height"] = table["height"].mask(rng.random(ROWS) < 0.05)
    table["colour"] = '"' + table["colour"] + ', dark"'
    return table


def seconds(read: Callable[[], object]) -> float:
    start = time.perf_counter()
    read()
    return time.perf_counter() - start


def main() -> None:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores; seconds")
    for make, options in (
        (plain, {}),
        (numbers_only, {}),
        (words_only, {}),
        (written_by_people, {"sep": ";", "quoting": 3}),
    ):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "table.csv"
            make(np.random.default_rng(0)).to_csv(path, index=False, **options)
            sides: dict[str, Callable[[], object]] = {
                "pandas": lambda path=path, options=options: pd.read_csv(
                    path, sep=options.get("sep", ",")
                ),
                "further": lambda path=path: load(path, target="none"),
            }
            took: dict[str, list[float]] = {name: [] for name in sides}
            for _ in range(ROUNDS):
                for name, read in sides.items():
                    took[name].append(seconds(read))
            pandas, further = (float(np.median(took[name])) for name in ("pandas", "further"))
            size = path.stat().st_size / 1e6
            print(
                f"{make.__name__.replace('_', ' ')} ({size:.0f} MB): pandas {pandas:.2f}, further "
                f"{further:.2f}, {further / pandas:.1f} times pandas"
            )
            print("  " + "\n  ".join(load(path, target="none").notes))


if __name__ == "__main__":
    main()
