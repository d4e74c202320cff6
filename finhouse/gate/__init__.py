"""The pull-request gate: what a change breaks and what it moves, told before it is merged.

Both versions of the project, base and head, are built on the same frozen input in
``<home>/gate/``, so that every difference between them is the code's.
"""
