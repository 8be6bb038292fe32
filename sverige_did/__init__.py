"""Effect estimates with honest uncertainty for social programmes with few treated districts.

>>> import sverige_did as sd
>>> study = sd.did(sd.datasets.simulate(effect=-3.0, seed=1), unit="district", time="period", y="y",
...                treated_from="start", chosen="random")
>>> study.verdict().verdict
'supported'
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

__version__ = "0.1.0"

_LAZY = {
    "Checks": "doubts", "Comparison": "compare", "Context": "shown", "Effect": "results", "EventStudy": "events",
    "GroupTimes": "events", "Methods": "results", "Result": "shown", "Row": "rows", "Posterior": "posterior",
    "Size": "own_size", "Study": "study", "Verdict": "results", "compare": "compare", "datasets": "",
}  # fmt: skip
"""What this package gives, and the file of ``api/`` in which it stands: read when it is asked for, and not before."""

_ERRORS = ("InputError", "RefusedError", "SverigeDidError")

__all__ = [*sorted((*_LAZY, *_ERRORS)), "__version__", "did"]


class _Did(ModuleType):
    """The package ``sverige_did.did``, which can be called: the estimators and the door to them share a name."""

    def __call__(self, data: object, /, **columns: Any) -> Any:
        """A study of one outcome in a table: see :func:`sverige_did.api.door.did`."""
        return _door()(data, **columns)

    @property
    def __signature__(self) -> object:
        return import_module("inspect").signature(_door())


def _door() -> Any:
    return import_module(f"{__name__}.api.door").did


import_module(f"{__name__}.did").__class__ = _Did


def __getattr__(name: str) -> Any:
    """What stands in ``api/``, imported when it is first asked for."""
    if name in _ERRORS:
        found = getattr(import_module(f"{__name__}.errors"), name)
    elif name in _LAZY:
        place = _LAZY[name] or name
        module = import_module(f"{__name__}.api.{place}")
        found = module if not _LAZY[name] else getattr(module, name)
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    setattr(sys.modules[__name__], name, found)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
