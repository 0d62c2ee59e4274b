"""``https://HOST/PATH``: a server reached over streamable HTTP, or legacy SSE."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from urllib.parse import SplitResult, urlsplit

from mcp_threat_model.source.interface import Readable, ReadOptions, Say, Source
from mcp_threat_scoring.errors import TargetError, UsageError
from mcp_threat_scoring.neutralise import SafeText, as_address, as_asked, neutralise

if TYPE_CHECKING:
    from mcp_threat_model.guard.url import Endpoint

ADDRESS_SHOWN = 160
"""Characters of an address in a message."""


class HttpTarget(Readable, frozen=True):
    """A server reached over streamable HTTP, or legacy SSE."""

    reached: ClassVar[bool] = True
    url: str

    @classmethod
    def parse(cls, text: str) -> HttpTarget | None:
        """Anything with two slashes behind a scheme, of which http and https can be read.

        Raises:
            UsageError: another scheme, no host, a password, or characters that no address has.
        """
        scheme, _, rest = text.partition(":")
        if not rest.startswith("//"):
            return None
        if scheme.lower() not in ("http", "https"):
            raise UsageError(f"addresses of the kind {neutralise(scheme)}: cannot be read; use https:// or http://")
        parts = _split(text)
        if parts.username is not None or parts.password is not None:
            raise UsageError(
                "an address must not carry a user name or password: they would end up in reports and logs; "
                "pass them with --header 'Authorization: …'"
            )
        if not parts.hostname:
            raise UsageError(f"{_shown(text)} names no host; write https://HOST/PATH")
        if any(char.isspace() or not char.isprintable() for char in text):
            raise UsageError(f"{_shown(text)} holds white space or control characters; an address cannot")
        return cls(text)

    @property
    def label(self) -> str:
        """The address as it may be shown: without query values and path segments that look like keys."""
        from mcp_threat_model.guard.redact import shown_url

        return shown_url(self.url)

    @property
    def whole(self) -> str:
        """The address, however it was spelt."""
        checked = self._checked()
        return checked.url if checked else self.url

    @property
    def safe(self) -> SafeText:
        """The address as it stands in a report."""
        return as_address(self.label)

    def source(self, options: ReadOptions, say: Say) -> Source:
        """A connection."""
        from mcp_threat_model.source.http.endpoint import HttpSource

        return HttpSource(
            self.url,
            headers=options.headers,
            limits=options.limits,
            allow_private=options.allow_private_network,
            progress=say,
        )

    def _checked(self) -> Endpoint | None:
        from mcp_threat_model.guard.url import check_url

        try:
            return check_url(self.url, allow_private=True)
        except TargetError:
            return None


def _shown(address: str) -> SafeText:
    """An address in a message, without its query: that holds keys as often as not."""
    from mcp_threat_model.guard.redact import shown_url

    return as_asked(shown_url(address), ADDRESS_SHOWN)


def _split(text: str) -> SplitResult:
    try:
        parts = urlsplit(text)
        _ = parts.port  # raises ValueError when it is no port
    except ValueError as error:
        raise UsageError(f"{_shown(text)} is not an address that can be read: {neutralise(str(error))}") from None
    return parts
