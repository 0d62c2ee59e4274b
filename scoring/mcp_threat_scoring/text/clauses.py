"""A listing's prose cut into clauses, each to be read like the description of a tool that nobody named.

Prose tells of more than acts. Who has to sign in, and with which key, is told of the caller, so such clauses are left
out here (`claim.…` rules read the whole prose, and hear of them there). The server's own name before a verb is taken
off; "and" parts clauses only where what follows can be one: of "gives choirs and orchestras a catalogue" it is none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from mcp_threat_scoring.manifest import Item, Listing, well_formed
from mcp_threat_scoring.patterns.pattern import pattern
from mcp_threat_scoring.text.grammar import NO_GRAMMAR, Grammar

CLAUSES = 60
"""Clauses of a listing's prose that are read; a directory writes a paragraph, not a book."""
PROSE = 20_000
"""Characters of it."""
SHORTEST = 3
"""Letters of a piece between commas that says anything."""
READS_ONLY = "listing.reads_only"
"""The fact about a clause that the prose calls the whole server read-only."""
_SENTENCE_END = pattern(r"[.;\n]+(?:\s|$)")
_CLAUSE_END = pattern(r"[:,]+\s|\s(?:and|und|et|y)\s|\s[-–—]\s")
_SHARED_VERB = pattern(r"^\s*((?i:reads?|writes?|read ?[/&+] ?write|creates?|deletes?|manages?|edits?|updates?)):\s+")
"""“Write: pages, orders” is writing pages and writing orders."""
_NO_TOOLS = pattern(r"(?i)\bno (?:built-in |own )?tools\b")
_PASSES = (
    r"(?:account|(?:api|access|auth|bearer|personal|service) ?(?:key|token)|api|key|token|subscription|licen[cs]e|"
    r"registration|login|log-?in|sign-?(?:in|up)|credential|password|authentication|api[- ]key)s?"
)
_OF_THE_CALLER = pattern(
    r"(?i)^(?:(?:you|users?|callers?|customers?|clients?|members?|just|simply|please|then|must|can|have to|need to|"
    r"will|first|it|this server|the server) )*(?:"
    r"(?:sign|log)[ -]?(?:in|on|up)\b(?:$| (?:with|using|via|through|by|once|first|to (?:your|connect|start|use|begin)|"
    r"required|is|here|from)\b)"
    r"|(?:authenticate|authentication|authori[sz]e|authori[sz]ation)\b(?:$| (?:with|using|via|through|by|is|required|"
    r"once|happens)\b)"
    rf"|(?:requires?|needs?|uses?|takes|expects|asks for|bring|works with) (?:(?:an?|no|your|the|their|its|own|only|"
    rf"free|paid|valid|personal|any|[\w'-]+) ){{0,4}}{_PASSES}(?:,? ?(?:\(|(?:from|in|on|of|for|at|to (?:use|run|"
    r"connect|start|work|get started))\b)[^,:;]{0,40})?$"
    rf"|(?:no|without(?: an?| any)?) (?:[\w-]+ ){{0,2}}{_PASSES}(?: (?:is|are))?(?: (?:needed|required|necessary))?$"
    rf"|(?:an? |your )?(?:[\w-]+ ){{0,2}}{_PASSES} (?:(?:is|are) )?(?:not )?(?:required|needed|necessary)$"
    r"|(?:read|write|admin|full|offline)[\w:.-]* scopes?$)"
)
"""What the caller has to bring: no act of the server, and no data of it."""
_READS_ONLY = pattern(
    r"(?i)^(?:(?:and|but) )?(?:(?:it|this|that|everything|all|all of (?:it|them)|(?:the|this|our|all|every|each) [\w-]+"
    r"(?: [\w-]+)?) (?:is|are|stays?|remains?|works) )?(?:(?:strictly|entirely|purely|completely|always|fully|all) )?"
    r"read[- ]only(?: (?:by design|access|throughout|server|connector|only))?$"
)
_GIVES = pattern(
    r"(?i)^(?:[\w'-]+ ){0,3}(?:gives?|offers?|brings?|hands?|lends?|provides?|teach(?:es)?|tells?|shows?|serves?|"
    r"grants?|sends?|saves?) (?:[\w'-]+ ){0,3}[\w-]+$"
)
"""A clause that breaks off after whom something is given to."""
_SUBJECT = pattern(r"(?i)^[\w-]+ (?:is|are|was|were|has|have|had)\b")
"""What goes on like this ends what was said before: "where every tractor and combine is"."""
_THING_GIVEN = pattern(r"(?i)^([\w-]+s) (?:an?|the|one|their|all|every|some|free|more)\b")
_THIRD = frozenset(
    ["a", "an", "the", "you", "your", "all", "every", "each", "any", "its", "their", "where", "what", "which", "how",
     "who", "when", "up", "for", "after", "over", "out"]
)  # fmt: skip
"""Words after a verb that is as often a noun, which tell that it is the verb: "looks up", "shows where"."""


def clauses(listing: Listing | None, grammar: Grammar = NO_GRAMMAR) -> tuple[Item, ...]:
    """The clauses that say what a listed server does, or what it does it on.

    None if it says itself that there are no tools: a skeleton does what others will make of it.
    """
    if listing is None:
        return ()
    prose = well_formed(listing.description[:PROSE])
    if _NO_TOOLS.search(prose):
        return ()
    told = (piece for piece in _pieces(prose, listing.name, grammar) if not _OF_THE_CALLER.search(piece))
    return tuple(Item("tool", "/description", "", {"description": piece}, "") for piece in islice(told, CLAUSES))


def reads_only(clauses_: Iterable[Item]) -> bool:
    """Whether one of the clauses calls the whole server read-only, without a condition."""
    return any(_READS_ONLY.search(one.text("description").strip(" .!")) for one in clauses_)


def _pieces(prose: str, name: str, grammar: Grammar) -> Iterator[str]:
    for sentence in filter(None, _SENTENCE_END.split(prose)):
        shared = _SHARED_VERB.match(sentence)
        verb, rest = (f"{shared.group(1)} ", sentence[shared.end() :]) if shared else ("", sentence)
        for piece in _cut(_without_name(rest, name, grammar), grammar):
            if len(piece.strip()) >= SHORTEST:
                yield verb + piece.strip()


def _cut(sentence: str, grammar: Grammar) -> list[str]:
    """A sentence in clauses; what follows a separator goes with what stands before it where it cannot be one."""
    found: list[str] = []
    end = 0
    for parted in _CLAUSE_END.finditer(sentence):
        found += [sentence[end : parted.start()], parted.group()]
        end = parted.end()
    found.append(sentence[end:])
    cut = found[:1]
    for separator, piece in zip(found[1::2], found[2::2], strict=True):
        if separator.strip().isalpha() and _goes_on(cut[-1].strip(), piece, grammar):
            cut[-1] += separator + piece
        else:
            cut.append(piece)
    return _with_objects(cut, grammar)


def _with_objects(cut: list[str], grammar: Grammar) -> list[str]:
    """Verbs that stand alone get what the verb after them is done to: “adds and multiplies numbers” adds numbers."""
    told = ""
    for index in range(len(cut) - 1, -1, -1):
        verb, _, rest = cut[index].strip().partition(" ")
        if verb.lower() not in grammar.thirds:
            told = ""
        elif rest:
            told = "" if verb.lower() in grammar.nouns else rest  # "orders of members" are things
        elif told:
            cut[index] = f"{verb} {told}"
    return cut


def _goes_on(before: str, piece: str, grammar: Grammar) -> bool:
    if _SUBJECT.match(piece):
        return True
    given = _THING_GIVEN.match(piece)
    return given is not None and given.group(1).lower() not in grammar.thirds and bool(_GIVES.match(before))


def _without_name(sentence: str, name: str, grammar: Grammar) -> str:
    """A sentence without the server's name, whole or its first word, where a verb follows it."""
    words = sentence.split(None, 8)
    named = name.lower().split()
    for known in (named, named[:1]):
        if known and [word.lower() for word in words[: len(known)]] == known and len(words) > len(known) + 1:
            verb, after = (word.lower().strip(",.:") for word in words[len(known) : len(known) + 2])
            if verb in grammar.thirds and (verb not in grammar.nouns or after in _THIRD):
                return " ".join(words[len(known) :])
    return sentence
