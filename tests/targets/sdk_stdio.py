"""A small server made with the official SDK, which answers both eras."""

from mcp.server import MCPServer

server = MCPServer("sdk-server", instructions="Adds.")


@server.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@server.prompt()
def ask() -> str:
    """Ask something."""
    return "What?"


@server.resource("thing://{name}")
def thing(name: str) -> str:
    """A thing."""
    return name


if __name__ == "__main__":
    server.run()
