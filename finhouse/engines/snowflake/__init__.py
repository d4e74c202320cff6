"""Snowflake, or the emulator that stands in for it where no account is set."""
