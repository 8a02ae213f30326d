"""Side-by-side measurements: the archive step against other ways to do it, a node's memory, calls of Dataverse."""
