"""The registers of a study of cases: read, checked, and turned into times and answers."""
