"""What people see: health and status."""
