"""Ways in, one file each: every one turns a target into a manifest."""
