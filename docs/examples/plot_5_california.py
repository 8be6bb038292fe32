"""
One treated unit: California's tobacco law
==========================================

Packs of cigarettes a head in 39 states; California's Proposition 99 took effect in 1989 (Abadie, Diamond and
Hainmueller 2010; Arkhangelsky et al. 2021). Real data, which StatsPAI ships.
"""

from importlib.metadata import distribution

import pandas as pd

import sverige_did as sd

smoking = pd.read_csv(distribution("statspai").locate_file("statspai/datasets/data/california_prop99.csv"))
smoking["law"] = (smoking["state"] == "California") & (smoking["year"] >= 1989)
study = sd.did(smoking, unit="state", time="year", y="cigsale", treated="law")
found = study.synthetic()
print(found.summary())

# %%
# The published number is -15.604. The states that make up the synthetic California:

dict(sorted(found.unit_weights.items(), key=lambda pair: -pair[1])[:5])

# %%
# A verdict on one unit that was chosen would rest on faith, and is refused with the reason.

print(study.verdict().say())
