# `snakemake all` in this folder. The rules live inside the package, so that an installed wheel runs them too.
import shlex
import sys


include: "sverige_did/workflow/Snakefile"


INTERPRETER = shlex.quote(sys.executable)


# By name only, in a clone with the dependency group `bench`: no page of a study takes it.
rule replications:
    """Published results beside ours, digit by digit, from data that other packages ship or that are a few numbers."""
    input:
        script="analyses/replications/write.py",
        computed="analyses/replications/replicate.py",
        printed=multiext("analyses/replications/", "published.yaml", "hope.csv", "leukaemia.csv"),
    output:
        page="docs/replications.md",
    log:
        "results/logs/replications.log",
    benchmark:
        "results/benchmarks/replications.tsv"
    shell:
        "{INTERPRETER} {input.script} {output.page} 2>&1 | tee {log}"
