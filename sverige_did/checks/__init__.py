"""Sensitivity analyses and placebos: one file a check, one kind of answer (results.CheckResult)."""
