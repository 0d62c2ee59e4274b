"""The shell: everything that touches the outside world (network, processes, files, terminal)."""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("mcp-threat-model")
except PackageNotFoundError:  # run from a checkout that was never installed
    __version__ = "0+unknown"
