"""Public tables of areas and years, with their suppressed numbers and changed borders, as one panel."""
