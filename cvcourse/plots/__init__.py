"""Every figure of the course. Each function draws, and returns a figure that tells what it shows.

Matplotlib is imported when the first figure is asked for: a notebook that is being graded imports
this package and draws nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cvcourse.plots.distances import blocks, distance_matrix, lost_digits
    from cvcourse.plots.pictures import neighbours, pixel_differences, samples
    from cvcourse.plots.regions import decision_regions
    from cvcourse.plots.validation import cross_validation, folds

__all__ = [
    "blocks",
    "cross_validation",
    "decision_regions",
    "distance_matrix",
    "folds",
    "lost_digits",
    "neighbours",
    "pixel_differences",
    "samples",
]

_MODULES = ("distances", "pictures", "regions", "validation")


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module in _MODULES:
            found = vars(importlib.import_module(f"{__name__}.{module}")).get(name)
            if found is not None:
                globals()[name] = found
                return found
    raise AttributeError(f"cvcourse.plots has no figure {name!r}; it has {', '.join(__all__)}")
