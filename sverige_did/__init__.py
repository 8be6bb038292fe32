"""Effect estimates with honest uncertainty for social programmes with few treated districts."""

__version__ = "0.1.0"
