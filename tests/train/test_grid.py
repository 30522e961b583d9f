"""The grid: a figure by country and year, from a table with its source and licence."""

from __future__ import annotations

import csv
from importlib.resources import files

import pytest

from further.errors import InputError
from further.train.power.grid import find_grid, grid_intensity

FILE = files("further.train.power").joinpath("grid_intensity.csv")


@pytest.fixture(autouse=True)
def no_settings(monkeypatch):
    for name in ("FURTHER_GRID_G_PER_KWH", "FURTHER_COUNTRY"):
        monkeypatch.delenv(name, raising=False)


def test_the_table_says_where_it_comes_from_and_under_which_licence():
    head = [line for line in FILE.read_text().splitlines() if line.startswith("#")]
    assert "Our World in Data" in "".join(head)
    assert "CC BY 4.0" in "".join(head)


def test_every_row_of_the_table_is_plausible_and_found_by_each_of_its_names():
    lines = [line for line in FILE.read_text().splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(lines))
    assert len({row["code"] for row in rows}) > 200
    assert len({(row["code"], row["year"]) for row in rows}) == len(rows)
    assert all(len(row["code"]) == 3 and len(row["alpha2"]) in (0, 2) for row in rows)
    for row in rows:
        # Above 1,400 g nothing burns: old lignite plants emit about 1,200.
        assert 5 < float(row["g_per_kwh"]) < 1400
        for name in filter(None, (row["code"], row["alpha2"], row["country"])):
            assert find_grid(name.lower(), int(row["year"])).g_per_kwh == float(row["g_per_kwh"])


@pytest.mark.parametrize(("code", "figure"), [("FRA", 56), ("DEU", 381), ("POL", 662)])
def test_figures_are_those_that_were_published_for_2023(code, figure):
    """As Our World in Data shows them: 56 and 381 g are in its table of 1990 to 2023."""
    assert find_grid(code, 2023).g_per_kwh == pytest.approx(figure, abs=0.6)


def test_the_world_is_the_default_and_says_so():
    grams, told = grid_intensity()
    assert (grams, find_grid().code) == (473, "WLD")
    assert told == "world average 2024 (Ember, Global Electricity Review 2025)"


def test_a_country_may_be_set_for_all_runs(monkeypatch):
    monkeypatch.setenv("FURTHER_COUNTRY", "fr")
    assert find_grid().country == "France"
    assert find_grid("uk").country == "United Kingdom"
    monkeypatch.setenv("FURTHER_GRID_G_PER_KWH", "12.5")
    assert grid_intensity() == (12.5, "FURTHER_GRID_G_PER_KWH, set by the user")
    assert find_grid("FRA").country == "France"  # what is asked for goes before what is set


@pytest.mark.parametrize(
    ("country", "said"),
    [
        ("XYZ", 'There is no country "XYZ"; name an ISO 3166 code such as FRA.'),
        ("FRX", 'There is no country "FRX"; did you mean "FRA" (France)?'),
        ("Germny", 'There is no country "Germny"; did you mean "DEU" (Germany)?'),
        ("", 'There is no country ""; name an ISO 3166 code such as FRA.'),
    ],
)
def test_an_unknown_country_is_refused_in_one_sentence(country, said):
    with pytest.raises(InputError) as refused:
        find_grid(country)
    assert str(refused.value) == said


def test_a_year_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(InputError, match=r"no figure of 1999 for France; there are 2021, 2022"):
        find_grid("FRA", 1999)


@pytest.mark.parametrize("text", ["green", "-1", "nan", "inf"])
def test_a_figure_that_is_none_is_refused(text, monkeypatch):
    monkeypatch.setenv("FURTHER_GRID_G_PER_KWH", text)
    with pytest.raises(InputError, match="must be a number of grams per kWh"):
        find_grid()
