"""Telling somebody: a task that failed for good, a DAG that is late, a monitor that fires.

The message goes to the log; where ``FINHOUSE_ALERT_URL`` is set, as JSON ``{"text": ...}`` to that
address, which is what chat webhooks take; and to each address of ``FINHOUSE_NOTIFY_URLS``, e-mail
among them, in the words of the library Apprise: ``mailtos://user:password@mail.example?to=...``.
An alert holds figures, and may name somebody: off this machine it is sent with TLS, or not at all.
"""

from __future__ import annotations

import json
import logging
import os
import urllib.request
from urllib.parse import urlsplit

from finhouse.hosts import PLAIN_HOSTS, may_be_plain

ALERT_URL = "FINHOUSE_ALERT_URL"
NOTIFY_URLS = "FINHOUSE_NOTIFY_URLS"
_TIMEOUT_SECONDS = 10
_PLAIN = f"it would pass in plain; use {{}}, or allow its host by {PLAIN_HOSTS}"

log = logging.getLogger(__name__)


def tell(text: str) -> bool:
    """Log an alert and send it; an address that cannot be reached is logged and hides nothing.

    Returns:
        Whether everybody who is to be told has been; true where nobody is.
    """
    log.error("ALERT: %s", text)
    # Not `and`: who comes later is told whether or not the first could be.
    return all([_post(text), _notify(text)])


def _post(text: str) -> bool:
    url = os.environ.get(ALERT_URL)
    if not url:
        return True
    if _is_plain(url):
        log.error("the alert was not posted to %s: %s", ALERT_URL, _PLAIN.format("https://"))
        return False
    request = urllib.request.Request(
        url,
        data=json.dumps({"text": text}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS).close()
    except (OSError, ValueError) as error:
        log.error("the alert could not be posted to %s: %s", ALERT_URL, error)
        return False
    return True


def _is_plain(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme.lower() == "http" and not may_be_plain(parts.hostname or "")


def _notify(text: str) -> bool:
    addresses = (os.environ.get(NOTIFY_URLS) or "").split()
    if not addresses:
        return True
    # It takes a second to import, and most houses have no such address.
    import apprise

    told = True
    for number, address in enumerate(addresses, start=1):
        sender = apprise.Apprise()
        # An address holds a password: the log names its place in the list.
        if not sender.add(address):
            log.error("address %d of %s is none that Apprise knows", number, NOTIFY_URLS)
            told = False
        elif any(one.protocol and not one.secure and not may_be_plain(one.host) for one in sender):
            log.error(
                "the alert was not sent to address %d of %s: %s",
                *(number, NOTIFY_URLS, _PLAIN.format("mailtos:// or jsons://")),
            )
            told = False
        elif not sender.notify(body=text, title=text.partition("\n")[0]):
            log.error("the alert could not be sent to address %d of %s", number, NOTIFY_URLS)
            told = False
    return told
