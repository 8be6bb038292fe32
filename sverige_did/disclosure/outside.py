"""What stands around a release: earlier ones of the same study, and an audit for whoever receives it.

The audit names rules, thresholds, software and files with their SHA-256, and no number of any child. What an outsider
was tried with stays inside.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sverige_did.disclosure.known import AMOUNT, CANDIDATES
from sverige_did.disclosure.levels import DOMINANT, FEWEST_DISTRICTS
from sverige_did.disclosure.release import Release
from sverige_did.disclosure.rounding import STEPS_OF_AN_INTERVAL
from sverige_did.files import read_model, write_model
from sverige_did.study.study import PanelStudy

KEPT = "released"
"""The folder of earlier releases, beside the results that never leave."""


def earlier(folder: Path) -> tuple[Release, ...]:
    """Every release of the study that was kept in its folder: somebody may have it."""
    return tuple(read_model(path, Release) for path in sorted((folder / KEPT).glob("*.json")))


def keep(folder: Path, release: Release) -> Path:
    """Keep a release by the hash of what it says; the same release is kept once."""
    name = hashlib.sha256(release.model_dump_json().encode()).hexdigest()[:16]
    path = folder / KEPT / f"{name}.json"
    if not path.exists():
        write_model(path, release)
    return path


def rules_of(release: Release) -> dict[str, Any]:
    """The rules of disclosure control as values that a program can read."""
    if not isinstance(release.study, PanelStudy) or release.policy != "registers":
        return {"policy": release.policy}
    rules = release.study.register_rules
    return {
        "policy": "registers",
        "threshold": rules.hidden_below,
        "zero_is_hidden": True,
        "rounding_base": rules.base,
        "steps_of_an_interval": STEPS_OF_AN_INTERVAL,
        "fewest_districts_in_a_group": FEWEST_DISTRICTS,
        "dominance_largest_share": DOMINANT,
        "p_percent": 100 * AMOUNT,
        "candidates_for_a_district": CANDIDATES,
        "attacker": ["linear programme", "integer programme", "earlier releases"],
        "exposed_numbers": 0,
        "given_up": [one.model_dump() for one in release.given_up],
        "steps": [one.model_dump() for one in release.steps],
    }


def audit_json(release: Release, files: Mapping[str, Path]) -> str:
    """The audit: rules, versions, and the SHA-256 of each of ``files``."""
    found = {
        "study": release.study.study,
        "synthetic": release.synthetic,
        "plan_sha256": release.plan_sha256,
        "rules": rules_of(release),
        "versions": release.versions,
        "files": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()},
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
