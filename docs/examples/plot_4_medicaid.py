"""
How far may trends differ: Medicaid and insurance
=================================================

22 states expanded Medicaid in 2014; 21 had not by 2016. The share of poor adults with insurance, by the data that
Rambachan and Roth (2023) take as their example. Real data, which moderndid ships.
"""

from importlib.metadata import distribution

import pandas as pd

import sverige_did as sd

# A pickle of the peer's own, whose package is locked by its hash.
states = pd.read_pickle(distribution("moderndid").locate_file("moderndid/core/datasets/ehec_data.pkl.gz"))
states = states[(states["year"] < 2016) & (states["yexp2"] != 2015)]
states = states.assign(start=states["yexp2"].where(states["yexp2"] < 2016))
study = sd.did(states, unit="stfips", time="year", y="dins", treated_from="start", chosen="will")
study.event_study().plot()

# %%
# What most software prints, and the verdict.

print(study.twfe())
print(study.verdict().say())

# %%
# How much larger than anything seen before 2014 a departure from parallel trends would have to be.

checks = study.sensitivity(["relative_magnitudes", "smoothness"])
print(checks.summary())
checks.plot(check="relative_magnitudes")

# %%
# A page for yourself, in each language. Small numbers are not hidden in it: it is for the researcher alone.

import tempfile
from pathlib import Path

with tempfile.TemporaryDirectory() as folder:
    print([path.name for path in study.report(Path(folder))])
