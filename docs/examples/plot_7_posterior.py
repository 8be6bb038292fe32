"""
A posterior of shares
=====================

20 districts over 8 periods, made up (synthetic data): how many children of those known to a district are placed.
Districts have levels and shocks of their own, and the effect is found beside them.
"""

import numpy as np

import sverige_did as sd

rng = np.random.default_rng(3)
frame = sd.datasets.simulate(units=20, treated=6, periods=8, starts=5, effect=-5.0, seed=3)
frame["placed"] = rng.binomial(frame["children"], np.clip(frame["y"], 1, 99) / 100)
study = sd.did(
    frame,
    unit="district",
    time="period",
    events="placed",
    exposure="children",
    per=100,
    treated_from="start",
    chosen="random",
)
found = study.posterior(better="lower", worthwhile=2.0)
print(found.summary())

# %%
# The draws are a tree for ArviZ; any question can be put to them.

print(found.probability(below=0))
found.plot()
