"""Copies of the raw layer for people who may not know whom its rows are about."""
