"""Which studies lie in a folder, and where their plan and data are.

Two forms are known. A collection: ``analyses/<study>/study.yaml`` with data in ``data/<study>/``. A single study:
``study.yaml`` with data in ``data/``.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from sverige_did.errors import Problem
from sverige_did.sources.files.cpr import holds_cpr
from sverige_did.study.yaml_tree import MAX_TEXT


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """Where one study's plan and data lie, relative to the folder of the run."""

    plan: Path
    data: Path


def _field(plan: Path, name: str, form: str) -> str | None:
    """One top-level field, read without judging the plan: a faulty plan is refused by the command that checks it."""
    found = re.search(rf"^{name}:[ \t]*[\"']?({form})[\"']?[ \t]*(#.*)?$", _text(plan), re.M)
    return found.group(1) if found else None


def _text(plan: Path) -> str:
    """The plan as it lies there; of one that is longer than any plan, the beginning."""
    with plan.open("rb") as file:
        return file.read(MAX_TEXT).decode("utf-8", "replace")


NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")
"""What a study can be called: its name is a part of file names, addresses and commands."""


def find_studies(root: Path) -> dict[str, StudyFiles]:
    """The studies of a folder by name, in alphabetical order; empty when there are none.

    A folder that no study can be called after (»kopi af herning«) is none; :func:`unusable_studies` names it.
    """
    studies = {
        plan.parent.name: StudyFiles(plan.relative_to(root), Path("data") / plan.parent.name)
        for plan in sorted((root / "analyses").glob("*/study.yaml"))
        if NAME.fullmatch(plan.parent.name) and plan.is_file()
    }
    single = root / "study.yaml"
    if single.is_file():
        studies[_field(single, "study", "[a-z][a-z0-9_-]*") or "study"] = StudyFiles(Path("study.yaml"), Path("data"))
    return studies


def unusable_studies(root: Path) -> Iterator[Problem]:
    """What is called a plan and cannot be run: in a folder with a name that no study can have, or no file at all."""
    for plan in [*sorted((root / "analyses").glob("*/study.yaml")), root / "study.yaml"]:
        place = str(plan.relative_to(root))
        if (plan.is_symlink() and not plan.exists()) or (plan.exists() and not plan.is_file()):
            yield Problem("reg_no_file", file=place)
        elif plan.exists() and plan.parent != root and not NAME.fullmatch(plan.parent.name):
            yield Problem("study_folder", file=place, found=plan.parent.name, rule="plain_name")


def plan_of(root: Path, study: StudyFiles) -> list[str]:
    """The files of the plan: ``study.yaml``, and its other parts beside it, where they are."""
    beside = (study.plan.with_name(name) for name in ("readings.yaml", "areas.yaml", "lottery.yaml"))
    return [str(study.plan), *(str(one) for one in beside if (root / one).is_file())]


def evaluations_of(root: Path) -> list[str]:
    """The list of what the sources evaluate, beside the plans of a collection, where there is one."""
    return ["analyses/index.yaml"] if (root / "analyses" / "index.yaml").is_file() else []


def statements_of(root: Path, study: StudyFiles) -> list[str]:
    """The coded statements of interviews beside the plan, where there are any."""
    beside = study.plan.with_name("statements.csv")
    return [str(beside)] if (root / beside).is_file() else []


def pages_of(name: str, languages: Iterable[str], *, annex: bool) -> list[str]:
    """The pages of one study in every language, each with ``annex`` and page of doubt where its kind has them."""
    kinds = ("", ".annex", ".doubt") if annex else ("",)
    return [f"reports/{name}{kind}.{language}.html" for kind in kinds for language in languages]


def each(option: str, values: Iterable[str]) -> str:
    """An option of a command once for each of its values."""
    return " ".join(f"{option} {shlex.quote(value)}" for value in values)


def handed_over(name: str, languages: Iterable[str], *, cases: bool) -> list[str]:
    """What the next office takes over of one study in every language; a study of cases has none."""
    files = ("investment.{}.csv", "declaration.{}.md")
    return [] if cases else [f"results/{name}/{one.format(language)}" for one in files for language in languages]


def kind_of(root: Path, study: StudyFiles) -> str:
    """``published``, ``panel`` or ``cases``, as the plan says; ``published`` where it does not say."""
    return _field(root / study.plan, "kind", "[a-z]+") or "published"


def asks_posteriors(root: Path, study: StudyFiles) -> bool:
    """Whether the plan of a panel has a block ``posterior``: without it there is nothing to sample."""
    return re.search(r"^posterior:", _text(root / study.plan), re.M) is not None


def input_of(root: Path, study: StudyFiles) -> list[str]:
    """The input file that the plan names, if it names one that can be a file name."""
    name = _field(root / study.plan, "input", "[A-Za-z0-9][A-Za-z0-9._-]*")
    return [str(study.data / name)] if name else []


def registers_of(root: Path, study: StudyFiles) -> list[str]:
    """Every file beside the plan of a panel: its registers and whatever else its commands may read there.

    Snakemake asks for files, and reads more than a name in braces and line breaks; and it writes the names down in logs
    and metadata, so that one with a civil registration number is not told to it. What else lies there is no reason
    to stop a study: folders and dead links are named by the command that checks it, and :func:`content_of` tells
    whether one with an odd name has changed.
    """
    return [str(study.data / path.name) for path in _entries(root / study.data) if _is_plain(path)]


def data_of(root: Path, study: StudyFiles) -> list[str]:
    """Every file beside the data of a study, whatever it is called."""
    return [str(study.data / path.name) for path in _entries(root / study.data) if path.is_file()]


def all_of(root: Path, study: StudyFiles) -> list[str]:
    """Every file that a run of a study reads: its plan, its statements and its data."""
    return [*plan_of(root, study), *statements_of(root, study), *data_of(root, study)]


def content_of(root: Path, files: Iterable[str]) -> str:
    """A hash of the content of files: a rule reruns when it is another.

    The time of a file says when somebody wrote it, and nothing of what it holds: an older copy that is put back is
    another input, and so is one that was written while the clock was wrong.
    """
    digest = hashlib.sha256()
    for path in (root / file for file in files):
        if path.is_file():
            known = path.stat()
            digest.update(os.fsencode(path.name) + b"\0" + _content(path, known.st_size, known.st_mtime_ns))
    return digest.hexdigest()[:16]


@cache
def _content(path: Path, _size: int, _changed: int) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if not path.name.startswith(".")) if folder.is_dir() else []


def _is_plain(path: Path) -> bool:
    return path.is_file() and PLAIN_FILE.fullmatch(path.name) is not None and not holds_cpr(path.name)


PLAIN_FILE = re.compile(r"[\w .,()+@=&~-]+")
"""The names of files that a workflow can list as they are, Danish letters and blanks among them."""


def one_of(names: Iterable[str]) -> str:
    """The pattern of these studies and no others, for rules that only one kind of study has."""
    return "|".join(names) or "(?!)"
