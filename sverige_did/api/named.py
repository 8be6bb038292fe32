"""The caller's names of his columns: which outcome, which treatment, and what goes beside them."""

from __future__ import annotations

from dataclasses import dataclass, fields

from sverige_did.errors import UNSEEN, InputError, Problem


@dataclass(frozen=True, slots=True)
class Named:
    """The caller's names of his columns; see :func:`sverige_did.api.door.did`."""

    unit: str
    time: str
    y: str | None = None
    events: str | None = None
    exposure: str | None = None
    treated_from: str | None = None
    treated: str | None = None
    weight: str | None = None
    strata: str | None = None
    cluster: str | None = None
    covariates: tuple[str, ...] = ()
    affected: str | None = None

    def __post_init__(self) -> None:
        for field in fields(self):
            name = getattr(self, field.name)
            for one in name if isinstance(name, tuple) else (name,):
                if isinstance(one, str) and UNSEEN.search(one):
                    raise InputError(Problem("text_unseen", column=one))
        said = (self.y is not None, self.events is not None, self.exposure is not None)
        if said not in {(True, False, False), (False, True, True)}:
            names = ("y", "events", "exposure")
            found = ", ".join(name for name, there in zip(names, said, strict=True) if there)
            raise InputError(Problem("frame_outcome", found=found or "–"))
        if (self.treated_from is None) == (self.treated is None):
            found = "–" if self.treated is None else "treated_from, treated"
            raise InputError(Problem("frame_treatment", found=found))

    @property
    def outcome(self) -> str:
        """The column that the study is about."""
        return str(self.y if self.y is not None else self.events)
