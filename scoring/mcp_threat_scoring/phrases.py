"""Small grammar: names in quotes, lists with "and", verbs that agree. Every sentence about a target is built from it.

Names come in neutralised. They stand in back quotes, which :mod:`neutralise` keeps out of the names themselves, so
that a reader (person or model) sees where our words end and the target's begin.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice

from mcp_threat_scoring.neutralise import SafeText, neutralise
from mcp_threat_scoring.signal import Evidence, Signals
from mcp_threat_scoring.structs import Struct

UNNAMED = "unnamed server"
"""What a server is called that does not say its name; a sentence about it says "this server"."""
SHOWN_NAMES = 3
NAME_IN_PROSE = 48
EXCERPT_IN_PROSE = 60

_SMALL = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_KINDS = {
    "tools": "",
    "prompts": "the prompt ",
    "resources": "the resource ",
    "resourceTemplates": "the resource template ",
}


_UNCOUNTED = frozenset(
    ("people", "children", "media", "metadata", "knowledge", "code", "text", "software", "hardware", "firmware",
     "music", "audio", "traffic", "feedback", "access", "content", "progress", "memory", "css", "dns")
)  # fmt: skip


def number(count: int) -> str:
    """A count in words up to twelve, in digits with thousands separated above."""
    return _SMALL[count] if 0 <= count < len(_SMALL) else f"{count:,}"


def counted(count: int, noun: str, plural: str = "") -> str:
    """``one tool``, ``three tools``, ``1,204 tools``."""
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def plural(noun: str) -> str:
    """``bids``, ``queries``, ``boxes``; a noun in the plural, or that is not counted, stays as it is."""
    if noun in _UNCOUNTED or (noun.endswith("s") and not noun.endswith(("ss", "us", "is"))):
        return noun
    if noun.endswith("y") and noun[-2:-1] not in "aeiou":
        return f"{noun[:-1]}ies"
    return noun + ("es" if noun.endswith(("s", "x", "z", "ch", "sh")) else "s")


def quoted(name: str) -> str:
    """A neutralised name, short enough for a sentence, in back quotes."""
    short = name if len(name) <= NAME_IN_PROSE else name[: NAME_IN_PROSE - 1].rstrip() + "…"
    return f"`{short}`"


def joined(parts: Sequence[str], last: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} {last} {parts[-1]}" if parts else ""


def listed(parts: Sequence[str], total: int | None = None, shown: int = SHOWN_NAMES) -> str:
    """The first few parts and how many more there are: ``a, b and 3 more``. "1 more" never stands for a name."""
    total = len(parts) if total is None else total
    if total <= shown + 1 and len(parts) >= total:
        return joined(parts[:total])
    visible = list(parts[:shown])
    return f"{', '.join(visible)} and {number(total - len(visible))} more"


def with_credentials(*, other: bool) -> str:
    """What to do about a server that shows its tools only to callers it knows; `other` than those it was given."""
    return f"scan it again with {'other ' if other else ''}credentials (--header 'Authorization: Bearer TOKEN')"


def scan_itself(part: str = "tools") -> str:
    """What to do about a server of which a part is known by hearsay, or not at all."""
    return (
        f"scan the server itself (its address, or 'stdio:COMMAND' with --allow-launch), or a saved {part}/list result "
        "of it"
    )


def capital(sentence: str) -> str:
    """The sentence with its first letter in upper case."""
    return sentence[:1].upper() + sentence[1:]


def lowered(title: str) -> str:
    """A title for the middle of a sentence; "OAuth" and "SQL" stay as they are."""
    head = title.split(" ", 1)[0]
    return title if head[1:] != head[1:].lower() or head == "I" else title[:1].lower() + title[1:]


def sentence(text: str) -> str:
    """With a capital, and one full stop at the end."""
    text = capital(text.strip())
    return text if text.endswith((".", "?", "!")) else text + "."


def item_of(pointer: str) -> str:
    """The pointer of the item that a pointer leads into: ``/tools/3/name`` → ``/tools/3``; "" for the server's own."""
    parts = pointer.split("/", 3)
    return f"/{parts[1]}/{parts[2]}" if len(parts) > 2 and parts[1] in _KINDS else ""


def parameter_of(pointer: str) -> str:
    """The parameter that a pointer into a schema leads to, or ""; as the target wrote it, so neutralise it."""
    _, found, rest = pointer.partition("/inputSchema/properties/")
    return rest.split("/", 1)[0].replace("~1", "/").replace("~0", "~") if found else ""


class Seen(Struct, frozen=True):
    """Where one signal was seen, ready for a sentence.

    `subjects` and `parameters` are the first few, quoted, in manifest order; the counts are of all.
    """

    subjects: tuple[str, ...]
    subject_count: int
    parameters: tuple[str, ...]
    parameter_count: int
    tools: tuple[str, ...]
    """Names of all the tools, as they stand in the report (not quoted)."""
    items: frozenset[str]
    """Pointers of all the items."""
    excerpt: str

    def say(self, clause: str) -> str:
        """Fill the clause of a signal.

        ``{tools}`` and ``{params}`` are its grammatical subject, and ``{s}``, ``{es}``, ``{is}``, ``{has}`` and
        ``{its}`` agree with it. A clause about tools that names none speaks of the server and quotes its words.
        """
        shown, count = self.subjects, self.subject_count
        if "{params}" in clause and self.parameters:
            shown, count = self.parameters, self.parameter_count
        named = "{params}" in clause or "{tools}" in clause
        subject = listed(shown, count) or "the server"
        one = count <= 1
        said = clause.format_map(
            {
                "tools": subject,
                "params": subject,
                "s": "s" if one else "",
                "es": "es" if one else "",
                "is": "is" if one else "are",
                "has": "has" if one else "have",
                "does": "does" if one else "do",
                "its": "its" if one else "their",
                "excerpt": f"“{self.excerpt}”" if self.excerpt else "what was read",
            }
        )
        return f"{said} (“{self.excerpt}”)" if named and not count and self.excerpt else said


def see(
    signals: Signals,
    signal_id: str,
    names: Mapping[str, SafeText],
    *,
    skip: frozenset[str] = frozenset(),
    parameters: bool = True,
) -> Seen:
    """Collect the subjects of a signal from its signals and, for those of the whole server, from their evidence.

    `names` gives the neutralised name of each item by its pointer; the items in `skip` are passed over. `parameters`
    says whether anyone will ask for them.
    """
    items: dict[str, str] = {}
    found: dict[tuple[str, str], None] = {}
    excerpt = ""
    for signal in signals.of(signal_id):
        if signal.subject:
            if signal.subject not in items and signal.subject not in skip and (name := names.get(signal.subject)):
                items[signal.subject] = name
        else:
            for evidence in signal.evidence:
                pointer = item_of(evidence.pointer)
                if pointer and pointer not in items and pointer not in skip and (name := names.get(pointer)):
                    items[pointer] = name
        if excerpt and not parameters:
            continue  # nobody asks for more, and evidence is looked for when it is asked for
        for evidence in signal.evidence:
            excerpt = excerpt or evidence.excerpt
            if parameters and (parameter := parameter_of(evidence.pointer)):
                found[item_of(evidence.pointer), parameter] = None
    visible = SHOWN_NAMES + 1
    return Seen(
        subjects=tuple(_KINDS.get(p.split("/")[1], "") + quoted(name) for p, name in islice(items.items(), visible)),
        subject_count=len(items),
        parameters=tuple(
            quoted(neutralise(parameter, NAME_IN_PROSE)) + (f" of {quoted(names[owner])}" if owner in names else "")
            for owner, parameter in islice(found, visible)
        ),
        parameter_count=len(found),
        tools=tuple(dict.fromkeys(name for pointer, name in items.items() if pointer.startswith("/tools/"))),
        items=frozenset(items),
        excerpt=excerpt if len(excerpt) <= EXCERPT_IN_PROSE else excerpt[: EXCERPT_IN_PROSE - 1].rstrip() + "…",
    )


def evidence_of(
    signals: Signals, signal_ids: Iterable[str], limit: int, items: frozenset[str] | None = None
) -> list[Evidence]:
    """At most `limit` pieces of evidence, taken in turn from each signal, so that none hides another.

    `items`, if given, are the only items whose evidence counts; evidence of the whole server always does.
    """

    def pieces(signal_id: str) -> Iterator[Evidence]:
        for signal in signals.of(signal_id):
            if items is None or not signal.subject or signal.subject in items:
                yield from signal.evidence

    columns = [list(islice(pieces(signal_id), limit)) for signal_id in signal_ids]
    taken: dict[Evidence, None] = {}
    for row in range(limit):
        for column in columns:
            if row < len(column):
                taken[column[row]] = None
                if len(taken) == limit:
                    return list(taken)
    return list(taken)
