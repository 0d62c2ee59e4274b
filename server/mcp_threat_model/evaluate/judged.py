"""Judge every labelled tool with the shipped rules, as a scan would: all tools of a server together, hints hidden."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from mcp_threat_model.evaluate.corpus import Labelled
from mcp_threat_scoring.capability import ToolProfile
from mcp_threat_scoring.intake import build_manifest
from mcp_threat_scoring.manifest import OBSERVED
from mcp_threat_scoring.picture import paint
from mcp_threat_scoring.rulebook.ruleset import Ruleset
from mcp_threat_scoring.signal import SignalId
from mcp_threat_scoring.structs import Struct


class Judged(Struct, frozen=True):
    """A labelled tool and what the rules make of it."""

    row: Labelled
    profile: ToolProfile
    signals: tuple[SignalId, ...]
    """Everything that fired on it and carries a weight for some question."""

    @property
    def writes(self) -> bool:
        """The truth of read against write."""
        return self.row.effect != "read"

    @property
    def right(self) -> bool:
        """Whether read against write was called right."""
        return (self.profile.effect != "read") == self.writes


def judge(rows: Sequence[Labelled], ruleset: Ruleset) -> list[Judged]:
    """Judge the rows, in their order."""
    groups: dict[tuple[str, str], list[int]] = defaultdict(list)
    for index, row in enumerate(rows):
        groups[(row.file, row.server)].append(index)
    found: dict[int, Judged] = {}
    for (file, server), indices in groups.items():
        manifest = build_manifest(
            target_kind="file", target_value=f"{file}:{server}", coverage={"tools": OBSERVED},
            tools=[rows[index].tool for index in indices],
        )  # fmt: skip
        picture = paint(manifest, ruleset)
        fired: dict[str, list[SignalId]] = defaultdict(list)
        for signal in picture.signals:
            if picture.ruleset.by_id[signal.id].prior:
                fired[signal.subject].append(signal.id)
        for profile in picture.tools:
            place = int(profile.pointer.rsplit("/", 1)[1])
            index = indices[place]
            found[index] = Judged(rows[index], profile, tuple(dict.fromkeys(fired[profile.pointer])))
    return [found[index] for index in sorted(found)]
