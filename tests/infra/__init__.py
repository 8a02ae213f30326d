"""What deploys the product: scripts, and the stand-ins that they are tried against."""
