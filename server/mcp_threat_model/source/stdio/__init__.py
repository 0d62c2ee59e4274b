"""The way in through a program that is started, and what is left of it."""
