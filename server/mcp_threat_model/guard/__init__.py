"""What may be started, reached and read, and how much of it."""
