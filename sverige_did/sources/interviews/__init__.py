"""Interviews: coded statements, and nothing that anybody said about a child."""
