"""Printed figures: read, laid in the panel, held against each other, and every table that fits them."""
