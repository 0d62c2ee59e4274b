"""Writes whatever the README and the pages show of the program, from the program itself: `make docs`."""

from __future__ import annotations

from tests.made_pages import method, readme, rules_and_schema, threats

for page in (readme, rules_and_schema, method, threats):
    page.write()
