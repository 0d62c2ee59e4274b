"""The forms in which a server can be named, one file each; :mod:`mcp_threat_model.target` has the table of them."""
