"""The files of a new source, table, mart, KPI or domain, in their places and in the house's style.

``catalogue`` reads what a PostgreSQL schema says of itself, ``personal_data`` and ``loading``
guess what it does not say, ``columns`` names and casts. A module for each kind of file renders it
as text; ``plan`` writes, and keeps account of what only a person can say.
"""
