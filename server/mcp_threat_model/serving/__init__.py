"""The MCP server: its tools, what they ask a person, what they answer, and the two ways it is reached.

:mod:`mcp_threat_model.mcp_server` puts it together. It has no logic of its own: a tool asks (:mod:`serving.gate`,
:mod:`serving.asking`), reads as the command line does, and answers in pages (:mod:`serving.paging`).
"""
