"""Saved descriptions: bytes become one JSON value, and that the manifest of whichever shape it has."""
