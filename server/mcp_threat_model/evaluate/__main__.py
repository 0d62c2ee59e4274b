"""``python -m mcp_threat_model.evaluate CORPUS [--fit] [--plot FILE] [--format text|json]``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mcp_threat_model.evaluate import FITTED, main
from mcp_threat_model.terminal import OutputError, complain

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m mcp_threat_model.evaluate", description=__doc__)
    parser.add_argument("corpus", type=Path, help="folder with labelled tools in *.jsonl files")
    parser.add_argument("--format", choices=("text", "json"), default="text")
    parser.add_argument(
        "--fit", action="store_true", help=f"first learn from the corpus, and write {', '.join(FITTED)} in rules/"
    )
    parser.add_argument("--plot", type=Path, help="write the reliability curve as SVG")
    options = parser.parse_args()
    try:
        sys.exit(main(options.corpus, options.format, fit=options.fit, plot=options.plot))
    except OutputError as error:
        complain(f"the output could not be written: {error}")
        sys.exit(1)
