"""How Sphinx makes the site: Markdown as it lies in docs/, the reference from docstrings, examples that are run.

Nothing is fetched: no inventories of other projects, no fonts, no scripts from elsewhere.
"""

from __future__ import annotations

import logging
from pathlib import Path

import sverige_did

for chatty in ("arviz", "arviz_base", "pytensor"):
    logging.getLogger(chatty).setLevel(logging.WARNING)

project = "sverige_did"
author = project_copyright = "The sverige_did developers"
version = release = sverige_did.__version__
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "sphinx_gallery.gen_gallery"]
source_suffix = {".md": "markdown", ".rst": "restructuredtext"}
exclude_patterns = ["site", "examples", "gallery/**/*.ipynb", "**/sg_execution_times.rst", "sg_execution_times.rst"]

# The slugs of headings are those of GitHub, so that a link works in a file and on the site alike.
myst_heading_anchors = 4
myst_enable_extensions = ["dollarmath"]

autodoc_default_options = {
    "members": True,
    "inherited-members": "BaseModel",
    "exclude-members": "model_config, kind, shown",
}
autodoc_typehints_format = "short"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
numpydoc_show_class_members = False
numpydoc_validation_checks: set[str] = set()

# Types of other libraries and of the layers below: no inventory is fetched, so they are names and no links.
nitpick_ignore_regex = [("py:(class|obj|meth|mod|data|func|attr|exc)", r"(?!sverige_did\.[A-Z]).*")]

sphinx_gallery_conf = {
    "examples_dirs": str(Path(__file__).parents[1] / "examples"),
    "gallery_dirs": "gallery",
    "filename_pattern": r"\.py$",
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,
    "abort_on_example_error": True,
    "remove_config_comments": True,
    "image_scrapers": ("matplotlib",),
    "backreferences_dir": None,
    "within_subsection_order": "FileNameSortKey",
    "min_reported_time": 1_000,
    "ignore_repr_types": r"matplotlib|numpy.ndarray",
}

html_theme = "furo"
html_title = "sverige_did"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_theme_options = {"navigation_with_keys": True}
