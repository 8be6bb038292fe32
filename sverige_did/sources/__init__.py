"""Registers, published figures and aggregates: each becomes the one panel."""
