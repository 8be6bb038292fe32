"""Disclosure control: results become released results, and the report sees nothing else."""
