"""What a value looks like where no name says what it is: a reference, an ordinary word, a key, or a run of chance.

Only for hiding and for telling people; what is shown as ordinary may still be somebody's password, which nobody can
see by its looks.
"""

from __future__ import annotations

from collections.abc import Iterator

from mcp_threat_scoring.patterns.pattern import pattern

Span = tuple[int, int]

_ONE_REFERENCE = (
    r"(?:\$\{(?:[a-z]+:)?[A-Za-z_][\w.-]*\}|\$[A-Z_][A-Z0-9_]*|%[A-Z_][A-Z0-9_]*%|\{\{?-{0,2}[A-Za-z_][\w .-]*\}\}?|"
    r"<[A-Za-z][\w .-]*>|\*{3,}|…)"
)
_REFERENCE = pattern(rf"{_ONE_REFERENCE}(?:[-:/@._]?{_ONE_REFERENCE})*")
"""``${VAR}``, ``${input:key}``, ``$VAR``, ``%VAR%``, ``{{key}}``, ``<key>``, and what stands for something hidden. A
default inside (``${VAR:-value}``) is a value."""
_STANDS_FOR = pattern(
    r"(?i)(?:your|enter|insert|paste|replace)[-_ ][a-z]+(?:[-_ ][a-z]+)*|change[-_]?me|x{4,}|placeholder"
)
"""Words in the place of a value: ``YOUR_API_KEY``, ``changeme``."""
_PATH = pattern(r"^(?:[/~]|\.{1,2}[/\\]|[A-Za-z]:[\\/])")
_WORD = r"(?:(?:[A-Z]?[a-z]{1,20}){1,4}|[A-Z]{1,20}|[0-9]{1,10}|[A-Za-z]{1,4}[0-9]{1,4}|[0-9]{1,6}[A-Za-z]{1,3})"
_ORDINARY = pattern(rf"[-.@+:/]*{_WORD}(?:[- ._,:;/@+*%~#|=()]+{_WORD})*[-.,:/ ]*")
_SHORT = 5
"""Characters of a value that is too short to be a key of any use."""

_SURE_KEY = (
    r"[rs]k_(?:live|test)_\w{8,}|gh[pousr]_\w{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}|xox[abeoprs]-[\w-]{8,}|"
    r"xapp-[\w-]{16,}|A(?:KIA|SIA)[0-9A-Z]{12,}|AIza[\w-]{20,}|ya29\.[\w.-]{16,}|eyJ[\w=-]{10,}(?:\.[\w=-]+)*|"
    r"SG\.[\w-]{16,}(?:\.[\w-]+)?|dop_v1_\w{16,}|shp(?:at|ca|pa|ss)_\w{16,}|lin_api_\w{16,}|whsec_\w{16,}|"
    r"ntn_\w{16,}|[0-9]{8,10}:[\w-]{35}|sk-(?:ant|proj|or|svcacct|lf)-[\w-]{8,}"
)
_LIKELY_KEY = r"sk-[\w-]{16,}|hf_\w{16,}|npm_\w{16,}|pypi-[\w-]{32,}|pat-[\w-]{16,}|secret_\w{16,}"
"""Beginnings that words have as well: these are keys where they hold a digit or a capital letter."""
_KEY = pattern(rf"(?:^|[^A-Za-z0-9])(?:({_SURE_KEY})|({_LIKELY_KEY}))")
_PEM = pattern(r"(?s)-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----.*")
_UUID = pattern(r"(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
SHORTEST_RUN = 12
"""Letters and digits; in fewer, nothing is seen that no name calls a secret."""
_RUN = pattern(rf"[A-Za-z0-9]{{{SHORTEST_RUN},}}")
_WIDE_RUN = pattern(r"[A-Za-z0-9_+-]{20,}={0,2}")
_PIN = pattern(
    r"(?:(?i:sha[0-9]{1,3})[:=-]|\w[@#]|\b(?:github|gitlab|sourcehut):[\w.~-]+/[\w.-]+/|[?&]rev=)([0-9a-f]{7,128}\b)"
)
"""Digests and commits that say exactly what is fetched, those of flakes among them: they are for everybody to see."""
_LENGTH = 16
"""Characters: 16 hexadecimal ones are 64 bits, the least that anyone uses as a key."""


def is_reference(value: str) -> bool:
    """Whether a value only says where the real one comes from."""
    bare = value.strip()
    return _REFERENCE.fullmatch(bare) is not None or _STANDS_FOR.fullmatch(bare) is not None


def is_computed(value: str) -> bool:
    """Whether a value is what another command prints, which whoever consents has to see."""
    return "$(" in value or "`" in value


def is_path(value: str) -> bool:
    """Whether a value is the path of a file, by how it begins."""
    return _PATH.search(value) is not None


def is_ordinary(value: str) -> bool:
    """Whether a value reads as words, numbers and versions, or is too short to be a key."""
    return len(value) <= _SHORT or _ORDINARY.fullmatch(value) is not None


def is_mixed(value: str) -> bool:
    """Whether it looks like a password that somebody thought up: small and capital letters with digits, or with signs
    that no name of a package, a project or a machine has."""
    kinds = {_kind(char) for char in value}
    return len(value) >= 6 and ({"lower", "upper", "digit"} <= kinds or any(char in "!$%^&*?" for char in value))


def keys(text: str) -> Iterator[Span]:
    """Where a text holds something in the format of a key that issuers document, or a private key."""
    for found in _KEY.finditer(text):
        if found[1] or any(char.isdigit() or char.isupper() for char in found[2]):
            yield found.span(found.lastindex)
    yield from (found.span() for found in _PEM.finditer(text))


def is_random(run: str) -> bool:
    """Whether a run of letters and digits looks generated: long, and mixed."""
    digits = sum(char.isdigit() for char in run)
    if len(run) >= _LENGTH and (digits > 2 or len(run) >= 1.5 * _LENGTH) and _changes(run, case=False) > 1:
        return True  # fewer digits are a word's: "jsonld2graphobject"
    all_kinds = digits and run.lower() != run and run.upper() != run
    return (all_kinds and _changes(run) >= 3) or (len(run) >= 20 and _changes(run) >= 0.3 * len(run))


def random_runs(text: str) -> Iterator[Span]:
    """Where a text holds a long run that looks generated. Paths hold such runs, which are no keys."""
    if is_path(text):
        return
    text = unpinned(text)
    yield from (found.span() for found in _RUN.finditer(text) if is_random(found[0]))
    for found in _WIDE_RUN.finditer(text):
        if is_mixed(found[0]) and _changes(found[0]) >= 0.3 * len(found[0]):
            yield found.span()


def unpinned(text: str) -> str:
    """The text with blanks for the digests and commits that say exactly what is fetched."""
    for found in _PIN.finditer(text):
        start, end = found.span(1)
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def ids(text: str) -> Iterator[Span]:
    """Where a text holds a UUID: an id as often as a key."""
    if not is_path(text):
        yield from (found.span() for found in _UUID.finditer(text))


def is_generated(segment: str) -> bool:
    """Whether a segment of an address holds a UUID or a generated run."""
    return _UUID.search(segment) is not None or any(is_random(found) for found in _RUN.findall(segment))


def _kind(char: str) -> str:
    if char.isdigit():
        return "digit"
    return "upper" if char.isupper() else "lower" if char.isalpha() else ""


def _changes(run: str, *, case: bool = True) -> int:
    """How often one kind of character follows another; a capital that begins a word is one change, not two."""
    kinds = [_kind(char) for char in run]
    if not case:
        kinds = ["digit" if kind == "digit" else "letter" for kind in kinds]
    count = 0
    for index in range(1, len(kinds)):
        before, now = kinds[index - 1], kinds[index]
        if before == now or not before or not now:
            continue
        begins_word = before == "upper" and now == "lower" and (index < 2 or kinds[index - 2] != "upper")
        count += not begins_word
    return count
