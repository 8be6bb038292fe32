"""One sampler for all models, its convergence criteria, its calibration, and the files that keep draws."""
