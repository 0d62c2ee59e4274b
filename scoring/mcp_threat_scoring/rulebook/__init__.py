"""How the files in `rules/` are written and read: strictly, with every problem reported at once, and kept."""
