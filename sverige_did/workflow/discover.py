"""Which studies lie in a folder, and where their plan and data are.

Two forms are known. A collection: ``analyses/<study>/study.yaml`` with data in ``data/<study>/``. A single study:
``study.yaml`` with data in ``data/``.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StudyFiles:
    """Where one study's plan and data lie, relative to the folder of the run."""

    plan: Path
    data: Path


def _field(plan: Path, name: str, form: str) -> str | None:
    """One top-level field, read without judging the plan: a faulty plan is refused by the command that checks it."""
    found = re.search(rf"^{name}:[ \t]*[\"']?({form})[\"']?[ \t]*(#.*)?$", plan.read_text("utf-8", "replace"), re.M)
    return found.group(1) if found else None


def find_studies(root: Path) -> dict[str, StudyFiles]:
    """The studies of a folder by name, in alphabetical order; empty when there are none."""
    studies = {
        plan.parent.name: StudyFiles(plan.relative_to(root), Path("data") / plan.parent.name)
        for plan in sorted((root / "analyses").glob("*/study.yaml"))
    }
    single = root / "study.yaml"
    if single.is_file():
        studies[_field(single, "study", "[a-z][a-z0-9_-]*") or "study"] = StudyFiles(Path("study.yaml"), Path("data"))
    return studies


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
    return re.search(r"^posterior:", (root / study.plan).read_text("utf-8", "replace"), re.M) is not None


def input_of(root: Path, study: StudyFiles) -> list[str]:
    """The input file that the plan names, if it names one that can be a file name."""
    name = _field(root / study.plan, "input", "[A-Za-z0-9][A-Za-z0-9._-]*")
    return [str(study.data / name)] if name else []


def registers_of(root: Path, study: StudyFiles) -> list[str]:
    """Every file beside the plan of a panel: its registers and whatever else its commands may read there."""
    folder = root / study.data
    return [str(study.data / path.name) for path in sorted(folder.iterdir())] if folder.is_dir() else []


def one_of(names: Iterable[str]) -> str:
    """The pattern of these studies and no others, for rules that only one kind of study has."""
    return "|".join(names) or "(?!)"
