"""What keeps the server answering, and a session that was ended closed."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.dashboards.conftest import ENDLESS, Stage, on_duckdb

pytestmark = pytest.mark.full

QUERIES_OF_A_USER = 8


class FromElsewhere(HTTPAdapter):
    """Another loopback address: limits are counted by where requests come from."""

    def init_poolmanager(self, *args, **kwargs) -> None:
        super().init_poolmanager(*args, **kwargs, source_address=("127.0.0.77", 0))


@on_duckdb
def test_guessing_passwords_is_slowed_down(stage: Stage):
    stranger = requests.Session()
    stranger.mount("http://", FromElsewhere())
    wrong = {"username": "admin", "password": "guess", "provider": "db"}
    login = f"{stage.serving.url}/api/v1/security/login"
    answers = [stranger.post(login, json=wrong, timeout=60).status_code for _ in range(30)]
    assert answers[0] == 401 and answers[-1] == 429


@on_duckdb
def test_guessing_passwords_in_the_form_is_slowed_down(stage: Stage):
    stranger = requests.Session()
    stranger.mount("http://", FromElsewhere())
    wrong = {"username": "admin", "password": "guess", "csrf_token": form_token(stage, stranger)}
    login = f"{stage.serving.url}/login/"
    answers = [stranger.post(login, data=wrong, timeout=60).status_code for _ in range(30)]
    assert answers[-1] == 429
    body = {"username": "admin", "password": stage.serving.passwords["admin"], "provider": "db"}
    api = f"{stage.serving.url}/api/v1/security/login"
    assert stranger.post(api, json=body, timeout=60).status_code == 429


def test_endless_queries_end_and_the_server_answers_meanwhile(stage: Stage):
    """A user may run so many queries at once, each ends by itself, and others are served."""
    viewer = stage.client("viewer")
    # The very first query of a server makes the task that runs them all: not two at a time.
    stage.run_sql("analyst", "select 1 as one")
    wanted = QUERIES_OF_A_USER + 3
    served = 0
    with ThreadPoolExecutor(wanted) as pool:
        running = [
            pool.submit(stage.run_sql, "analyst", ENDLESS[stage.target]) for _ in range(wanted)
        ]
        while not all(query.done() for query in running):
            assert requests.get(f"{stage.serving.url}/health", timeout=30).status_code == 200
            assert viewer.get("/api/v1/me/").status_code == 200
            served += 1
            time.sleep(0.5)
    answered = [(answer.status_code, answer.text) for answer in (q.result() for q in running)]
    answers = Counter(status for status, _ in answered)
    assert answers[429] >= 1 and answers[200] == 0, answers
    said = {text for status, text in answered if status != 429}
    assert all(re.search("interrupt|timeout", text, re.IGNORECASE) for text in said), said
    assert served > 1


def form_token(stage: Stage, browser: requests.Session) -> str:
    """What the log-in form must be sent back with."""
    form = browser.get(f"{stage.serving.url}/login/", timeout=60).text
    return re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', form)[0]


def log_in(stage: Stage, browser: requests.Session) -> None:
    """By the form, as viewer, with a cookie."""
    password = stage.serving.passwords["viewer"]
    data = {"username": "viewer", "password": password, "csrf_token": form_token(stage, browser)}
    browser.post(f"{stage.serving.url}/login/", data=data, timeout=60)


@on_duckdb
def test_a_cookie_opens_nothing_after_the_log_out(stage: Stage):
    """Not even when requests of that session were running meanwhile."""
    url = stage.serving.url
    browser = requests.Session()
    log_in(stage, browser)
    cookies = dict(browser.cookies)
    assert requests.get(f"{url}/api/v1/me/", cookies=cookies, timeout=60).status_code == 200
    stop = threading.Event()

    def keep_asking() -> None:
        while not stop.is_set():
            requests.get(f"{url}/api/v1/dashboard/", cookies=cookies, timeout=60)

    askers = [threading.Thread(target=keep_asking) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        browser.get(f"{url}/logout/", timeout=60)
    finally:
        stop.set()
        for asker in askers:
            asker.join()
    assert requests.get(f"{url}/api/v1/me/", cookies=cookies, timeout=60).status_code == 401


@on_duckdb
def test_a_session_begins_with_the_log_in(stage: Stage):
    """A name that was known before, planted by somebody else, is none after."""
    url = stage.serving.url
    browser = requests.Session()
    browser.cookies.set("session", "planted", domain=urlsplit(url).hostname)
    form_token(stage, browser)
    before = dict(browser.cookies)["session"]
    log_in(stage, browser)
    assert dict(browser.cookies)["session"] != before
    assert browser.get(f"{url}/api/v1/me/", timeout=60).status_code == 200


def test_what_superset_keeps_is_its_owners_alone(stage: Stage):
    home = stage.house.home
    open_to_others = [
        str(path.relative_to(home))
        for folder in (home / "superset", home / "published")
        for path in folder.rglob("*")
        if path.is_file() and path.stat().st_mode & 0o077
    ]
    assert open_to_others == []
