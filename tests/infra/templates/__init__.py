"""The templates of infra/, without Azure."""
