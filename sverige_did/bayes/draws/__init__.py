"""What is done with posterior draws: summaries, replications, predictive checks, other priors, units left out."""
