"""Floating-point operations of a step, counted by torch's own table of formulas.

A multiplication and an addition count as two; products and convolutions are counted, forward and
backward, and elementwise work is not. ``torch.utils.flop_counter.FlopCounterMode`` cannot follow
``create_graph=True``, which a gradient penalty needs, because it hooks modules to attribute the
counts; here only the sum is wanted, so a plain dispatch mode over the same table does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry


class _Counter(TorchDispatchMode):
    def __init__(self) -> None:
        super().__init__()
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        out = func(*args, **(kwargs or {}))
        formula = flop_registry.get(func._overloadpacket)
        if formula is not None:
            self.total += formula(*args, **(kwargs or {}), out_val=out)
        return out


def count_flops(work: Callable[[], Any]) -> int:
    """Return the floating-point operations that a call does.

    Examples
    --------
    >>> import torch
    >>> a, b = torch.ones(2, 3), torch.ones(3, 5)
    >>> count_flops(lambda: a @ b)
    60
    """
    with _Counter() as counter:
        work()
    return counter.total
