"""One file a rule of the workflow: load, one call, save. Nothing is computed here."""
