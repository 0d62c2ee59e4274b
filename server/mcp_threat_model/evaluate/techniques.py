"""Which technique an order is told by, learned from lines whose authors say what they meant to show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from math import log

from mcp_threat_model.evaluate.texts import Example

TECHNIQUES: Mapping[str, str] = {
    "conceal": "conceal", "precedence": "promote", "authority": "authority", "override": "override",
    "delimiter": "delimiter", "delayed": "wake", "redirect": "redirect", "permission": "approval", "carrier": "collect",
    "falsify": "recite",
}  # fmt: skip
"""The rule that tells of each technique of the texts, where one rule does."""


def techniques_of(lines: Sequence[Example], noticed: Sequence[set[str]], rare: int) -> dict[str, dict[str, float]]:
    """Naive Bayes over senses and concepts of orders: which technique they are more often met with.

    What is met in fewer than `rare` orders tells of none.
    """
    with_it: defaultdict[str, Counter[str]] = defaultdict(Counter)
    total: Counter[str] = Counter()
    number: Counter[str] = Counter()
    for line, found in zip(lines, noticed, strict=True):
        if not line.truth or not line.techniques:
            continue
        shown = [one for one in found if one[0] in "#@" and "@" not in one[1:] and "#" not in one[1:]]
        total.update(shown)
        for technique in dict.fromkeys(_rule_of(one, found) for one in line.techniques):
            if technique:
                with_it[technique].update(shown)
                number[technique] += 1
    whole = sum(number.values())
    return {
        technique: {
            "": round(log(number[technique] / whole), 2),
            **{
                one: round(weight, 2)
                for one in sorted(total)
                if total[one] >= rare
                for weight in [0.5 * log((counts[one] + 1.0) / (total[one] * number[technique] / whole + 1.0))]
                if abs(weight) >= 0.1
            },
        }
        for technique, counts in sorted(with_it.items())
    }


def _rule_of(technique: str, found: set[str]) -> str:
    """The rule that tells of a technique of the texts."""
    if technique == "exfiltrate":
        return "exfiltrate" if found & {"#§url", "#§mail", "#§host"} else "collect"
    if technique == "external-action":
        if "#persist" in found or "#§startpath" in found:
            return "persist"
        return "shell" if "#exec" in found and "#othertool" not in found else "foreign-tool"
    return TECHNIQUES.get(technique, "")
