"""
Triple differences, counts and people as rows
=============================================

A made-up programme (synthetic data) for the young of four districts. Whatever else happens in a district meets the old
as well: they are taken off.
"""

import numpy as np
import pandas as pd

import sverige_did as sd

young = sd.datasets.simulate(effect=-3.0, seed=1).assign(young=1)
old = sd.datasets.simulate(effect=0.0, seed=2).assign(young=0)
study = sd.did(
    pd.concat([young, old]),
    unit="district",
    time="period",
    y="y",
    treated_from="start",
    affected="young",
    chosen="random",
)
print(study.triple().say())

# %%
# The study of that difference has the other methods too.

study.differenced().event_study().plot()

# %%
# Counts with an exposure are a rate; here events per 1,000 children, on the scale of ratios.

counts = young.assign(events=np.rint(young["y"] * young["children"] / 100))
rates = sd.did(
    counts,
    unit="district",
    time="period",
    events="events",
    exposure="children",
    per=1000,
    scale="ratio",
    treated_from="start",
    chosen="random",
)
rates.verdict()

# %%
# Persons as rows are added up openly, by unit and period.

people = young.loc[young.index.repeat(5)].reset_index(drop=True)
sd.did(people, unit="district", time="period", y="y", treated_from="start", rows="people")

# %%
# What is wrong with a table is told by its own columns.

try:
    sd.did(young, unit="district", time="period", y="rate", treated_from="start")
except sd.InputError as error:
    print(error)
