"""The values that were given in secret, taken out of everything that a target says, whatever way it came in.

A target repeats a secret wherever it likes: in values and keys of JSON, written with escapes or plainly, in headers,
in errors. So nothing is searched as it stands on the wire: texts are, once they are decoded, and before they are cut,
made inert or put into a sentence of ours.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from mcp_threat_model.guard.secret import MIN_SECRET, MIN_UNNAMED_SECRET, REDACTED
from mcp_threat_scoring.errors import TargetError


class Mask:
    """Takes given values out of texts. `echoed` says whether a target was heard repeating one.

    Those that are `guessed` are taken out like all others; as nobody called them secret, hearing them tells nothing.
    """

    def __init__(self, values: Iterable[str] = (), *, guessed: Collection[str] = ()) -> None:
        given = [value for value in values if len(value) >= MIN_SECRET]
        forms = {form for value in given for form in _forms(value)}
        self._forms = sorted(forms, key=lambda form: (-len(form), form))
        self._telling = frozenset(form for value in given if value not in guessed for form in _forms(value))
        self.echoed = False

    def __bool__(self) -> bool:
        """Whether there is anything to hide."""
        return bool(self._forms)

    @property
    def listens(self) -> bool:
        """Whether there is anything whose repetition would tell something."""
        return bool(self._telling)

    def text(self, text: str) -> str:
        """The text without any of the values; the longest are taken out first."""
        for form in self._forms:
            text = text.replace(form, REDACTED)
        return text

    def heard(self, text: str) -> str:
        """The same for what a target answered, where a value that comes back is remembered."""
        cleared = self.text(text)
        if not self.echoed and cleared != text:
            self.echoed = any(form in text for form in self._telling)
        return cleared

    def members(self, pairs: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
        """Keys and values of one JSON object, as a parser hands them to its `object_pairs_hook`.

        Objects further down came through here before; lists are looked through, however deeply they nest.
        """
        return [(self.heard(key), self._value(value)) for key, value in pairs]

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.heard(value)
        waiting = [value] if isinstance(value, list) else []
        while waiting:
            one = waiting.pop()
            for index, member in enumerate(one):
                if isinstance(member, str):
                    one[index] = self.heard(member)
                elif isinstance(member, list):
                    waiting.append(member)
        return value

    def error(self, error: TargetError) -> TargetError:
        """The same error with its sentences cleared: the last look at what goes out to the user."""
        error.message, error.hint = self.text(error.message), self.text(error.hint)
        error.args = (error.message,)
        return error


def _forms(value: str) -> set[str]:
    """A value as it may come back: also in the other case, which names of hosts, schemes and types are brought to here.

    Short values only as they are: in the other case they may be any word. Headers are read as Latin-1, so that a value
    beyond ASCII comes back in those letters too.
    """
    found = {value, value.lower(), value.upper()} if len(value) >= MIN_UNNAMED_SECRET else {value}
    if not value.isascii():
        found.add(value.encode("utf-8", "surrogatepass").decode("latin-1"))
    return found
