"""Bayesian models: one file a likelihood, one shared structure, one sampler.

Importing this package settles how PyTensor compiles, before PyMC can be imported by any module in it.
"""

from sverige_did.bayes.compiled.pytensor_flags import settle_pytensor

settle_pytensor()
