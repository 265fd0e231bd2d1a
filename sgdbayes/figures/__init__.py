"""Figures, a module for each kind: tables in, pictures out."""
