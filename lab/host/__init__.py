"""The Functions host stand-in: runs a Python Function App where Azure Functions Core Tools cannot be had.

Microsoft's own execution library indexes and runs the functions; this package is what surrounds it: timers, queues,
HTTP, settings, drain. `python -m lab.host --root DIR --port N --settings FILE.json`.
"""
