"""How a cluster is named and marked: the same colour and shape wherever it appears."""

from __future__ import annotations

from further.report.markup import Markup, join, tag

_COLOURS = 8
# The shapes of d3's symbols, so that no cluster is told by its colour alone.
_SHAPES = (
    "M5 0A5 5 0 1 1 -5 0A5 5 0 1 1 5 0",
    "M0 -6.2L5.4 3.1L-5.4 3.1Z",
    "M-4.6 -4.6H4.6V4.6H-4.6Z",
    "M0 -6.8L3.9 0L0 6.8L-3.9 0Z",
    "M0 -7L1.6 -2.2L6.7 -2.2L2.5 0.8L4.1 5.7L0 2.7L-4.1 5.7L-2.5 0.8L-6.7 -2.2L-1.6 -2.2Z",
    "M-2 -6H2V-2H6V2H2V6H-2V2H-6V-2H-2Z",
    "M0 6.2L-5.4 -3.1L5.4 -3.1Z",
)


def cluster_name(cluster: int | None) -> str:
    """Name a cluster by the number that it has in every table; noise belongs to none.

    Examples
    --------
    >>> cluster_name(2), cluster_name(-1), cluster_name(None)
    ('Cluster 2', 'Noise', 'No cluster')
    """
    if cluster is None:
        return "No cluster"
    return "Noise" if cluster < 0 else f"Cluster {cluster}"


def _swatch(cluster: int) -> Markup:
    """Draw the sign of a cluster."""
    if cluster < 0:
        drawing = '<path class="noise" d="M-4 -4L4 4M4 -4L-4 4"/>'
    else:
        shape, colour = _SHAPES[cluster % len(_SHAPES)], cluster % _COLOURS + 1
        drawing = f'<path d="{shape}" style="fill: var(--series-{colour})"/>'
    return Markup(f'<svg viewBox="-8 -8 16 16" class="swatch" aria-hidden="true">{drawing}</svg>')


def marked_name(cluster: int) -> Markup:
    """Name a cluster beside its sign."""
    return tag("span", _swatch(cluster), cluster_name(cluster), class_="cluster-name")


def legend(clusters: list[int]) -> Markup | None:
    """Name every cluster of a picture beside its sign, where there is more than one."""
    if len(clusters) < 2:
        return None
    return tag("p", join((marked_name(number) for number in clusters), " "), class_="cluster-key")
