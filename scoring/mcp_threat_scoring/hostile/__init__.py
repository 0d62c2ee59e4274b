"""Whether a target's text gives orders: by the acts it asks for, and by how it is worded."""
