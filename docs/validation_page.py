"""The page of what every number is held to: docs/validation.yaml with the tolerances that its tests use.

A tolerance is read in the test itself, so that the page cannot say another than the one that is tried.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from sverige_did import words

ROOT = Path(__file__).parents[1]
INDEX = ROOT / "docs" / "validation.yaml"
KINDS = {
    "published": "a number that somebody else printed",
    "peer": "another package, with the version of the lock file",
    "closed form": "a formula or a textbook case, worked out apart",
    "slow count": "another algorithm: enumeration, refits, quadrature, a loop over the definition",
    "known truth": "data made with an effect that is known",
    "simulation": "many data sets; the longer studies are recorded in tests/validation/recorded",
}
GROUPS = {
    "door": "What a study of a data frame gives",
    "estimator": "Estimators",
    "inference": "Intervals and tests",
    "check": "Sensitivity analyses",
    "model": "Models of posteriors",
}
HEAD = """# What every number is held to

Written by `make docs` from docs/validation.yaml; do not edit. Every estimator, interval, test, check and model that the
package can name in a result has a row for each reference that it is compared with, and the test that compares them.
The tolerances stand in the tests, where this page reads them: `rel` and `rtol` are relative, `abs` and `atol` in the
number's own unit; `equal` and `a limit` are tests without a tolerance, the second of them of a share of data sets or an
order. Published results digit by digit: [replications](replications.md).

"""
DEFAULTS = {
    "approx": "rel 1e-6",
    "assert_allclose": "rtol 1e-7",
    "assert_array_equal": "equal",
    "isclose": "rel 1e-5",
    "allclose": "rel 1e-5",
}


@dataclass(frozen=True, slots=True)
class Held:
    """One number and one reference of it."""

    group: str
    name: str
    kind: str
    reference: str
    test: str

    @property
    def path(self) -> Path:
        """The file of its test."""
        return ROOT / self.test.partition("::")[0]

    @property
    def function(self) -> str:
        """The name of its test."""
        return self.test.partition("::")[2]


def index() -> list[Held]:
    """Every row of the list, in its order."""
    tree: dict[str, dict[str, list[list[str]]]] = yaml.safe_load(INDEX.read_text("utf-8"))
    return [Held(group, str(name), *row) for group in GROUPS for name, rows in tree[group].items() for row in rows]


@cache
def _functions(path: Path) -> dict[str, ast.FunctionDef]:
    tree = ast.parse(path.read_text("utf-8"))
    return {one.name: one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef)}


@cache
def _constants(path: Path) -> dict[str, ast.expr]:
    """What the names in capitals of a file stand for."""
    found = {}
    for one in ast.parse(path.read_text("utf-8")).body:
        if isinstance(one, ast.Assign) and isinstance(one.targets[0], ast.Name) and isinstance(one.value, ast.Constant):
            found[one.targets[0].id] = one.value
    return found


def tolerances(held: Held) -> tuple[str, ...]:
    """The tolerances that the test uses, in its order and each once; KeyError where there is no such test."""
    found: dict[str, None] = {}
    function = _functions(held.path)[held.function]
    for call in ast.walk(function):
        if not isinstance(call, ast.Call):
            continue
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        if name not in DEFAULTS:
            continue
        kept = [one for one in call.keywords if one.arg in {"abs", "rel", "atol", "rtol"}]
        said = [f"{one.arg} {_told(_constants(held.path).get(_told(one.value), one.value))}" for one in kept]
        found |= dict.fromkeys(said or [DEFAULTS[name]])
    return tuple(found) or _rule(function)


def _rule(function: ast.FunctionDef) -> tuple[str, ...]:
    """How a test compares that names no tolerance."""
    asserted = [part for one in ast.walk(function) if isinstance(one, ast.Assert) for part in ast.walk(one.test)]
    rounded = [one for one in asserted if isinstance(one, ast.Call) and getattr(one.func, "id", "") == "round"]
    digits = {_told(one.args[1]) for one in rounded if len(one.args) == 2}
    if digits:
        return tuple(f"rounded to {one} decimals" for one in sorted(digits))
    signs = {type(sign) for one in asserted if isinstance(one, ast.Compare) for sign in one.ops}
    if signs & {ast.Lt, ast.LtE, ast.Gt, ast.GtE}:
        return ("a limit",)
    return ("equal",) if signs & {ast.Eq, ast.In} or asserted else ()


def _told(value: ast.expr) -> str:
    """A number as it stands; what is worked out from others, or has a name, in its own words."""
    return re.sub(r"\s+", " ", ast.unparse(value))


def versions() -> dict[str, str]:
    """The locked version of every package."""
    text = "\n".join((ROOT / name).read_text("utf-8") for name in ("requirements.lock", "requirements-bench.lock"))
    return dict(re.findall(r"^([a-z0-9-]+)==([\w.]+)", text, re.M))


def peer(held: Held) -> str:
    """The package that a row of this kind names first."""
    return re.split(r"[:, ]", held.reference)[0]


def name_of(held: Held) -> str:
    """What it is called in a result, and in words where there are any."""
    if held.group == "door":
        return f"`.{held.name}()`"
    key = f"labels.{held.group}.{held.name}"
    return (
        f"`{held.name}` {words.text(key, 'en')}" if words.has(key, "en") and held.group != "model" else f"`{held.name}`"
    )


def validation_page() -> str:
    """docs/validation.md."""
    kinds = "\n".join(f"| {kind} | {meaning} |" for kind, meaning in KINDS.items())
    text = HEAD + f"| kind | what it is |\n| --- | --- |\n{kinds}\n"
    locked = versions()
    for group, title in GROUPS.items():
        text += f"\n## {title}\n\n| number | held to | tolerance | test |\n| --- | --- | --- | --- |\n"
        for held in (one for one in index() if one.group == group):
            reference = held.reference
            if held.kind == "peer":
                reference = reference.replace(peer(held), f"{peer(held)} {locked[peer(held)]}", 1)
            within = ", ".join(f"`{one}`" for one in tolerances(held)) or "by its own rule"
            file = held.path.relative_to(ROOT / "tests").as_posix()
            text += f"| {name_of(held)} | *{held.kind}*: {reference} | {within} | {file} `{held.function}` |\n"
    return text
