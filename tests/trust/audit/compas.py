"""The rows and scores of COMPAS that several tests read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

ADULT = [
    "age", "workclass", "fnlwgt", "education", "education_num", "marital", "occupation",
    "relationship", "race", "sex", "gain", "loss", "hours", "country", "income",
]  # fmt: skip


def read_compas(folder: Path) -> pd.DataFrame:
    """Return the two largest groups of the two-year data set."""
    rows = pd.read_csv(folder / "compas" / "compas-scores-two-years.csv")
    return rows[rows.race.isin(["African-American", "Caucasian"])].reset_index(drop=True)


def features(rows: pd.DataFrame) -> pd.DataFrame:
    """Return what a model may know of them: not the race."""
    return pd.DataFrame(
        {
            "age": rows.age / 10,
            "priors": rows.priors_count / 5,
            "juvenile": rows.juv_fel_count + rows.juv_misd_count,
            "felony": (rows.c_charge_degree == "F") * 1.0,
            "male": (rows.sex == "Male") * 1.0,
        }
    )


def read_adult(folder: Path) -> pd.DataFrame:
    """Return the test file of Adult with names, without weights and doubles."""
    rows = pd.read_csv(
        folder / "tables" / "adult_test.csv", header=None, names=ADULT, skipinitialspace=True,
        na_values="?",
    )  # fmt: skip
    return rows.drop(columns=["fnlwgt", "education", "country"])
