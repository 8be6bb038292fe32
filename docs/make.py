"""Write what the documentation takes from the code: the plan's schema, registers, codes and the rooms of the house.

Run by `make docs`; tests fail when what is committed is not what this writes.
"""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path
from typing import Any

from validation_page import validation_page

from sverige_did.sources.exports.exports_page import exports_section
from sverige_did.sources.registers.codes import standard_codes
from sverige_did.sources.registers.codes_page import codes_section
from sverige_did.sources.registers.schema_page import schema_page
from sverige_did.study.read import json_schema, readings_schema
from sverige_did.words import LANGUAGES

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "sverige_did"
ARCHITECTURE = ROOT / "ARCHITECTURE.md"
OWN_DATA = ROOT / "docs" / "your-own-data.md"
FIRST, LAST = "<!-- rooms: written by docs/make.py -->\n", "<!-- end of rooms -->\n"
CODES, END_OF_CODES = "<!-- codes.{}: written by docs/make.py -->\n", "<!-- end of codes.{} -->\n"


def schema_text(schema: dict[str, Any]) -> str:
    """docs/study.schema.json and docs/readings.schema.json."""
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def layers() -> list[str]:
    """The rooms from the top of the house to its floor, as the import contract has them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    rows = settings["contracts"][0]["layers"]
    names = [name.strip() for row in rows for name in row.split("|")]
    rooms = [*names[:2], "workflow", *names[2:]]
    return [inner for name in rooms for inner in (name, *_rooms_inside(PACKAGE / name))]


def _rooms_inside(folder: Path) -> list[str]:
    """The packages inside a package, each as its path from the package of all."""
    return [path.parent.relative_to(PACKAGE).as_posix() for path in sorted(folder.glob("*/**/__init__.py"))]


def sentence(path: Path) -> str:
    """The first sentence of a file's docstring."""
    first = (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split("\n\n")[0].replace("\n", " ").strip()
    return re.split(r"(?<=[.!?])\s", first)[0].rstrip(".").replace("|", "\\|")


def room(name: str) -> str:
    """One section: a module, or a package with a row for each of its modules."""
    module = PACKAGE / f"{name}.py"
    if module.is_file():
        return f"## `sverige_did/{name}.py`\n\n{sentence(module)}.\n\n"
    folder = PACKAGE / name
    files = sorted(path for path in folder.glob("*.py") if not path.name.startswith("__"))
    rows = "".join(f"| `{path.stem}` | {sentence(path)} |\n" for path in files)
    table = f"| file | what it does |\n| --- | --- |\n{rows}\n" if files else ""
    return f"## `sverige_did/{name}/`\n\n{sentence(folder / '__init__.py')}.\n\n{table}"


def architecture_text() -> str:
    """ARCHITECTURE.md with its rooms written anew; what stands around them is kept."""
    text = ARCHITECTURE.read_text("utf-8")
    return between(text, FIRST, LAST, "".join(map(room, layers())))


def own_data_text() -> str:
    """docs/your-own-data.md with its lists of codes written anew; what stands around them is kept."""
    text = OWN_DATA.read_text("utf-8")
    for language in LANGUAGES:
        first, last = CODES.format(language), END_OF_CODES.format(language)
        listed = f"{codes_section(standard_codes(), language)}\n{exports_section(language)}\n"
        text = between(text, first, last, listed)
    return text


def between(text: str, first: str, last: str, written: str) -> str:
    """The text with what stands between two lines of it written anew."""
    before, _, rest = text.partition(first)
    _, _, after = rest.partition(last)
    return before + first + "\n" + written + last + after


def pages() -> dict[Path, str]:
    """Every generated page with its text."""
    return {
        ROOT / "docs" / "study.schema.json": schema_text(json_schema()),
        ROOT / "docs" / "readings.schema.json": schema_text(readings_schema()),
        ROOT / "docs" / "schemas.md": schema_page("en"),
        ROOT / "docs" / "schemas.da.md": schema_page("da"),
        ROOT / "docs" / "validation.md": validation_page(),
        OWN_DATA: own_data_text(),
        ARCHITECTURE: architecture_text(),
    }


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, "utf-8")
