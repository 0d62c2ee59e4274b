"""`python -m mcp_threat_model` is `mcp-threat-model`."""

import sys

from mcp_threat_model.cli import main

sys.exit(main())
