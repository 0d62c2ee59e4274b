"""Accuracy on labelled tools: judge them as a scan would, compare, and fit the weights of the rules."""
