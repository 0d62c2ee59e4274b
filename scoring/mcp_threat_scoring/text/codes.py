"""Codes that a model reads as it reads words, and a reviewer does not: what runs of them say.

Base64, base85, base32, hex, binary, decimal code points, quoted-printable, percent and escape runs, Morse; and what was
compressed before it was coded. A decoded run counts only if language comes out, so that digests, keys and lists of
numbers say nothing. All runs of a text are read, so the work is linear in it; of one run, as much as
:data:`LONGEST_RUN`, however much it would unpack to.

Sources: RFC 4648 (base64, base32), RFC 1924 and Adobe's PostScript (base85), RFC 1950 and 1952 (zlib, gzip), RFC 2045
section 6.7 (quoted-printable), RFC 3986 section 2.1 (percent), ITU-R M.1677-1 (Morse).
"""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Callable, Iterable
from typing import Any, Literal
from urllib.parse import unquote

from mcp_threat_scoring.patterns.pattern import pattern

Code = Literal["base64", "hex", "percent", "escapes", "code"]

LONGEST_RUN = 8_000
"""Characters decoded of one run, and read of what comes out of it."""

_BASE64 = pattern(r"[A-Za-z0-9+/_-]{20,}={0,2}")
_GROUPS = pattern(
    r"\b(?:(?:[A-Za-z0-9+/]{4} ){6,}|(?:[A-Za-z0-9+/]{5} ){5,}|(?:[A-Za-z0-9+/]{6} ){4,}|(?:[A-Za-z0-9+/]{8} ){3,}|"
    r"(?:[A-Za-z0-9+/]{10} ){2,})[A-Za-z0-9+/]{1,10}={0,2}"
)
"""The same cut into groups of one length, of which the last may be shorter."""
_HEX = pattern(r"(?:\b|0x)(?:[0-9a-fA-F]{2}[ :,]?){12,}\b")
_PERCENT = pattern(r"(?:[A-Za-z0-9._+-]{0,3}%[0-9a-fA-F]{2}){4,}[A-Za-z0-9._-]*")
_ESCAPES = pattern(r"(?:\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|u\{[0-9a-fA-F]{1,6}\}|[0-7]{3})\s?){4,}")
_ONE_ESCAPE = pattern(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|u\{([0-9a-fA-F]{1,6})\}|([0-7]{3}))")
_BINARY = pattern(r"\b(?:[01]{8}[ ,]?){8,}")
_DECIMAL = pattern(r"\b(?:[0-9]{2,3}[ ,;]{1,2}){8,}[0-9]{2,3}\b")
_PRINTABLE = pattern(r"(?:[A-Za-z0-9.,']{0,3}=[0-9A-F]{2}){4,}[A-Za-z0-9.,']*")
_BASE32 = pattern(r"\b[A-Z2-7]{24,}={0,6}")
_MIXED = r"(?:[0-9A-Za-z(){}_=.',:-]*[!#$%&*+;<>?@^`~]){4}"
"""Letters and signs in turn, as in base85 and hardly anywhere else."""
_BASE85 = pattern(rf"<~[!-u\s]{{20,}}~>|[!-~]*{_MIXED}[!-~]{{5,}}")
_MORSE = pattern(r"(?:^|\s)(?:[.\-·−]{1,5}(?: ?/ ?| {1,3})){8,}[.\-·−]{1,5}")
_SIGNS = (
    ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.. "
    "----- .---- ..--- ...-- ....- ..... -.... --... ---.. ----."
)
_LETTERS = dict(zip(_SIGNS.split(), "abcdefghijklmnopqrstuvwxyz0123456789", strict=True))
_PACKED = frozenset([b"\x1f\x8b", b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"])
"""How compressed data begins: gzip, and zlib at its four levels."""
CODED = (
    pattern(
        r"(?i)[a-z0-9+/_-]{20,}|(?:[0-9a-f]{2}[ :,]?){12}|(?:[a-z0-9.,'_+-]{0,3}[%=][0-9a-f]{2}){4}|"
        r"\\(?:x[0-9a-f]{2}|u[0-9a-f{]|[0-7]{3})"
    ),
    pattern(r"(?:[0-9]{2,3}[ ,;]{1,2}){8}|(?:[.·−-]{1,5}[ /]{1,3}){8}"),
    _GROUPS,
    pattern(rf"<~|{_MIXED}"),
)
"""Where any of them may be: a quick look before the slower ones. In one pattern they would take ten times as long."""


def language(text: str) -> bool:
    """Whether decoded bytes are words rather than noise."""
    if len(text) < 8:
        return False
    plain = sum(char.isalpha() or char in " .,:;/'\"-_~@" for char in text)
    return plain >= 0.88 * len(text) and (" " in text.strip() or not text.isascii() or "/" in text)


def _unpacked(data: bytes) -> bytes:
    """What was compressed with gzip or zlib, up to a bound; anything else as it is."""
    if data[:2] not in _PACKED:
        return data
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, LONGEST_RUN + 1)
    except zlib.error:
        return data


def _text(data: bytes) -> str:
    """Bytes as UTF-8, or as UTF-16 where every other one is empty."""
    data = _unpacked(data)
    wide = len(data) > 8 and data[1::2].count(0) * 4 >= len(data)
    try:
        return data[: len(data) // 2 * 2].decode("utf-16-le") if wide else data.decode("utf-8")
    except ValueError:
        return ""


def _base64(run: str) -> str:
    body = run.replace(" ", "").rstrip("=").translate(str.maketrans("-_", "+/"))
    body = body[: len(body) - 1] if len(body) % 4 == 1 else body
    try:
        return _text(binascii.a2b_base64(body + "=" * (-len(body) % 4)))
    except (binascii.Error, ValueError):
        return ""


def _base32(run: str) -> str:
    import base64  # few texts hold such runs, and every start would wait for it

    body = run.rstrip("=")
    body = body[: len(body) // 8 * 8 + {0: 0, 1: 0, 2: 2, 3: 2, 4: 4, 5: 5, 6: 5, 7: 7}[len(body) % 8]]
    try:
        return _text(base64.b32decode(body + "=" * (-len(body) % 8)))
    except (binascii.Error, ValueError):
        return ""


def _base85(run: str) -> str:
    body = run.strip("`'\"").removeprefix("<~").removesuffix("~>")
    if body.isalnum():
        return ""
    import base64

    for read in (base64.b85decode, base64.a85decode):
        try:
            said = _text(read(body))
        except ValueError:
            continue
        if said:
            return said
    return ""


def _hex(run: str) -> str:
    digits = run.removeprefix("0x").translate({ord(" "): None, ord(":"): None, ord(","): None})
    return _text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _binary(run: str) -> str:
    digits = run.translate({ord(" "): None, ord(","): None})
    return _text(bytes(int(digits[at : at + 8], 2) for at in range(0, len(digits) - 7, 8)))


def _decimal(run: str) -> str:
    points = [int(one) for one in run.translate(str.maketrans(",;", "  ")).split()]
    return "".join(map(chr, points)) if all(32 <= point < 127 for point in points) else ""


def _morse(run: str) -> str:
    words = run.translate(str.maketrans("·−", ".-")).replace("   ", "/").split("/")
    return " ".join("".join(_LETTERS.get(letter, "#") for letter in word.split()) for word in words)


def _escapes(run: str) -> str:
    points = [
        int(found.group(4), 8) if found.group(4) else int(found.group(1) or found.group(2) or found.group(3), 16)
        for found in _ONE_ESCAPE.finditer(run)
    ]
    return "".join(chr(point) for point in points if point < 0x110000 and not 0xD800 <= point < 0xE000)


_RUNS: tuple[tuple[Code, Any, Callable[[str], str]], ...] = (
    ("base64", _BASE64, _base64),
    ("base64", _GROUPS, _base64),
    ("code", _BASE32, _base32),
    ("code", _BASE85, _base85),
    ("hex", _HEX, _hex),
    ("code", _BINARY, _binary),
    ("code", _DECIMAL, _decimal),
    ("code", _MORSE, _morse),
)


def decoded(text: str) -> Iterable[tuple[Code, str, bool]]:
    """What is said in a text in any of these codes, and whether that is all that the run says."""
    for code, runs, read in _RUNS:
        for found in runs.finditer(text):
            run = found.group(0)
            said = read(run[:LONGEST_RUN])
            again = _base64(said.strip()) if code == "base64" and said and " " not in said.strip() else ""
            for one in (said, again):
                if language(one):
                    yield code, one[:LONGEST_RUN], max(len(run), len(one)) <= LONGEST_RUN
    # such runs stand for single letters, so they are read where they stand
    if _PERCENT.search(text) is not None and language(plain := unquote(text)):
        yield "percent", plain, True
    if _PRINTABLE.search(text) is not None:
        plain = _PRINTABLE.sub(lambda found: unquote(found.group(0).replace("=", "%")), text)
        if language(plain):
            yield "code", plain, True
    if _ESCAPES.search(text) is not None:
        plain = _ESCAPES.sub(lambda found: _escapes(found.group(0)), text)
        if language(plain):
            yield "escapes", plain, True
