"""RE2 patterns, and which of them are worth trying on a text."""
