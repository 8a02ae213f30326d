"""What runs in Azure: one node of the redundant pair. See docs/architecture.md."""
