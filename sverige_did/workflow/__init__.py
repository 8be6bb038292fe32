"""The Snakemake rules; inside the package so that an installed wheel can run them."""
