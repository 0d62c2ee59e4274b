"""One target is read: not without consent, and what cannot be read yet says what to do instead."""

from pathlib import Path

import pytest

from mcp_threat_model.reading import ScanOptions, read_target
from mcp_threat_model.source.forms.program import StdioTarget
from mcp_threat_model.source.forms.published import PackageTarget, RegistryTarget
from mcp_threat_model.source.interface import Target
from mcp_threat_scoring.errors import TargetError

OPTIONS = ScanOptions()


async def test_nothing_is_started_without_consent(tmp_path: Path) -> None:
    trace = tmp_path / "started"
    program = StdioTarget(("touch", str(trace)))
    with pytest.raises(TargetError, match="needs consent: touch") as caught:
        await read_target(program, OPTIONS)
    assert (caught.value.code, trace.exists()) == ("consent_required", False)
    assert "--allow-launch" in caught.value.hint


@pytest.mark.parametrize(
    "target",
    [RegistryTarget("a/b"), PackageTarget("npm", "a"), PackageTarget("pypi", "a")],
)
async def test_forms_that_come_later_say_so_and_what_to_do_instead(target: Target) -> None:
    with pytest.raises(TargetError) as caught:
        await read_target(target, OPTIONS)
    assert caught.value.code == "unsupported"
    assert caught.value.message
    assert caught.value.hint
