"""The SDQ questionnaire: scoring, norms, and reliable change."""
