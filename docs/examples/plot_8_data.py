"""
Data to try things on, and tables of other libraries
====================================================

The printed figures of Herning are real; the registers are those of a made-up municipality (synthetic data).
"""

import polars as pl

import sverige_did as sd

printed = sd.datasets.herning()
printed.iloc[:3, :6]

# %%

{name: len(table) for name, table in sd.datasets.registers().items()}

# %%
# A frame of polars, pyarrow or a dict of columns gives the same study as one of pandas.

frame = sd.datasets.simulate(effect=-3.0, seed=1)
theirs = pl.from_pandas(frame)
columns = {"unit": "district", "time": "period", "y": "y", "treated_from": "start", "chosen": "random"}
sd.did(theirs, **columns).verdict() == sd.did(frame, **columns).verdict()
