"""A study of published figures: readings of damaged tables, estimates, posteriors and sensitivity analyses."""
