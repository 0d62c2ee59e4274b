"""The way in over HTTP: streamable or legacy SSE, and what the transport itself shows."""
