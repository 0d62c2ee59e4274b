"""Rules held against a subject: every test of every rule, in one pass over each view of it."""
