"""The use cases of call audio: discover, ingest, consolidate, sweep."""
