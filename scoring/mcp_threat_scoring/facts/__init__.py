"""What is observed of a target beside its words: joins inside schemas, names of credentials, neighbours, scopes."""
