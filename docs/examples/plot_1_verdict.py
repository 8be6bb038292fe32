"""
From a data frame to a verdict
==============================

A made-up panel (synthetic data) of 20 districts, four of which change in the seventh of ten periods. The effect that
was put in is -3, and the treated were drawn by lot.
"""

import sverige_did as sd

frame = sd.datasets.simulate(units=20, treated=4, periods=10, starts=7, effect=-3.0, seed=1)
study = sd.did(frame, unit="district", time="period", y="y", treated_from="start", chosen="random")
study

# %%
# What the data can carry, in the words that the design allows, and the same in Danish.

verdict = study.verdict()
print(verdict.say("en"))
print(verdict.say("da"))

# %%
# Every method side by side; the rule of the verdict is the first rows, what most software prints is the last.

study.methods()

# %%

study.methods().plot()

# %%
# The effect over time. The wide limits hold for all periods at once, the narrow ones for each alone.

study.event_study().plot()

# %%
# What would have to be otherwise for the finding to fall: every check, with its own number.

checks = study.sensitivity()
print(checks.summary())

# %%
# One of them along its assumption.

checks.plot(check="relative_magnitudes")

# %%
# The same looked for where there is nothing: at earlier dates, and among districts that nobody treated.

study.placebos()

# %%
# Every other analysis that could have been made of the same question, in one curve.

print(study.multiverse().say())

# %%
# How often this verdict errs in made-up data of this very design, and how large an effect it finds.

print(study.size(simulations=400).say())
study.power(simulations=400).plot()

# %%
# Every result can be kept, shown in a paper and read again.

print(verdict.to_markdown())
print(verdict.to_latex()[:200])
print(verdict.to_html()[:200])
again = sd.Verdict.from_json(verdict.to_json())
again == verdict
