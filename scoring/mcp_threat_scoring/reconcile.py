"""What is said of a tool must agree: whatever writes a file changes something, so it cannot "only read".

Every question is answered by its own sum of log-odds (:mod:`capability`), and two answers may contradict each other.
Where an ability entails writing (``entails: write`` in ``rules/abilities.yaml``: no tool labelled with it only reads),
of the two ways out the likelier is taken. With log-odds w < 0 of writing and a > 0 of the ability, "writes and has it"
beats "only reads and has it not" by w + a: the joint maximum a posteriori of independent evidence under the constraint
(Pearl, "Probabilistic Reasoning in Intelligent Systems", 1988, chapter 5). All such abilities count together.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping


def reconciled(odds: Mapping[str, float], entailing: Collection[str]) -> dict[str, float]:
    """Log-odds by question in which no likely ability entails an unlikely change.

    Args:
        odds: log-odds by question, among them ``write`` and ``destructive`` (which is writing too).
        entailing: the abilities that entail writing.
    """
    settled = dict(odds)
    writes = max(odds["write"], odds["destructive"])
    likely = [ability for ability in sorted(entailing) if odds.get(ability, -1.0) >= 0.0]
    if writes >= 0.0 or not likely:
        return settled
    together = writes + sum(odds[ability] for ability in likely)
    if together >= 0.0:
        settled["write"] = together
    else:
        settled |= {ability: writes + odds[ability] for ability in likely}
    return settled
