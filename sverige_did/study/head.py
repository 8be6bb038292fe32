"""What the plans of all kinds of study begin with, how they are hashed, and the parts that any of them may have."""

from __future__ import annotations

import hashlib
import json
from datetime import date

from pydantic import Field

from sverige_did.study.blocks import Bilingual, Name, Plan


class Sampling(Plan):
    """How the posterior is drawn."""

    seed: int = Field(ge=0)
    chains: int = Field(default=4, ge=2)
    draws: int = Field(default=1000, ge=100)
    tune: int = Field(default=1000, ge=100)
    target_accept: float = Field(default=0.95, gt=0, lt=1)


class Deviation(Plan):
    """Where the analysis departs from the plan as first written."""

    when: date
    what: Bilingual
    why: Bilingual


class Head(Plan):
    """The first fields of every plan: what is asked, of whom, and what was known when it was written."""

    study: Name
    kind: str
    synthetic: bool = Field(default=False, description="True when any of the data were made up; cannot be hidden")
    title: Bilingual
    question: Bilingual
    population: Bilingual
    written: date
    known_when_written: Bilingual = Field(description="What was known about the results when the plan was written")

    def canonical_json(self) -> str:
        """The plan's meaning as JSON with sorted keys and no spaces: what is hashed."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def sha256(self) -> str:
        """Hash of the plan; it stands in every result and report."""
        return hashlib.sha256(self.canonical_json().encode()).hexdigest()
