"""The Snakemake rules; inside the package so that an installed wheel can run them."""

from pathlib import Path

HERE = Path(__file__).parent
SNAKEFILE = HERE / "Snakefile"
# A wheel carries the profile beside the rules; a checkout has it where Snakemake looks for it.
PROFILE = next(
    path for path in (HERE / "profiles" / "default", HERE.parents[1] / "profiles" / "default") if path.is_dir()
)
