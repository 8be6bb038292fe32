"""The door for researchers: from a data frame to a verdict, one result at a time; what ``import sverige_did`` gives."""
