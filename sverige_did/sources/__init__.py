"""Registers, published figures, aggregates and synthetic data: each becomes the one panel."""
