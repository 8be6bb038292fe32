"""A study of a panel of districts: from registers or aggregates to estimates and sensitivity analyses."""
