"""The catalogue of threats, and which of them the evidence shows, layer by layer."""
