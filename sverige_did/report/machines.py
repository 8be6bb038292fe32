"""A release for machines: estimates as Parquet, a citation as BibTeX, and an RO-Crate that says what each file is.

The crate follows RO-Crate 1.1 (Soiland-Reyes et al. 2022, Data Science 5:97): one JSON-LD file beside the others.
"""

from __future__ import annotations

import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import pandas as pd

from sverige_did.disclosure.release import Release
from sverige_did.report.doubt.security import ratings
from sverige_did.report.labels import in_language
from sverige_did.results.estimates import ROW_FIELDS
from sverige_did.results.security import MOST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sverige_did.disclosure.cases import CaseRelease
    from sverige_did.results.estimates import Finding
    from sverige_did.words import Language

    AnyRelease = Release | CaseRelease

CRATE, BIBTEX, PARQUET, SECURITY = (
    "ro-crate-metadata.json", "citation.bib", "estimates.parquet", "security.json",
)  # fmt: skip
"""The names of the files."""

TYPES = {
    "bib": "application/x-bibtex", "csv": "text/csv", "html": "text/html", "json": "application/json",
    "md": "text/markdown", "parquet": "application/vnd.apache.parquet", "svg": "image/svg+xml",
}  # fmt: skip
"""Media types by the end of a file's name."""

PROFILE = "https://w3id.org/ro/crate/1.1"

LANGUAGES: tuple[Language, ...] = ("da", "en")


def for_machines(release: AnyRelease, contents: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files by name, for ``contents``, all others that are sent out. The crate describes the others too."""
    found = {
        PARQUET: estimates_parquet(release.findings, synthetic=release.synthetic),
        BIBTEX: bibtex(release).encode(),
    }
    if isinstance(release, Release):
        found[SECURITY] = security_json(release).encode()
    return found | {CRATE: crate(release, {**contents, **found}).encode()}


def estimates_parquet(findings: Iterable[Finding], *, synthetic: bool) -> bytes:
    """The released findings with the columns of the csv (``results.ROW_FIELDS``), numbers as numbers."""
    mark: dict[str, Any] = {"synthetic": True} if synthetic else {}
    frame = pd.DataFrame([mark | finding.row() for finding in findings], columns=[*mark, *ROW_FIELDS])
    out = io.BytesIO()
    frame.to_parquet(out, index=False)
    return out.getvalue()


def security_json(release: Release) -> str:
    """The strength of evidence of every outcome with the steps of the rule that made it."""
    made = {
        "study": release.study.study,
        "synthetic": release.synthetic,
        "plan_sha256": release.plan_sha256,
        "most": MOST,
        "outcomes": [one.model_dump(mode="json") for one in ratings(release)],
    }
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"


def bibtex(release: AnyRelease) -> str:
    """One entry for the study in each language and one for the package, with the hash of the plan."""
    version = release.versions.get("sverige-did", "")
    entries = []
    for language in LANGUAGES:
        made_up = {"da": "Opdigtede data. ", "en": "Made-up data. "}[language] if release.synthetic else ""
        entries.append(
            _entry(f"{release.study.study}_{language}", "misc", {
                "title": in_language(release.study.title, language),
                "year": str(release.study.written.year),
                "date": release.study.written.isoformat(),
                "language": {"da": "danish", "en": "english"}[language],
                "howpublished": f"{release.study.study}.{language}.html",
                "note": f"{made_up}sverige_did {version}, plan SHA-256 {release.plan_sha256}",
            })
        )  # fmt: skip
    software = {"title": "sverige_did", "version": version, "author": "{The sverige_did developers}"}
    return "\n".join([*entries, _entry("sverige_did", "software", software)])


def _entry(key: str, kind: str, fields: Mapping[str, str]) -> str:
    lines = [f"  {name} = {{{_escaped(value)}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}", ""])


def _escaped(value: str) -> str:
    """Text in which nothing is a command of TeX; braces that stand around a whole name stay."""
    whole = value.startswith("{") and value.endswith("}")
    text = value[1:-1] if whole else value
    text = "".join({"\\": "", "{": "", "}": "", "\n": " "}.get(letter, letter) for letter in text)
    for letter in "&%$#_":
        text = text.replace(letter, f"\\{letter}")
    return f"{{{text}}}" if whole else text


def crate(release: AnyRelease, contents: Mapping[str, bytes]) -> str:
    """The metadata of the run as JSON-LD: the folder, every file with its hash, the plan and what computed it.

    Equal contents give equal metadata, so the date is that of the plan and not of the day on which it was run.
    """
    study = release.study
    files = [
        {
            "@id": name,
            "@type": "File",
            "encodingFormat": TYPES.get(name.rpartition(".")[2], "application/octet-stream"),
            "contentSize": str(len(content)),
            "sha256": hashlib.sha256(content).hexdigest(),
            **({"inLanguage": language} if (language := _language_of(name)) else {}),
        }
        for name, content in sorted(contents.items())
    ]
    software = [
        {"@id": f"#{name}", "@type": "SoftwareApplication", "name": name, "softwareVersion": version}
        for name, version in release.versions.items()
    ]
    made_up = "Made-up data. " if release.synthetic else ""
    graph: list[dict[str, Any]] = [
        {
            "@id": CRATE,
            "@type": "CreativeWork",
            "conformsTo": {"@id": PROFILE},
            "about": {"@id": "./"},
        },
        {
            "@id": "./",
            "@type": "Dataset",
            "name": in_language(study.title, "en"),
            "description": made_up + in_language(study.question, "en"),
            "datePublished": study.written.isoformat(),
            "license": "To be chosen by whoever publishes the study",
            "hasPart": [{"@id": one["@id"]} for one in files],
            "mentions": {"@id": "#run"},
        },
        {
            "@id": "#run",
            "@type": "CreateAction",
            "name": f"sverige-did run, study {study.study}",
            "instrument": [{"@id": one["@id"]} for one in software],
            "object": {"@id": "#plan"},
            "result": {"@id": "./"},
        },
        {
            "@id": "#plan",
            "@type": "CreativeWork",
            "name": "Analysis plan (study.yaml)",
            "sha256": release.plan_sha256,
            "dateCreated": study.written.isoformat(),
        },
        *software,
        *files,
    ]
    return json.dumps({"@context": f"{PROFILE}/context", "@graph": graph}, indent=1, ensure_ascii=False) + "\n"


def _language_of(name: str) -> str | None:
    """Of ``herning.da.html`` and ``figures/da/overview.svg`` the ``da``."""
    parts = {*name.split("/"), *name.split(".")}
    return next((language for language in LANGUAGES if language in parts), None)
