"""Several models under one budget, with controls, intervals and a recommendation; a file a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from further.compare.generative import Comparison, generative_models, resume

__all__ = ["Comparison", "generative_models", "resume"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from further.compare import generative

        return getattr(generative, name)
    raise AttributeError(f"module 'further.compare' has no attribute '{name}'")
