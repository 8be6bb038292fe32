"""A study of cases begun before and during a trial: from registers to estimates, posteriors and what limits them."""
