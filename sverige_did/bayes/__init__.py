"""Bayesian models: one file a likelihood, one shared structure, one sampler."""
