"""From the registers to the cells of the panel: one file an outcome or a family of outcomes."""
