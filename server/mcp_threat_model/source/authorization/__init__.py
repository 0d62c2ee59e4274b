"""How callers of an endpoint are authenticated, learnt without a credential."""
