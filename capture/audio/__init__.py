"""The use cases of call audio: discover, assign, ingest, finish, sweep."""
