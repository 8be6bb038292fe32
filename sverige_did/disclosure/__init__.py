"""Disclosure control, the one door out: results become released results, and the report sees nothing else."""
