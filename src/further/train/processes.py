"""The processes that ``torchrun`` started, or this one alone.

The first process decides and writes; the others follow. Without ``torchrun`` all of this does
nothing.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from lightning_fabric import Fabric

    from further.train.execution import Execution

T = TypeVar("T")


def is_alone() -> bool:
    """Whether this is the only process, not one of several that ``torchrun`` started."""
    return int(os.environ.get("WORLD_SIZE", "1")) == 1


def is_first() -> bool:
    """Whether this process is the one that decides and writes."""
    return is_alone() or int(os.environ.get("RANK", "0")) == 0


def make_fabric(execution: Execution | None = None) -> Fabric:
    """Return Fabric for this process, joined with the others where ``torchrun`` started it.

    Parameters
    ----------
    execution : Execution, optional
        Device and precision; by default the processor in float32.
    """
    from lightning_fabric import Fabric

    # It announces its precision, which the run records; its import sets a level, so here.
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)
    device = "cpu" if execution is None else execution.device
    precision = "32-true" if execution is None else execution.precision
    if is_alone():
        return Fabric(accelerator=device, devices=1, precision=precision)
    world = int(os.environ["WORLD_SIZE"])
    local = int(os.environ.get("LOCAL_WORLD_SIZE", world))
    fabric = Fabric(
        accelerator=device,
        devices=local,
        num_nodes=world // local,
        strategy="ddp",
        precision=precision,
    )
    fabric.launch()
    return fabric


def decided_by_first(value: T) -> T:
    """Return the first process's value in every process."""
    if is_alone():
        return value
    decided: T = make_fabric().broadcast(value)
    return decided


@contextmanager
def first_goes_first() -> Iterator[None]:
    """Let the first process do a block before the others do it."""
    if is_alone():
        yield
        return
    fabric = make_fabric()
    if not is_first():
        fabric.barrier()
    yield
    if is_first():
        fabric.barrier()
