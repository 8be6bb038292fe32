"""A made-up municipality: careers of children, the registers that record them, the truth, and faults on request."""
