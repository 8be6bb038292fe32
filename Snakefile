# `snakemake all` in this folder. The rules live inside the package, so that an installed wheel runs them too.
include: "sverige_did/workflow/Snakefile"
