"""Unfitted models: one file a likelihood, priors handed in, data as arrays."""
