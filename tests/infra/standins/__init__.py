"""Stand-ins of az and curl, and the world that they act on."""
