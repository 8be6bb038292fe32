"""Where methods meet plans: from the data of a study to its estimates, posteriors and sensitivity analyses."""
