"""Difference-in-differences: one file an estimator; numbers are functions of arrays."""
