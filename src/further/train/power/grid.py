"""How much greenhouse gas a kilowatt-hour stands for, by country and year.

The table ``grid_intensity.csv`` lies beside this file; its source, its licence and what was changed
stand at its head. A figure is the mean of a year over all that a country generates, over the life
cycle of its power plants: it knows neither the hour nor what is imported.
"""

from __future__ import annotations

import csv
import math
import os
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from further.errors import InputError, unknown

#: Code of the world, which is taken where no country is named.
WORLD = "WLD"
LICENCE = "CC BY 4.0"
#: The name of each code, and its intensities by year.
Table = dict[str, tuple[str, dict[int, float]]]
_OWID = "Our World in Data, from Ember and the Energy Institute"
_EMBER = "Ember, Global Electricity Review"
#: What people write for a code, beside the codes and names of the table.
_ALSO = {"uk": "GBR"}
_INTENSITY, _COUNTRY = "FURTHER_GRID_G_PER_KWH", "FURTHER_COUNTRY"


@dataclass(frozen=True)
class Grid:
    """Where electricity comes from, and how clean it is.

    Attributes
    ----------
    g_per_kwh : float
        Grams of CO2 equivalent for a kilowatt-hour.
    source : str
        Who says so.
    code, country : str
        ISO 3166 alpha-3 code and English name; empty where the user set the figure.
    year : int or None
        The year of the figure.
    licence : str
        Of the source.
    """

    g_per_kwh: float
    source: str
    code: str = ""
    country: str = ""
    year: int | None = None
    licence: str = ""

    @property
    def told(self) -> str:
        """Where and when, with the source."""
        if not self.code:
            return self.source
        where = "world average" if self.code == WORLD else self.country
        return f"{where} {self.year} ({self.source})"


def find_grid(country: str | None = None, year: int | None = None) -> Grid:
    """Return the carbon intensity of a country's electricity.

    Use it for the place where a machine stands. It fails to tell a region, an hour or a contract
    from the mean of a country; set ``FURTHER_GRID_G_PER_KWH`` to what you know better.

    Parameters
    ----------
    country : str, optional
        ISO 3166 code of three or two letters, or the English name. Default: the environment
        variables ``FURTHER_GRID_G_PER_KWH``, a figure, or ``FURTHER_COUNTRY``; then the world.
    year : int, optional
        Default: the latest in the table.

    Returns
    -------
    Grid
        With the source.

    Raises
    ------
    InputError
        If the country is not in the table, or not for that year; if an environment variable is
        neither a number of grams nor a country.

    Examples
    --------
    >>> grid = find_grid("fr", 2023)
    >>> grid.code, grid.country, grid.g_per_kwh
    ('FRA', 'France', 56.0)
    """
    if country is None and os.environ.get(_INTENSITY):
        return _of_user(os.environ[_INTENSITY])
    table, names = _table()
    given = country if country is not None else os.environ.get(_COUNTRY) or WORLD
    code = names.get(given.strip().lower())
    if code is None:
        where = "" if country is not None else f"{_COUNTRY}: "
        raise InputError(where + _unknown_country(given, table, names))
    years = table[code][1]
    if year is not None and year not in years:
        known = ", ".join(map(str, sorted(years)))
        raise InputError(f"There is no figure of {year} for {table[code][0]}; there are {known}.")
    at = max(years) if year is None else year
    source = f"{_EMBER} {at + 1}" if code == WORLD else _OWID
    return Grid(years[at], source, code, table[code][0], at, LICENCE)


def grid_intensity() -> tuple[float, str]:
    """Return grams of CO2 equivalent a kWh and their source, of :func:`find_grid`'s default."""
    grid = find_grid()
    return grid.g_per_kwh, grid.told


def _of_user(text: str) -> Grid:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        raise InputError(
            f'{_INTENSITY}="{text}" must be a number of grams per kWh; correct or unset it.'
        )
    return Grid(value, f"{_INTENSITY}, set by the user")


def _unknown_country(given: str, table: Table, names: dict[str, str]) -> str:
    """Return the sentence for a country that is not known; a short text is taken for a code."""
    known = [name for name in names if (len(name) <= 3) == (len(given.strip()) <= 3)]
    told = unknown("country", given, known)
    if "did you mean" not in told:  # a list of two hundred is no help
        return f'There is no country "{given}"; name an ISO 3166 code such as FRA.'
    near = names[told.split('"')[-2].lower()]
    return f'There is no country "{given}"; did you mean "{near}" ({table[near][0]})?'


@cache
def _table() -> tuple[Table, dict[str, str]]:
    """Return name and intensities by year of each code, and the code of each name."""
    file = files(__package__).joinpath("grid_intensity.csv")
    lines = file.read_text(encoding="utf-8").splitlines()
    table: Table = {}
    names = dict(_ALSO)
    for row in csv.DictReader(line for line in lines if not line.startswith("#")):
        code = row["code"]
        _, years = table.setdefault(code, (row["country"], {}))
        years[int(row["year"])] = float(row["g_per_kwh"])
        names |= {name.lower(): code for name in (code, row["alpha2"], row["country"]) if name}
    return table, names
