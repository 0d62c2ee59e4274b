"""The shell: everything that touches the outside world (network, processes, files, terminal)."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    """The version, looked up when somebody asks: reading package metadata costs a tenth of a whole `--help`."""
    if name == "__version__":
        from importlib.metadata import PackageNotFoundError, version

        try:
            return version("mcp-threat-model")
        except PackageNotFoundError:  # run from a checkout that was never installed
            return "0+unknown"
    raise AttributeError(name)
