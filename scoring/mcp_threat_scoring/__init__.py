"""The core: pure functions over frozen models. No async, no network, no clock, no files but the rules."""
