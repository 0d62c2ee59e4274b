"""The policy's file: named, or lying in the working directory; read strictly, every problem with its file and line."""

from __future__ import annotations

from pathlib import Path

from mcp_threat_model.guard.files import UnreadableError, read_stream
from mcp_threat_scoring.approval.policy import POLICY_NAME, Policy
from mcp_threat_scoring.errors import RuleProblem, UsageError, told
from mcp_threat_scoring.rulebook.documents import split_document, validate

MAX_BYTES = 1024 * 1024
PATIENCE_S = 10.0
"""For a policy that comes through a pipe."""


def find_policy(named: str | None, folder: Path | None = None) -> tuple[str, Policy] | None:
    """The policy that was named, or else the one in the folder (the working directory), with the name it is shown by.

    Raises:
        UsageError: the named one cannot be read, or what is in it is wrong; every problem with its line.
    """
    if named is not None:
        return named, read_policy(Path(named), named)
    found = (folder or Path()) / POLICY_NAME
    return (POLICY_NAME, read_policy(found, POLICY_NAME)) if found.is_file() else None


def read_policy(path: Path, shown: str) -> Policy:
    """Read one policy file.

    Raises:
        UsageError: it cannot be read, or what is in it is wrong.
    """
    from mcp_threat_scoring.rulebook.strict_yaml import (  # only where there is a policy: a parser is slow to import
        bounded,
        parse_yaml,
    )

    try:
        data = read_stream(path, MAX_BYTES, PATIENCE_S, lambda: False)
    except UnreadableError as error:
        missing = error.why == "missing"
        raise UsageError(f"there is no policy {shown}" if missing else f"the policy {shown} {error}") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"the policy {shown} is not UTF-8 text") from None
    problems: list[RuleProblem] = []
    policy: Policy | None = None
    if bounded(text, shown, problems):
        head, tail = split_document(text)
        if tail.strip():
            problems.append(RuleProblem(shown, head.count("\n") + 2, "a second document; a policy is one"))
        value = None if problems else parse_yaml(head, shown, problems)
        if not problems:
            policy = validate(Policy, {} if value is None else value, head, shown, problems)
    if policy is None or problems:
        raise UsageError("the policy is wrong:", *told(problems))
    return policy
