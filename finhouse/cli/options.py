"""Types of options that several commands share."""

from __future__ import annotations

import click

DAY = click.DateTime(["%Y-%m-%d"])
