"""Synthetic: footage that no clip shows, drawn by our own code, and what the analysis says of it."""
