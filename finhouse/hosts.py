"""Which hosts are this machine, and which others may be reached without TLS."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Mapping

PLAIN_HOSTS = "FINHOUSE_PLAIN_HOSTS"


def may_be_plain(host: str, env: Mapping[str, str] | None = None) -> bool:
    """Whether what is said to a host may go unencrypted: it stays here, or somebody allows it.

    Args:
        host: as an address names it.
        env: the environment; default the process's.
    """
    env = os.environ if env is None else env
    return is_here(host) or host in {name.strip() for name in env.get(PLAIN_HOSTS, "").split(",")}


def is_here(host: str) -> bool:
    """Whether a host is this machine by what it is called: a socket, or loopback."""
    host = host.strip()
    # The default: libpq's own socket, or localhost where there are none.
    if not host or host.startswith(("/", "@")) or host.lower() in ("localhost", "localhost."):
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
