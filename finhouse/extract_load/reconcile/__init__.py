"""Comparing raw with its source, and reloading what differs."""
