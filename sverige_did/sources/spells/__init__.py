"""Spells as half-open intervals of days: overlaps, residence, person-years."""
