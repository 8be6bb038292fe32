"""Every kind of answer: frozen, validated when made, and ignorant of how it was computed."""
