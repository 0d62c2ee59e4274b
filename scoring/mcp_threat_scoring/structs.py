"""The parts of msgspec that we use, imported without what it does not need.

Where typing_extensions is installed, msgspec prefers it to `typing`. On the Pythons that we support the two say the
same, and importing the former takes as long as all the rest of msgspec.
"""

from __future__ import annotations

import sys

_hidden = "typing_extensions" not in sys.modules
if _hidden:
    sys.modules["typing_extensions"] = None  # type: ignore[assignment]  # makes its import fail, for now
try:
    from msgspec import (
        UNSET,
        DecodeError,
        Meta,
        Raw,
        Struct,
        UnsetType,
        ValidationError,
        convert,
        field,
        json,
        to_builtins,
    )
    from msgspec.structs import FieldInfo, asdict, astuple, fields, force_setattr, replace
finally:
    if _hidden:
        del sys.modules["typing_extensions"]

__all__ = [
    "UNSET", "DecodeError", "FieldInfo", "Meta", "Raw", "Struct", "UnsetType", "ValidationError", "asdict", "astuple",
    "convert", "field", "fields", "force_setattr", "json", "replace", "to_builtins",
]  # fmt: skip
