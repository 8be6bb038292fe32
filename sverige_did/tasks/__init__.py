"""One file a rule of the workflow: load, one call, save. Nothing is computed here.

The arguments of ``run`` are the options of the rule's command, and what it returns fills the sentence
``cli.<command>`` that says it is finished.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from sverige_did.words import text

File = Annotated[Path, typer.Option(dir_okay=False, show_default=False)]
Folder = Annotated[Path, typer.Option(file_okay=False, show_default=False)]
Files = Annotated[list[Path], typer.Option(dir_okay=False, show_default=False)]
"""An option that is given several times; of pages once a language, in the order of ``words.LANGUAGES``."""
Cores = Annotated[int, typer.Option(min=1)]
Filled = dict[str, object]


def progress(at: int, of: int, name: str) -> None:
    """One line a fit: a person who waits sees what for."""
    print(f"  {at}/{of} " + text("cli.fit", name=name), flush=True)  # noqa: T201 - progress belongs on the screen


def refused_fits(names: Iterable[str], file: Path) -> None:
    """One line for each fit that did not converge: it is refused, and where its draws can be looked at."""
    for name in names:
        print("  " + text("cli.refused_fit", name=name, file=file), flush=True)  # noqa: T201 - as above
