"""Lets `python -m finhouse` stand for the `finhouse` command."""

from finhouse.cli import main

main()
