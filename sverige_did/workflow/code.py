"""The hash of the code that a command runs: Snakemake reruns a rule when it changes, and only then."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).parent.parent
NAME = PACKAGE.name
REPORT = "report"
"""Only commands that import this layer depend on the language files; elsewhere these are merely error messages."""


IMPORT = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import[ \t]+(\([^)]*\)|.*)|import[ \t]+(.*))", re.MULTILINE)
"""An import statement wherever it stands. Parsing every file would take longer than some of the rules."""

QUOTED = re.compile(rf'"({NAME}(?:\.\w+)+)"')
"""A module that a registry names, and that is imported only when it is asked for; what a package's own ``__init__``
names stands in the imports of whoever uses it."""


@cache
def _file_of(module: str) -> Path | None:
    path = PACKAGE.joinpath(*module.split(".")[1:])
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _imports(path: Path) -> frozenset[str]:
    """The modules of this package that one file names in an import, wherever in the file it stands."""
    text = path.read_text("utf-8")
    found: set[str] = set() if path.name == "__init__.py" else set(QUOTED.findall(text))
    for source, names, modules in IMPORT.findall(text):
        found |= {source, *(f"{source}.{name}" for name in re.findall(r"\w+", names))}
        found |= set(re.findall(r"[\w.]+", modules))
    return frozenset(name for name in found if name.split(".")[0] == NAME)


def closure(module: str) -> tuple[Path, ...]:
    """All source files of this package that a module needs, itself included, in a fixed order."""
    seen: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = _file_of(name)
        if path is None or name in seen:
            continue
        seen[name] = path
        waiting += [name.rpartition(".")[0], *_imports(path)] if "." in name else _imports(path)
    return tuple(sorted(set(seen.values())))


def _data_beside(files: tuple[Path, ...]) -> list[Path]:
    folders = {path.parent for path in files} - {PACKAGE, PACKAGE / "workflow"}
    if not any(REPORT in path.relative_to(PACKAGE).parts for path in files):
        folders -= {PACKAGE / "words"}
    found = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    return sorted(path for path in found if path.suffix not in {".py", ".pyc"})


@cache
def code_hash(module: str) -> str:
    """SHA-256 over the files of :func:`closure` and the data files (templates, texts, norms) that lie beside them."""
    files = closure(module)
    if not files:
        raise ModuleNotFoundError(module)
    digest = hashlib.sha256()
    for path in [*files, *_data_beside(files)]:
        digest.update(path.relative_to(PACKAGE).as_posix().encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def step(task: str) -> str:
    """The parameter that makes Snakemake rerun a rule when the code of its task changes."""
    return code_hash(f"{NAME}.tasks.{task}")
