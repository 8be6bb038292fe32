"""The pages of the reference: one for each public name of the package, written before Sphinx reads them."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import ModuleType

from numpydoc.docscrape_sphinx import SphinxDocString

import sverige_did as sd

HEAD = "# {title}\n\n```{{eval-rst}}\n.. currentmodule:: sverige_did\n\n{body}\n```\n"
GROUPS = {
    "To begin": ("did", "Study", "datasets", "compare"),
    "Results": (
        "Verdict",
        "Effect",
        "Methods",
        "EventStudy",
        "GroupTimes",
        "Checks",
        "Size",
        "Posterior",
        "Comparison",
    ),
    "What they are made of": ("Result", "Row", "Context"),
    "Errors": ("SverigeDidError", "InputError", "RefusedError"),
    "Version": ("__version__",),
}
"""The order of the reference; a name that stands in no group stops the build."""


def pages() -> dict[str, str]:
    """The text of each page by its name, and ``index``."""
    public = [name for name in GROUPS_IN_ORDER if name in sd.__all__]
    if left := sorted({*sd.__all__} - {*public}):
        raise SystemExit(f"docs/site/reference.py: no group for {', '.join(left)}. Put it into GROUPS.")
    return {"index": _index(public)} | {_file(name): _page(name) for name in public}


GROUPS_IN_ORDER = tuple(name for names in GROUPS.values() for name in names)


def write(folder: Path) -> None:
    """Lay every page in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / f"{name}.md").write_text(text, "utf-8")


def _file(name: str) -> str:
    return name.strip("_")


def first_sentence(name: str) -> str:
    """What a name is, for the list."""
    if name == "__version__":
        return "The version of the package, as a string."
    found = _function() if name == "did" else getattr(sd, name)
    return (inspect.getdoc(found) or "").split("\n\n")[0].replace("\n", " ").replace(":func:", "")


def _index(public: list[str]) -> str:
    lines = ["# Reference", "", "Every public name of `import sverige_did as sd`, each on a page of its own."]
    for group, names in GROUPS.items():
        lines += ["", f"## {group}", "", "| name | what it is |", "| --- | --- |"]
        lines += [f"| [`{name}`]({_file(name)}.md) | {first_sentence(name)} |" for name in names if name in public]
    tree = "\n".join(_file(name) for name in public)
    return "\n".join(lines) + f"\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n"


def _page(name: str) -> str:
    title, thing = f"`sd.{name}`", getattr(sd, name)
    if name == "did":
        body = _did()
    elif name == "__version__":
        said = f'   :type: str\n   :value: "{sd.__version__}"\n\n   {first_sentence(name)}'
        body = f".. py:data:: sverige_did.__version__\n{said}"
    elif isinstance(thing, ModuleType):
        body = f".. automodule:: {thing.__name__}\n   :members:\n"
    elif inspect.isclass(thing) and issubclass(thing, Exception):
        body = f".. autoexception:: {name}\n   :show-inheritance:"
    elif inspect.isclass(thing):
        body = f".. autoclass:: {name}\n   :class-doc-from: class"
    else:
        body = f".. autofunction:: {name}"
    return HEAD.format(title=title, body=body)


def _did() -> str:
    """``sd.did`` is a package that can be called: its page is that of the function behind it."""
    function = _function()
    names = []
    for one in inspect.signature(function).parameters.values():
        if one.kind is one.KEYWORD_ONLY and "*" not in names:
            names.append("*")
        names.append(one.name if one.default is one.empty else f"{one.name}={one.default!r}")
    text = str(SphinxDocString(inspect.getdoc(function) or ""))
    return f".. py:function:: did({', '.join(names)})\n\n" + "\n".join(f"   {line}" for line in text.splitlines())


def _function() -> object:
    return inspect.unwrap(sd._door())
