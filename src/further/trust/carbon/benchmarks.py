r"""What else emits greenhouse gas: the benchmarks of Strubell et al. 2019.

Their tables are in pounds; a pound is 0.45359237 kg. The share that is told is :math:`C / B`, with
the carbon :math:`C` of the runs and that of a benchmark :math:`B`, and its range is that of
:math:`C`. The benchmarks themselves are round figures from 2019, most of them of the United
States. That of the architecture search is known to be too high: it assumes hardware and a size of
the searched networks that those who had carried it out did not use (Patterson et al. 2021).

References
----------
Strubell, Ganesh, McCallum 2019, "Energy and policy considerations for deep learning in NLP", ACL,
tables 1 and 3. Patterson et al. 2021, "Carbon emissions and large neural network training",
arXiv:2104.10350.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

KILOGRAMS_A_POUND = 0.45359237
SOURCE = "Strubell, Ganesh, McCallum 2019"
#: Pounds of CO2 equivalent, by what emits them, as it stands behind "of".
POUNDS = {
    "training a Transformer (base) once": 26,
    "training BERT (base) once": 1_438,
    "a passenger's flight from New York to San Francisco and back": 1_984,
    "an average human's life for a year": 11_023,
    "an American's life for a year": 36_156,
    "developing an NLP pipeline, with tuning and experiments": 78_468,
    "an average car's lifetime, fuel included": 126_000,
    "a neural architecture search for a Transformer (big)": 626_155,
}


@dataclass(frozen=True)
class Equivalent:
    """The carbon of runs beside a benchmark."""

    name: Annotated[str, "The benchmark."]
    kg: Annotated[float, "Its kilograms of CO2 equivalent."]
    share: Annotated[float, "What the runs emitted, as a multiple of it."]
    low: Annotated[float, "Lower end of the range of that."]
    high: Annotated[float, "Upper end."]
    sentence: Annotated[str, "The same in words."]


def equivalents(carbon_g: float, low: float, high: float) -> tuple[Equivalent, ...]:
    """Return an amount of carbon beside each benchmark.

    Parameters
    ----------
    carbon_g, low, high : float
        Grams of CO2 equivalent, with their range.

    Returns
    -------
    tuple of Equivalent
        From the smallest benchmark to the largest.

    Examples
    --------
    >>> equivalents(9.0, 1.5, 30.0)[2].sentence
    "1/100,000 of a passenger's flight from New York to San Francisco and back"
    """
    found = []
    for name, pounds in POUNDS.items():
        kg = pounds * KILOGRAMS_A_POUND
        share, *ends = (grams / 1000 / kg for grams in (carbon_g, low, high))
        found.append(Equivalent(name, kg, share, ends[0], ends[1], f"{multiple(share)} of {name}"))
    return tuple(found)


def multiple(share: float) -> str:
    """Return a share as people say it: a fraction, a percentage, or how many times.

    Parameters
    ----------
    share : float
        At least 0.

    Returns
    -------
    str
        With two significant digits.

    Examples
    --------
    >>> multiple(1 / 41), multiple(0.6), multiple(12.34), multiple(0.0)
    ('1/41', '60 %', '12 times', 'none')
    """
    if share <= 0:
        return "none"
    if share < 0.5:
        return f"1/{float(f'{1 / share:.2g}'):,.0f}"
    return f"{share:.0%}".replace("%", " %") if share < 1 else f"{float(f'{share:.2g}'):,g} times"
