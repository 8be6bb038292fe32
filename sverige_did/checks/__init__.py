"""The doubt: one file a check, one kind of answer (results.CheckResult)."""
