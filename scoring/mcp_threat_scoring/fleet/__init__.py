"""Several servers in one client: what they make possible together."""
