"""The KPI API of a house as its user starts it, and a client of it over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from finhouse.api.serving import ApiServer
from tests.support.house import House


@dataclass(frozen=True)
class Served:
    """The API of a house on one target, and a client of it."""

    house: House
    target: str
    server: ApiServer
    client: httpx.Client

    def get(self, path: str, **parameters: Any) -> Any:
        """The answer of an address that must answer."""
        response = self.client.get(path, params=parameters)
        assert response.status_code == 200, response.text
        return response.json()

    def rows(self, sql: str) -> list[tuple]:
        return self.house.published_rows(sql, self.target)

    def everything(self, path: str, **parameters: Any) -> list[dict[str, Any]]:
        """The items of all pages."""
        items, cursor = [], None
        while True:
            page = self.get(path, **parameters, **({"cursor": cursor} if cursor else {}))
            items += page["items"]
            if (cursor := page["next_cursor"]) is None:
                return items


@contextmanager
def serving(house: House, target: str) -> Iterator[Served]:
    """The API of a house, started as a user would."""
    house.succeed("--target", target, "api", "start")
    server = ApiServer(house.settings(target))
    try:
        with httpx.Client(base_url=server.url, timeout=60) as client:
            yield Served(house, target, server, client)
    finally:
        house.succeed("--target", target, "api", "stop")
    assert not server.is_running()
