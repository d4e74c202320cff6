"""``finhouse api``: the KPI API, and the keys to it."""

from __future__ import annotations

import click

from finhouse.api.keys import READ_KPI, SCOPES, KeyRing
from finhouse.api.openapi import snapshot_path, snapshot_text
from finhouse.api.serving import LOOPBACK, PREFERRED_PORT, ApiServer, Serving, run_api
from finhouse.cli.status import say_whether_running
from finhouse.console import console, print_table, step
from finhouse.settings import PROJECT_ROOT, Settings


@click.group()
def api() -> None:
    """Serve the published KPIs to programs (`make api`)."""


_require_key = click.option(
    "--require-key", is_flag=True, help="Ask for a key on this machine, too."
)


@api.command("start")
@_require_key
@click.pass_obj
def api_start(settings: Settings, require_key: bool) -> None:
    """Start the API in the background, for this machine alone; say where it is."""
    with step("KPI API"):
        server = ApiServer(settings)
        url = server.serve(require_key=require_key)
    console.print(f"{url} reads what {settings.target} has published.", markup=False)
    console.print(
        f"Next: curl {url}/scorecard; `make api-stop` ends it.\nLog: {server.log_file}",
        markup=False,
    )


@api.command("run")
@click.option("--host", default=LOOPBACK, show_default=True, help="Others than loopback need keys.")
@click.option("--port", default=PREFERRED_PORT, show_default=True, type=click.IntRange(1, 65535))
@_require_key
@click.option(
    "--per-second",
    default=Serving.per_second,
    show_default=True,
    type=click.IntRange(min=1),
    help="Requests a second of one key.",
)
@click.pass_obj
def api_run(settings: Settings, host: str, port: int, require_key: bool, per_second: int) -> None:
    """Serve the API until it is stopped, for a container or a service manager."""
    run_api(settings, Serving(host, port, require_key, per_second))


@api.command("stop")
@click.pass_obj
def api_stop(settings: Settings) -> None:
    """Stop the API that `start` has started."""
    ApiServer(settings).stop()
    console.print("API stopped")


@api.command("status")
@click.pass_obj
def api_status(settings: Settings) -> None:
    """Say whether it runs."""
    say_whether_running(ApiServer(settings).is_running())


@api.command("openapi")
def api_openapi() -> None:
    """Write docs/reference/openapi.json, the description of the API that programs are made from."""
    path = snapshot_path(PROJECT_ROOT)
    path.write_text(snapshot_text(), encoding="utf-8")
    console.print(f"{path} written; commit it")


@api.group()
def keys() -> None:
    """Make, list and revoke API keys."""


@keys.command("add")
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    default=(READ_KPI,),
    show_default=True,
    type=click.Choice(SCOPES),
    help="What the key may do; repeat it for several.",
)
@click.pass_obj
def keys_add(settings: Settings, name: str, scopes: tuple[str, ...]) -> None:
    """Make a key and print it: it is shown this once."""
    click.echo(KeyRing(settings.api_home).add(name, scopes))
    click.echo("Keep it: it cannot be shown again.", err=True)


@keys.command("list")
@click.pass_obj
def keys_list(settings: Settings) -> None:
    """List the keys, without their secrets."""
    print_table(
        "API keys",
        ["id", "name", "scopes", "created"],
        [
            (key.id, key.name, ", ".join(key.scopes), key.created_at)
            for key in KeyRing(settings.api_home).all()
        ],
    )


@keys.command("revoke")
@click.argument("name")
@click.pass_obj
def keys_revoke(settings: Settings, name: str) -> None:
    """Remove a key, by its name or id; a running API refuses it at once."""
    KeyRing(settings.api_home).revoke(name)
    console.print(f"{name} revoked", markup=False)
