"""Uncertainty with few treated districts: one file a method."""
