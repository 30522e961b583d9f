"""x."""

from pathlib import Path


def write_page(path):
    return Path(path)
