"""What went wrong on the wire, in one sentence: names, certificates, protocols, time."""

from __future__ import annotations

import socket
import ssl
from typing import Any

from mcp_threat_model.guard.limits import BUSY_HINT
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.neutralise import neutralise

_REACH_HINT = "Check that the server is running and that the address is right."


def explained(error: Exception, core: Any, seconds: float) -> TargetError:
    """Turn whatever went wrong on the wire into one sentence.

    Args:
        error: what was raised.
        core: the HTTP library that raised it, for its kinds of error.
        seconds: how long the peer had.
    """
    if isinstance(error, TargetError):
        return error
    if isinstance(error, core.TimeoutException | TimeoutError):
        return TargetError("timeout", f"it did not answer within {seconds:g} seconds", BUSY_HINT)
    if isinstance(error, socket.gaierror):
        return TargetError("unreachable", "its name has no address", "Check the spelling of the host name.")
    if (broken := _certificate_trouble(error)) is not None:
        return broken
    detail = neutralise(_own_words(error), 120)
    if isinstance(error.__cause__, ssl.SSLError) or isinstance(error, ssl.SSLError) or "CERTIFICATE" in str(error):
        return TargetError(
            "unreachable",
            f"no trustworthy TLS connection could be made: {detail}",
            "Check that the address speaks TLS, and has a certificate for that name.",
        )
    if isinstance(error, core.ProtocolError):
        return TargetError(
            "not_mcp", f"what answers there does not speak HTTP: {detail}", "Check the scheme and the port."
        )
    if isinstance(error, core.NetworkError | OSError):
        return TargetError("unreachable", f"no connection could be made or kept: {detail}", _REACH_HINT)
    return TargetError("unreachable", f"the request failed: {detail}", _REACH_HINT)


def _own_words(error: Exception) -> str:
    """What a library says of an error, without the bytes of the peer that it quotes."""
    said = str(error).partition("bytearray(")[0].partition("b'")[0].partition('b"')[0]
    return said.strip(" :.") or type(error).__name__


_CERTIFICATE = {
    10: "it has expired",
    9: "it is not valid yet",
    18: "it is signed by itself",
    19: "it is signed by an authority that this system does not know",
    20: "it is signed by an authority that this system does not know",
    21: "its chain is incomplete",
    23: "it was revoked",
    62: "it was issued for another name",
    64: "it was issued for another address",
}
"""OpenSSL's verification errors (X509_V_ERR_…, x509_vfy.h), in words."""


def _certificate_trouble(error: BaseException) -> TargetError | None:
    """What is wrong with the peer's certificate, when that is why no connection was made."""
    found: BaseException | None = error
    for _ in range(8):
        if found is None or isinstance(found, ssl.SSLCertVerificationError):
            break
        found = found.__cause__ or found.__context__
    if not isinstance(found, ssl.SSLCertVerificationError):
        return None
    why = _CERTIFICATE.get(found.verify_code) or neutralise(found.verify_message, 120)
    return TargetError(
        "unreachable",
        f"no trustworthy TLS connection could be made: its certificate cannot be trusted, because {why}",
        "Nothing was sent. Whoever answers there may not be who was meant; have its certificate put in order.",
    )
