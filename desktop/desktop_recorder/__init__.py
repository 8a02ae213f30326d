"""The recorder of an agent's workstation: it knows the HTTP API of the nodes and nothing else of the product."""
