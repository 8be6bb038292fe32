"""`snakemake --lint`, with the exceptions that have a reason.

Prints what is left and ends with status 1 when there is anything.
"""

from __future__ import annotations

import re
import subprocess
import sys

EXCEPTIONS = {
    "Specify a conda environment or container for each rule.": (
        "all rules share one locked environment, requirements.lock, which `make all` makes"
    ),
    "Shell command directly uses variable COMMAND from outside of the rule": (
        "it names the interpreter that runs Snakemake; as a parameter it would rerun everything when a checkout moves"
    ),
    "Shell command directly uses variable INTERPRETER from outside of the rule": "the same",
}


def main() -> int:
    """Run the linter and keep the findings without an exception."""
    run = subprocess.run([sys.executable, "-m", "snakemake", "--lint"], capture_output=True, text=True, check=False)
    where, left, seen = "", [], False
    for line in (run.stdout + run.stderr).splitlines():
        if place := re.match(r"Lints for (.*):$", line):
            where, seen = place.group(1), True
        elif (title := re.match(r"    \* (.*):$", line)) and title.group(1) not in EXCEPTIONS:
            left.append(f"{where}: {title.group(1)}")
    if run.returncode and not seen:
        print(run.stdout + run.stderr, file=sys.stderr)
        return run.returncode
    print(*left, sep="\n", end="\n" if left else "")
    return int(bool(left))


if __name__ == "__main__":
    raise SystemExit(main())
