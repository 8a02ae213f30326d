"""The pair on one machine: Functions host, simulated Dynamics organisation, storage emulators, terminal view."""
