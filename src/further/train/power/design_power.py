r"""Energy from processor time and design power, as a range.

With :math:`c` seconds of processor time, :math:`t` seconds by the clock, :math:`m` gigabytes in
memory and :math:`w` watts of design power a core, the energy is

.. math:: E(w, m, o) = o \, (w \, c + 0.3725 \, m \, t),

with 0.3725 W for a gigabyte of memory and the overhead :math:`o` of a data centre, what it draws
for each watt of its machines (Lannelongue et al. 2021). None of these is known for the machine at
hand. The figure in the middle is :math:`E(12, 0, 1)`: 12 W a core is what they take for a processor
that is not known. The range is

.. math:: [E(1.9, 0, 1), \; E(23.8, m, 1.67)].

The design powers a core in their table of 80 processors go from 3.8 to 23.8 W; the least is halved,
since a second of processor time may be one of two threads that share a core. Memory and overhead
(1.67, the world's average in their article) are out at the lower end and in at the upper one. The
memory is what the process occupies, not what the machine has: on a large machine that others use
too, a constant for all of its memory would be most of the figure.

The range says what is not known of the machine, not how the figure varies: two runs on one machine
share its unknown watts, and there their processor times say more than their energies.

References
----------
Lannelongue, Grealey, Inouye 2021, "Green Algorithms: quantifying the carbon footprint of
computation", Advanced Science 8; the table is ``data/latest/TDP_cpu.csv`` of their tool.
"""

from __future__ import annotations

WATTS_PER_CORE = 12.0
LEAST_WATTS, MOST_WATTS = 3.8 / 2, 23.8
WATTS_PER_GIGABYTE = 0.3725
OVERHEAD = 1.67
RANGE_TOLD = (
    f"the range is that of {LEAST_WATTS:g} to {MOST_WATTS:g} W a core, with memory "
    f"({WATTS_PER_GIGABYTE:g} W per GB) and the overhead of a data centre ({OVERHEAD:g}) at its "
    "upper end"
)


def from_design_power(
    cpu_seconds: float, seconds: float = 0.0, gigabytes: float = 0.0
) -> tuple[float, float, float]:
    """Return the energy of some processor time, with its range.

    Use it where no counter can be read. It fails where other hardware works too: it knows neither
    GPUs nor disks.

    Parameters
    ----------
    cpu_seconds : float
        Processor time, summed over threads.
    seconds : float, default=0.0
        Time by the clock, for memory.
    gigabytes : float, default=0.0
        Memory that is occupied, in 10^9 bytes.

    Returns
    -------
    value, low, high : float
        In watt-hours.

    Examples
    --------
    >>> [round(x, 3) for x in from_design_power(3600, 3600, 1.0)]
    [12.0, 1.9, 40.368]
    """
    memory = WATTS_PER_GIGABYTE * gigabytes * seconds
    return (
        WATTS_PER_CORE * cpu_seconds / 3600,
        LEAST_WATTS * cpu_seconds / 3600,
        OVERHEAD * (MOST_WATTS * cpu_seconds + memory) / 3600,
    )
