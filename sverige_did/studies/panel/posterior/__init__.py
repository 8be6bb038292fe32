"""Posteriors of a panel of districts: data prepared, models chosen, effects read from the draws and recorded."""
