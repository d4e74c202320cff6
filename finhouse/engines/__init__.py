"""Engines that dbt builds on besides the two that extract-load writes to."""
