"""What can be known of the templates without Azure: `python -m infra.checks`.

A check reads a `Project` and yields a `Problem` for each thing that is wrong. None of them calls anybody.
"""
