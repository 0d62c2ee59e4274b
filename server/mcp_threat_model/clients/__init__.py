"""The MCP clients installed on this machine: where they keep their servers, and what those entries say."""
