"""The bill of materials of a release as CycloneDX JSON: every package of a lock, with the hashes of its files.

    python .ci/sbom.py requirements.lock sbom.json

Nothing is asked of the network, and equal locks make equal bills, so that anybody can make it again and compare.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, files, metadata
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

ROOT = Path(__file__).parents[1]
PINNED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)(?: ; ([^\\\n]+?))? \\$", re.MULTILINE)
HASHED = re.compile(r"--hash=sha256:([0-9a-f]{64})")
PERMISSIVE = {
    "permission is hereby granted, free of charge": "MIT",
    "redistribution and use in source and binary forms": "BSD-3-Clause",
    "apache license": "Apache-2.0",
}


def packages(lock: str) -> list[tuple[str, str, str | None, list[str]]]:
    """Name, version, the machines it is for (None: all) and the hashes of every package of a lock, by name."""
    found = list(PINNED.finditer(lock))
    ends = [one.start() for one in found[1:]] + [len(lock)]
    return [
        (re.sub(r"[-_.]+", "-", one[1]).lower(), one[2], one[3], HASHED.findall(lock[one.end() : end]))
        for one, end in zip(found, ends, strict=True)
    ]


def licence(name: str) -> str | None:
    """What an installed package says of its licence: in an expression, classifiers, a field or its own file."""
    try:
        said = metadata(name)
    except PackageNotFoundError:
        return None
    classified = [
        one.rsplit("::", 1)[-1].strip() for one in said.get_all("Classifier", []) if one.startswith("License ::")
    ]
    field = (said.get("License") or "").strip()
    short = field if field and "\n" not in field and len(field) < 80 else ""
    return said.get("License-Expression") or " OR ".join(classified) or short or _of_its_file(name, field)


def _of_its_file(name: str, field: str) -> str | None:
    texts = [field, *(one.read_text() for one in files(name) or () if re.search(r"LICEN[CS]E|COPYING", one.name))]
    plain = " ".join(" ".join(texts).casefold().split())
    return next((known for words, known in PERMISSIVE.items() if words in plain), None)


def bill(lock: str, version: str) -> dict[str, object]:
    """The bill of materials of CycloneDX 1.6; its serial number follows from the lock."""
    components: list[dict[str, object]] = []
    for name, pinned, machines, hashes in packages(lock):
        purl = f"pkg:pypi/{name}@{pinned}"
        said = licence(name)
        components.append(
            {"type": "library", "bom-ref": purl, "name": name, "version": pinned, "purl": purl}
            | ({"licenses": [{"license": {"name": said}}]} if said else {})
            | ({"properties": [{"name": "marker", "value": machines}]} if machines else {})
            | {"externalReferences": [{
                "type": "distribution", "url": f"https://pypi.org/project/{name}/{pinned}/",
                "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
            }]}
        )  # fmt: skip
    own = f"pkg:pypi/sverige-did@{version}"
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid5(NAMESPACE_URL, own + lock)}",
        "version": 1,
        "metadata": {"component": {"type": "application", "bom-ref": own, "name": "sverige-did", "version": version,
                                   "purl": own, "licenses": [{"license": {"id": "MIT"}}]}},
        "components": components,
        "dependencies": [{"ref": own, "dependsOn": [one["bom-ref"] for one in components]}],
    }  # fmt: skip


if __name__ == "__main__":
    source, out = map(Path, sys.argv[1:3])
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    out.write_text(json.dumps(bill(source.read_text("utf-8"), version), indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"{out}: {len(packages(source.read_text('utf-8')))} packages")
