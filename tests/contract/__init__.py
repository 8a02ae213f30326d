"""One suite for each port of capture.ports, run against the stores in memory and against Azure Storage's emulator."""
