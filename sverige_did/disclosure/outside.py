"""What stands around a release: earlier ones of the same study, an audit for whoever receives it, and one that stays.

The audit for the outside names rules, thresholds, software and files with their SHA-256, and no number of any child.
The audit inside holds every hidden number with the range that the attack left it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sverige_did.disclosure.cases import CaseRelease
from sverige_did.disclosure.levels import AMOUNT, CANDIDATES, DOMINANT, FEWEST_DISTRICTS
from sverige_did.disclosure.programme import Decisions, Left
from sverige_did.disclosure.release import Release
from sverige_did.disclosure.rounding import STEPS_OF_AN_INTERVAL
from sverige_did.errors import InputError
from sverige_did.files import KEPT, lost, read_model, refusal_of, write_model
from sverige_did.study.study import PanelStudy

AUDIT, SUMS = "audit.json", "SHA256SUMS"
"""The names of the audit for the outside, and of the list that ``sha256sum --check`` reads."""


def earlier(folder: Path) -> tuple[Release, ...]:
    """Every release of the study that was kept in its folder: somebody may have it.

    Raises InputError where one cannot be read or is gone, for nobody could then tell what the new one would tell beside
    it.
    """
    if gone := lost(folder):
        raise refusal_of(gone)
    return tuple(_kept(path) for path in sorted((folder / KEPT).glob("*.json")))


def _kept(path: Path) -> Release:
    try:
        return read_model(path, Release)
    except InputError as error:
        raise refusal_of([path]) from error


def keep(folder: Path, release: Release) -> Path:
    """Keep a release by the hash of what it says; the same release is kept once."""
    name = hashlib.sha256(release.model_dump_json().encode()).hexdigest()[:16]
    path = folder / KEPT / f"{name}.json"
    if not path.exists():
        write_model(path, release)
    return path


def rules_of(release: Release | CaseRelease) -> dict[str, Any]:
    """The rules of disclosure control as values that a program can read."""
    if isinstance(release, CaseRelease):
        return {"policy": "cases", "threshold": release.study.hidden_below, "events_between_points": "threshold"}
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


def outside(release: Release | CaseRelease, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """All that may be sent out: ``contents`` by file name, the audit, and the SHA-256 of each."""
    sums = {name: hashlib.sha256(content).hexdigest() for name, content in sorted(contents.items())}
    found = {
        "study": release.study.study,
        "synthetic": release.synthetic,
        "plan_sha256": release.plan_sha256,
        "rules": rules_of(release),
        "versions": release.versions,
        "files": sums,
    }
    audit = (json.dumps(found, indent=1, ensure_ascii=False) + "\n").encode()
    listed = {**sums, AUDIT: hashlib.sha256(audit).hexdigest()}
    lines = "".join(f"{hash_}  {name}\n" for name, hash_ in listed.items())
    return {**contents, AUDIT: audit, SUMS: lines.encode()}


def inside(left: tuple[Left, ...], decisions: Decisions) -> str:
    """The audit that never leaves: the decisions taken, and every hidden number with the range that is left of it."""
    found = {
        "never_leaves": True,
        "levels": {"+".join(what): resolution for what, resolution in decisions.resolution.items()},
        "curves": dict(decisions.curves),
        "wider": dict(decisions.wider),
        "shut": sorted("|".join(str(one) for one in key) for key in decisions.shut),
        "withheld": sorted(decisions.withheld),
        "hidden": [one._asdict() for one in left],
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"
