"""The tests, and what they share: stores in memory (tests.stores)."""
