"""What a target's text says: cut into words, sentences and passages, its disguise taken off, with the places kept."""
