"""
Covariates with staggered starts: minimum wages and teenage employment
======================================================================

500 counties, of which 191 raised the minimum wage in 2004, 2006 or 2007 (Callaway and Sant'Anna 2021; the data set that
is called mpdta). Real data, which moderndid ships.
"""

from importlib.metadata import distribution

import pandas as pd

import sverige_did as sd

# A pickle of the peer's own, whose package is locked by its hash.
counties = pd.read_pickle(distribution("moderndid").locate_file("moderndid/core/datasets/mpdta_long.pkl.gz"))
counties = counties.rename(columns={"first.treat": "first"}).astype({"first": float})
plain = sd.did(counties, unit="countyreal", time="year", y="lemp", treated_from="first")
effects = plain.att_gt()
effects.plot()

# %%
# Four averages of the same effects: over all, over time since the start, over dates, over calendar years.

for kind in ("simple", "event", "group", "calendar"):
    print(f"{kind:<9}{effects.aggregate(kind).estimate:8.4f}")

# %%
# Among counties of the same population, doubly robust: -0.0418 (0.0115), as R's did prints it.

adjusted = sd.did(counties, unit="countyreal", time="year", y="lemp", treated_from="first", covariates="lpop")
average = adjusted.att_gt(adjustment="dr").aggregate("simple")
print(f"{average.estimate:.4f} ({average.std_error:.4f})")

# %%
# The frame that every result has begins with the same twelve columns.

average.to_frame().T
