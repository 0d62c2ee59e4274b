"""From a picture to a score: scenarios, CVSS vectors, factors and multipliers, every term with its reasons."""
