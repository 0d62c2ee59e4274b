"""`mcp-threat-model score`: the AIVSS calculator. The terms come as JSON or as flags, never as a mixture."""

from __future__ import annotations

import argparse
from typing import Any

from mcp_threat_model.source.saved.document import parse_json, read_file, read_stdin
from mcp_threat_model.terminal import emit
from mcp_threat_scoring.aivss.calculator import calculate
from mcp_threat_scoring.errors import TargetError, UsageError

_PATIENCE_S = 60.0
_MAX_BYTES = 64 * 1024
_NUMBERS = ("cvss_base", "cvss_vector", "threat_multiplier", "mitigation_factor", "profile")


def run(arguments: argparse.Namespace) -> int:
    """Print the AIVSS object.

    Raises:
        FactorError: a term is missing, unknown or out of range.
        UsageError: the input cannot be read, or the words are off.
    """
    document = _from_flags(arguments)
    if arguments.input is not None:
        if document:
            raise UsageError("give the terms with --input or as flags, not both")
        document = _from_file(arguments.input)
    elif not document:
        raise UsageError("give the terms with --input FILE or as flags; mcp-threat-model score --help has an example")
    emit(calculate(document).to_json(indent=2) + "\n", utf8=True)
    return 0


def _from_flags(arguments: argparse.Namespace) -> dict[str, Any]:
    document: dict[str, Any] = {key: value for key in _NUMBERS if (value := getattr(arguments, key)) is not None}
    if arguments.factor:
        document["factors"] = {}
    for word in arguments.factor:
        name, equals, value = word.partition("=")
        if not equals:
            raise UsageError(f"--factor {word} is not ID=VALUE")
        if name in document["factors"]:
            raise UsageError(f"--factor {name} is given twice")
        try:
            document["factors"][name] = float(value)
        except ValueError:
            raise UsageError(f"--factor {name}: {value} is not a number") from None
    return document


def _from_file(path: str) -> Any:
    try:
        if path == "-":
            return parse_json(read_stdin(seconds=_PATIENCE_S, max_bytes=_MAX_BYTES), "standard input").value
        return parse_json(read_file(path, seconds=_PATIENCE_S, max_bytes=_MAX_BYTES), path).value
    except TargetError as error:
        raise UsageError(f"--input: {error.message}") from None
