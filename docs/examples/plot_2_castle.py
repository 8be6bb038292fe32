"""
Laws that start at different dates: self-defence and homicides
==============================================================

21 of 50 states of the USA expanded the law of self-defence between 2005 and 2009 (Cheng and Hoekstra 2013). Real data,
which StatsPAI ships.
"""

from importlib.metadata import distribution

import pandas as pd

import sverige_did as sd

castle = pd.read_csv(distribution("statspai").locate_file("statspai/datasets/data/castle_2013.csv"))
laws = sd.did(castle, unit="state", time="year", y="l_homicide", treated_from="effyear", chosen="will")
laws

# %%
# Effects by starting year and year, and their average: 0.110383035, as Stata's csdid and R's did print it.

effects = laws.att_gt()
simple = effects.aggregate("simple")
print(f"{simple.estimate:.9f}")

# %%
# By time since the law: what stands before 0 should lie around none.

effects.aggregate("event").plot()

# %%
# Imputation beside it (Borusyak, Jaravel and Spiess 2024). Nobody tells which of two such numbers is right.

sd.compare([simple, laws.imputation()])

# %%
# The verdict is more careful than either: the dates of the laws were nobody's lot.

print(laws.verdict().summary())
