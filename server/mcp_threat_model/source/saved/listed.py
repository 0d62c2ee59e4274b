"""Saved descriptions in the protocol's own words: list results, whole captures, and the prose of a directory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from mcp_threat_model.json_value import mapping, text
from mcp_threat_model.source.beside import HELLO, SERVER_INFO, beside, further
from mcp_threat_model.source.parts import Parts, wrong_shape
from mcp_threat_scoring.errors import TargetError
from mcp_threat_scoring.manifest import (
    OBSERVED,
    Coverage,
    Listing,
    PartName,
    ServerFacts,
    not_observed,
    partial,
)

LISTS: Final[Mapping[str, tuple[PartName, str]]] = {
    "tools": ("tools", "tools/list"),
    "prompts": ("prompts", "prompts/list"),
    "resources": ("resources", "resources/list"),
    "resourceTemplates": ("resource_templates", "resources/templates/list"),
}
"""The key of each list in a capture, the part of the manifest it is, and the request that answers it."""

LISTED: Final = partial("a listing's name and prose; the server itself was not asked")

METHOD_NOT_FOUND: Final = -32601
"""JSON-RPC 2.0, section 5.1: the server does not have that request at all, so it has nothing to list."""

NO_TRANSPORT: Final[Mapping[PartName, Coverage]] = {
    "transport": not_observed("a saved description does not say how the server is reached"),
    "auth": not_observed("a saved description does not show how callers are authenticated"),
    "launch": not_observed("a saved description does not say how the server is started"),
}


def bare_list(value: Sequence[object]) -> Parts:
    """A list of tools and nothing else.

    Raises:
        TargetError: `malformed`: none of its members can be a tool.
    """
    if value and not any(isinstance(item, dict) and "name" in item for item in value):
        raise wrong_shape(
            "the list holds no tool: none of its members is an object with a name", "Save the 'tools' of a tools/list."
        )
    return capture({"tools": value})


def single_tool(value: Mapping[str, Any]) -> Parts:
    """One tool on its own, as documentation shows it."""
    return capture({"tools": [value]})


def unwrap(value: Any, what: str = "it") -> Any:
    """The result inside a JSON-RPC response, or the value itself. `what` names it in errors.

    Raises:
        TargetError: `malformed`: the response is an error.
    """
    if not isinstance(value, dict) or not ({"jsonrpc", "id"} & value.keys() or len(value) == 1):
        return value
    if "error" in value and "result" not in value:
        code = mapping(value["error"]).get("code")
        shown = f" (code {code})" if isinstance(code, int) else ""
        raise wrong_shape(f"{what} is a JSON-RPC error{shown}, not an answer", "Save the answer to tools/list.")
    return value.get("result", value)


def capture(value: Mapping[str, Any]) -> Parts:
    """Any of `initialize` and the four lists; each of them plain, a result, or a whole response.

    A part that is an error or no list is not observed, and the others are read. A name and prose beside an empty list
    of tools are kept: then they are all that tells what the server does.

    Raises:
        TargetError: `malformed`: no part of it can be used.
    """
    greeting, problem = _opened(value, "initialize")
    if greeting is not None and not isinstance(greeting, dict):
        problem = wrong_shape("its 'initialize' is not an object", "Save what initialize answers.")
    hello = mapping(greeting) or value
    server = _server(hello, value)
    failed = mapping(value.get("list_errors"))
    coverage: dict[PartName, Coverage] = dict(NO_TRANSPORT)
    offered = mapping(hello.get("capabilities"))
    lists: list[Sequence[object]] = []
    problems = [problem] if problem else []
    for key, (part, method) in LISTS.items():
        try:
            items, state = _items(value, key)
        except TargetError as error:
            items, state = (), not_observed(error.message)
            problems.append(error)
        code = mapping(failed.get(method)).get("code")
        lists_none = code == METHOD_NOT_FOUND and key not in offered
        if code is not None and not lists_none and not items:
            state = not_observed(f"{method} failed when the description was saved")
        coverage[part] = state
        lists.append(items)
    known = server != ServerFacts()
    absent = not_observed("the saved description does not hold the server's introduction")
    if problem:
        absent = not_observed(problem.message)
    coverage["server"] = coverage["instructions"] = OBSERVED if known else absent
    if known and hello is value:  # named by the 2026 `_meta` alone: that never holds instructions
        coverage["instructions"] = OBSERVED if server.instructions or "capabilities" in hello else absent
    tools, prompts, resources, resource_templates = lists
    prose = None
    if not tools and is_listing(value):
        prose = Listing(value["name"], value["description"])
        if not known:
            server, coverage["server"] = ServerFacts(name=prose.name), LISTED
    seen = any(coverage[part].status != "not_observed" for part, _ in LISTS.values())
    if problems and not (known or prose or seen):
        raise problems[0]
    return Parts(coverage, tools, prompts, resources, resource_templates, server, listing=prose)


def is_listing(value: Any) -> bool:
    """Whether it has a name and prose."""
    return isinstance(value, dict) and all(
        isinstance(value.get(key), str) and value[key].strip() for key in ("name", "description")
    )


def listing(value: Mapping[str, Any]) -> Parts:
    """A name and prose: what a directory says of a server whose tools nobody has listed."""
    nothing = not_observed("a listing in prose names none")
    return Parts(
        coverage={
            **NO_TRANSPORT,
            "server": LISTED,
            "instructions": not_observed("a listing in prose holds none"),
            "tools": nothing,
            "prompts": nothing,
            "resources": nothing,
            "resource_templates": nothing,
        },
        server=ServerFacts(name=text(value["name"])),
        listing=Listing(text(value["name"]), text(value["description"])),
    )


def _items(value: Mapping[str, Any], key: str) -> tuple[Sequence[object], Coverage]:
    held = unwrap(value.get(key), f"its '{key}'")
    if isinstance(held, dict) and key in held:
        value, held = held, held[key]
    if held is None:
        return (), not_observed(f"the saved description does not hold {key}")
    if not isinstance(held, list):
        kind = {dict: "an object", str: "a string", bool: "true or false"}.get(type(held), "a number")
        raise wrong_shape(f"its '{key}' is {kind}, not a list", f"Save the list that {LISTS[key][1]} answers.")
    if value.get("nextCursor"):
        return held, partial("the saved list is one page of several: the server offered more", lacking=True)
    return held, OBSERVED


def _opened(whole: Mapping[str, Any], key: str) -> tuple[Any, TargetError | None]:
    """What a part of a capture holds, or why it holds nothing."""
    try:
        return unwrap(whole.get(key), f"its '{key}'"), None
    except TargetError as error:
        return None, error


def _server(hello: Mapping[str, Any], whole: Mapping[str, Any]) -> ServerFacts:
    info = mapping(hello.get("serverInfo"))
    for place in (hello, whole, _opened(whole, "tools")[0]):
        info = info or mapping(mapping(mapping(place).get("_meta")).get(SERVER_INFO))
    answers = {"initialize": beside(hello, HELLO, info)} if hello is not whole else {}
    for key in LISTS:
        held = _opened(whole, key)[0]
        if isinstance(held, dict):
            answers[key] = beside(held, (key,), info)
    # What else stands at the top of a file are notes of whoever saved it.
    around = beside({"_meta": whole.get("_meta")}, (), info)
    return ServerFacts(
        name=text(info.get("name")),
        version=text(info.get("version")),
        title=text(info.get("title")),
        protocol_version=text(hello.get("protocolVersion")),
        instructions=text(hello.get("instructions")),
        capabilities=mapping(hello.get("capabilities")),
        info=further(info),
        beside={place: held for place, held in answers.items() if held} | around,
    )
