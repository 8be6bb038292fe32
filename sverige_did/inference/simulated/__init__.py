"""Methods of inference on simulated data: many data sets at once, size and power in a reader's own design."""
