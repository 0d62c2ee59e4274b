"""The TARGET forms of the command line and of the MCP tools, parsed once into a closed union.

Nothing here touches a file, the network or a process: :mod:`mcp_threat_model.reading` decides how a target is read.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from typing import Literal
from urllib.parse import SplitResult, urlsplit

from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.neutralise import SafeText, as_asked, neutralise
from mcp_threat_scoring.structs import Struct

MAX_TARGET_LENGTH = 8_192
"""Characters. Longer than any address or command line a person would type; a manifest has its own way in."""
ADDRESS_SHOWN = 160


class HttpTarget(Struct, frozen=True):
    """A server reached over streamable HTTP, or legacy SSE."""

    url: str

    @property
    def label(self) -> str:
        """The address as it may be shown: without query values and path segments that look like keys."""
        from mcp_threat_model.guard.redact import redact_url
        from mcp_threat_model.guard.url import check_url

        try:
            return redact_url(check_url(self.url, allow_private=True))
        except TargetError:  # it will not be reached either; the error says why
            return self.url.partition("?")[0]


class StdioTarget(Struct, frozen=True):
    """A program to start, which then speaks MCP over its standard input and output."""

    argv: tuple[str, ...]

    @property
    def label(self) -> str:
        """The command as it would be typed into a shell, without the values of options that look like secrets."""
        from mcp_threat_model.guard.secret import redact_argv

        return f"stdio:{shlex.join(redact_argv(self.argv))}"


class FileTarget(Struct, frozen=True):
    """A saved description on disk."""

    path: str

    @property
    def label(self) -> str:
        """The path as it was given."""
        return self.path


class StdinTarget(Struct, frozen=True):
    """A saved description on standard input."""

    @property
    def label(self) -> str:
        """A lone dash, as it was given."""
        return "-"


class ConfigTarget(Struct, frozen=True):
    """One server of an installed client's configuration."""

    client: str
    name: str

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"config:{self.client}/{self.name}"


class RegistryTarget(Struct, frozen=True):
    """A server published in an MCP registry."""

    name: str

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"registry:{self.name}"


class PackageTarget(Struct, frozen=True):
    """A server published as a package; `name` may carry a version as the registry writes it."""

    registry: Literal["npm", "pypi"]
    name: str

    @property
    def label(self) -> str:
        """The form as it was given."""
        return f"{self.registry}:{self.name}"


Target = HttpTarget | StdioTarget | FileTarget | StdinTarget | ConfigTarget | RegistryTarget | PackageTarget


def in_full(target: Target) -> str:
    """The whole target in one spelling, its secrets included: to tell targets apart, never to be shown or kept."""
    match target:
        case HttpTarget(url):
            from mcp_threat_model.guard.url import check_url

            try:
                return check_url(url, allow_private=True).url
            except TargetError:
                return url
        case StdioTarget(argv):
            return f"stdio:{shlex.join(argv)}"
        case _:
            return target.label


def is_json(text: str) -> bool:
    """Whether it is a description itself, pasted where its name was wanted: an object, or a list of them."""
    return "".join(text[:64].split()).startswith(('{"', "{}", "[{", "[]"))


def _shown(address: str) -> SafeText:
    """An address in a message, without its query: that holds keys as often as not."""
    return as_asked(address.partition("?")[0], ADDRESS_SHOWN)


def _split_url(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError when it is no port
    except ValueError as error:
        raise UsageError(f"{_shown(text)} is not an address that can be read: {neutralise(str(error))}") from None
    return parts


def _http(text: str) -> HttpTarget:
    parts = _split_url(text)
    if parts.username is not None or parts.password is not None:
        raise UsageError(
            "an address must not carry a user name or password: they would end up in reports and logs; "
            "pass them with --header 'Authorization: …'"
        )
    if not parts.hostname:
        raise UsageError(f"{_shown(text)} names no host; write https://HOST/PATH")
    if any(char.isspace() or not char.isprintable() for char in text):
        raise UsageError(f"{_shown(text)} holds white space or control characters; an address cannot")
    return HttpTarget(text)


def _stdio(rest: str) -> StdioTarget:
    try:
        argv = tuple(shlex.split(rest))
    except ValueError as error:
        raise UsageError(f"the command after 'stdio:' cannot be split into words: {str(error).lower()}") from None
    if not argv or not argv[0]:
        raise UsageError("'stdio:' needs a command, e.g. 'stdio:python my_server.py'")
    return StdioTarget(argv)


def _config(rest: str) -> ConfigTarget:
    client, slash, name = rest.partition("/")
    if not (client and slash and name):
        raise UsageError("'config:' needs a client and a server, e.g. config:claude-desktop/github")
    return ConfigTarget(client, name)


def _registry(rest: str) -> RegistryTarget:
    if not rest:
        raise UsageError("'registry:' needs a name, e.g. registry:io.github.owner/server")
    return RegistryTarget(rest)


def _npm(rest: str) -> PackageTarget:
    if not rest:
        raise UsageError("'npm:' needs a package, e.g. npm:@modelcontextprotocol/server-filesystem")
    return PackageTarget("npm", rest)


def _pypi(rest: str) -> PackageTarget:
    if not rest:
        raise UsageError("'pypi:' needs a package, e.g. pypi:mcp-server-git")
    return PackageTarget("pypi", rest)


_PREFIXES: dict[str, Callable[[str], Target]] = {
    "stdio": _stdio,
    "config": _config,
    "registry": _registry,
    "npm": _npm,
    "pypi": _pypi,
}


def parse_target(text: str) -> Target:
    """Parse one TARGET.

    Raises:
        UsageError: the text is none of the forms, or an incomplete one.
    """
    if not text.strip():
        raise UsageError("a target is empty; give an address, a 'stdio:' command, or a file")
    if is_json(text):
        raise UsageError("a target is JSON itself; save it and name the file, or pass it on standard input as '-'")
    if len(text) > MAX_TARGET_LENGTH:
        raise UsageError(f"a target is {len(text):,} characters long; at most {MAX_TARGET_LENGTH:,} are read")
    if "\0" in text:
        raise UsageError("a target holds a zero character; no address, command or path can")
    if text == "-":
        return StdinTarget()
    scheme, colon, rest = text.partition(":")
    if colon and scheme in _PREFIXES:
        return _PREFIXES[scheme](rest.strip())
    if rest.startswith("//"):
        if scheme.lower() in ("http", "https"):
            return _http(text.strip())
        raise UsageError(f"addresses of the kind {neutralise(scheme)}: cannot be read; use https:// or http://")
    return FileTarget(text)
