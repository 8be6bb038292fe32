"""What the advisory database OSV (https://osv.dev, PyPI's advisories among others) knows of the packages of locks.

    python .ci/advisories.py requirements.lock ...

Sent are the names and versions that stand in the locks, and nothing else. Ends with 0 where no advisory is known, with
1 where some are, each on a line, and with 2 where the database could not be asked: then nothing is known. It needs the
network, so neither `make check` nor continuous integration runs it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import httpx
from sbom import packages

DATABASE = "https://api.osv.dev/v1/querybatch"
READ = "https://osv.dev/vulnerability/"
MOST = 500
"""Packages that are asked about at once; the database takes 1,000."""

type Pin = tuple[str, str]
"""Name and version."""


def pins(locks: Sequence[Path]) -> list[Pin]:
    """Every package of the locks, once."""
    return sorted({(name, version) for lock in locks for name, version, *_ in packages(lock.read_text("utf-8"))})


def known(client: httpx.Client, pinned: Sequence[Pin]) -> dict[Pin, list[str]]:
    """The advisories of each package that has any. Raises httpx.HTTPError or ValueError where no answer can be read."""
    found: dict[Pin, list[str]] = {}
    waiting: list[tuple[Pin, dict[str, str]]] = [(pin, {}) for pin in pinned]
    while waiting:
        asked, waiting = waiting[:MOST], waiting[MOST:]
        for (pin, _), answer in zip(asked, _answers(client, asked), strict=True):
            if more := [one["id"] for one in answer.get("vulns", ())]:
                found.setdefault(pin, []).extend(more)
            if token := answer.get("next_page_token"):
                waiting.append((pin, {"page_token": token}))
    return found


def _answers(client: httpx.Client, asked: Sequence[tuple[Pin, dict[str, str]]]) -> list[dict[str, object]]:
    queries = [
        {"package": {"name": name, "ecosystem": "PyPI"}, "version": version} | page for (name, version), page in asked
    ]
    reply = client.post(DATABASE, json={"queries": queries}).raise_for_status().json()
    try:
        return list(reply["results"])
    except (KeyError, TypeError) as error:
        raise ValueError("an answer without results") from error


def main(locks: Sequence[Path], client: httpx.Client) -> int:
    """Ask, and print what is known; the exit status."""
    pinned = pins(locks)
    named = ", ".join(lock.name for lock in locks)
    try:
        found = known(client, pinned)
    except (httpx.HTTPError, ValueError, AttributeError, KeyError, TypeError) as error:
        print(
            f"The advisory database could not be asked ({type(error).__name__}: {error}), so nothing is known of the"
            f" {len(pinned)} packages of {named}. Run `make advisories` on a machine that reaches {DATABASE}; it needs"
            " nothing but this checkout.",
            file=sys.stderr,
        )
        return 2
    for (name, version), advisories in found.items():
        print(*(f"{name} {version}: {READ}{one}" for one in sorted(advisories)), sep="\n")
    print(f"Packages of {named} with a known advisory: {len(found) or 'none'} of {len(pinned)}.")
    return int(bool(found))


if __name__ == "__main__":
    with httpx.Client(timeout=30) as network:
        raise SystemExit(main([Path(one) for one in sys.argv[1:]], network))
