"""The one door out: results become released results, and the report sees nothing else.

Two policies. ``published``: every number is computed from figures that somebody else has already printed, so nothing
new about a child can leave; the door checks that this is so. ``registers``: small counts are withheld before release.
"""

from __future__ import annotations

from typing import Literal

from sverige_did.design import OutcomeDesign
from sverige_did.results import CheckResult, Diagnostics, Feasible, Finding, Frozen, Reported
from sverige_did.study import Study

Policy = Literal["published"]


class Release(Frozen):
    """All that a report may tell about one study, and all that it needs.

    ``versions`` names the packages that computed it; ``data_sha256`` is the hash of the panel; ``main_reading`` is the
    reading that the first figure shows: the first one that contradicts none of the reported figures.
    """

    study: Study
    plan_sha256: str
    data_sha256: str
    synthetic: bool
    policy: Policy
    versions: dict[str, str]
    designs: tuple[OutcomeDesign, ...]
    main_reading: str
    findings: tuple[Finding, ...]
    checks: tuple[CheckResult, ...]
    reported: tuple[Reported, ...] = ()
    feasible: tuple[Feasible, ...] = ()
    diagnostics: tuple[Diagnostics, ...] = ()
