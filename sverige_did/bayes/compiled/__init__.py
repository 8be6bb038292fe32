"""Log densities and the linear predictor as machine code, and how PyTensor, numba and nutpie compile them."""
