"""The commands, one file each: every one takes its parsed arguments and returns an exit code."""
