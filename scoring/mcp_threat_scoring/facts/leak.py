"""What looks like a real credential in a text, and how much of one may be shown."""

from __future__ import annotations

from mcp_threat_scoring.manifest import well_formed
from mcp_threat_scoring.patterns.pattern import pattern

KEY_LENGTH = 16
"""Characters below which a value is not taken for a credential: every format that is known is longer."""

FEWEST_LETTERS = 6
"""Different characters that a real key has at least, after its prefix; ``sk-0000000000`` has one."""

_CREDENTIAL = pattern(
    r"(?:^|[^A-Za-z0-9])(?:AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,}|"
    r"glpat-[A-Za-z0-9_-]{20,}|xox[abeoprs]-[A-Za-z0-9-]{20,}|AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|"
    r"sk-(?:[a-z]{2,10}[0-9]{0,2}-)?[A-Za-z0-9_-]{32,}|[sr]k_live_[0-9A-Za-z]{20,}|whsec_[A-Za-z0-9]{24,}|"
    r"npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|hf_[A-Za-z]{30,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{32,}|"
    r"dop_v1_[a-f0-9]{64}|lin_api_[A-Za-z0-9]{32,}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,})|"
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----|[a-z][a-z0-9+]{2,20}://[^\s/:@{}<>$]{1,60}:[^\s/:@{}<>$*]{6,80}@[a-z0-9]"
)
"""Formats that issuers document, so that leaked keys can be told from random text, and URLs with a password inside."""
_PLACEHOLDER = pattern(
    r"(?i)example|sample|dummy|placeholder|your|change.?me|redacted|xxxx|\*\*\*|\.\.\.|…|1234567|abcdef|test|user:pass|"
    r"username:|localhost|127\.0\.0\.1|:password@|:secret@"
)
_WORDS = pattern(
    r"(?:(?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{1,14}){0,2}|[A-Z]{1,14})[0-9]?|[0-9]{1,6})"
    r"(?:[-_.,:/+ ](?:[A-Z]?[a-z]{1,14}(?:[A-Z][a-z]{1,14}){0,2}|[A-Z]{1,14}|[0-9]{1,2}))*"
)
"""Words, an identifier or a small number: ``created_at``, ``oauth2``, ``production-replica``."""


def redact(secret: str) -> str:
    """Enough of a credential to find it again, too little to use it."""
    return f"{secret[:4]}… ({len(secret)} characters)"


def is_placeholder(value: str) -> bool:
    """Whether a value only stands for a credential: ``YOUR_API_KEY``, ``xxxx``, ``changeme``."""
    return says_placeholder(value) or len(set(value[4:])) < FEWEST_LETTERS


def is_words(value: str) -> bool:
    """Whether a value reads as a word, an identifier or a small number, which is no key however it is called."""
    return _WORDS.fullmatch(value) is not None


def says_placeholder(value: str) -> bool:
    """Whether a value, of any length, calls itself a placeholder."""
    return bool(_PLACEHOLDER.search(well_formed(value)))


def credential_in(text: str) -> str:
    """The part of a text that looks like a real credential, or the empty string. Placeholders are none."""
    if len(text) < KEY_LENGTH:
        return ""
    found = _CREDENTIAL.search(well_formed(text[:4_000]))
    if found is None:
        return ""
    value: str = found.group(0).strip(" \"'=:,;")
    return "" if is_placeholder(value) else value
