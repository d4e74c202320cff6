"""Bring Superset's metadata to the state a bundle describes; runs inside Superset's environment.

``python bootstrap.py <report.json> < <bundle.json>``. The bundle holds the assets (path -> text),
which dashboards there are, and the users with their passwords in it.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

import viewer_guard  # noqa: F401  (fails early when the search path is wrong)
import yaml
from superset.app import create_app
from superset.utils import json

# What opening a dashboard needs, and no more: no data permission, no menu beside dashboards.
VIEWER_PERMISSIONS = {
    ("can_read", "Dashboard"),
    ("can_read", "Chart"),
    ("can_dashboard", "Superset"),
    ("can_dashboard_permalink", "Superset"),
    # Download what a chart shows; the guard makes that query, too.
    ("can_csv", "Superset"),
    ("can_read", "DashboardPermalinkRestApi"),
    ("can_write", "DashboardPermalinkRestApi"),
    ("can_read", "DashboardFilterStateRestApi"),
    ("can_write", "DashboardFilterStateRestApi"),
    ("can_time_range", "Api"),
    # The token without which every change is refused, whoever asks.
    ("can_read", "SecurityRestApi"),
    # The browser reports what it opened; without it each page ends in an error.
    ("can_log", "Superset"),
    ("can_recent_activity", "Log"),
    ("can_read", "CssTemplate"),
    ("can_read", "Theme"),
    ("can_read", "CurrentUserRestApi"),
    ("can_read", "user"),
    ("can_userinfo", "UserDBModelView"),
    ("resetmypassword", "UserDBModelView"),
    ("menu_access", "Dashboards"),
}


def main(report_path: str) -> None:
    """Bring users, roles and assets up to date; write what was imported and removed."""
    bundle = json.loads(sys.stdin.read())
    app = create_app()
    with app.app_context():
        if bundle["initialise"]:
            _initialise_metadata()
        from superset.extensions import db

        # A shared role keeps its id: users and dashboards refer to it.
        users = _ensure_users(bundle["users"])
        report = _import_assets(bundle["assets"], users["admin"])
        _set_permissions(bundle["database_uuid"])
        _open_dashboards(bundle["viewable_by"])
        _present_dashboards(bundle["dashboards"])
        db.session.commit()
    Path(report_path).write_text(json.dumps(report))


def _initialise_metadata() -> None:
    """Create or migrate the metadata tables and Superset's own roles."""
    import superset
    from flask_migrate import upgrade
    from superset import appbuilder, security_manager

    upgrade(directory=str(Path(superset.__file__).parent / "migrations"))
    appbuilder.add_permissions(update_perms=True)
    security_manager.sync_role_definitions()


def _ensure_users(users: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Create each user, or set its role and password to what they should be."""
    from superset import security_manager
    from superset.extensions import db
    from werkzeug.security import check_password_hash, generate_password_hash

    found = {}
    for name, wanted in users.items():
        role = security_manager.add_role(wanted["role"])
        user = security_manager.find_user(username=name)
        if user is None:
            user = security_manager.add_user(
                name, name.capitalize(), "finhouse", f"{name}@localhost", role, wanted["password"]
            )
        if not check_password_hash(user.password, wanted["password"]):
            user.password = generate_password_hash(wanted["password"])
        user.roles = [role]
        found[name] = user
    db.session.commit()
    return found


def _import_assets(assets: dict[str, str], owner: Any) -> dict[str, Any]:
    """Import everything, overwriting; then remove what is not in the assets any more."""
    from superset.commands.importers.v1.assets import ImportAssetsCommand
    from superset.connectors.sqla.models import SqlaTable
    from superset.extensions import db
    from superset.models.core import Database
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice
    from superset.utils.core import override_user

    kinds = {
        "dashboards": (Dashboard, "dashboard_title"),
        "charts": (Slice, "slice_name"),
        "datasets": (SqlaTable, "table_name"),
        "databases": (Database, "database_name"),
    }
    with override_user(owner):
        ImportAssetsCommand(assets).run()
        wanted = {
            str(yaml.safe_load(text)["uuid"])
            for path, text in assets.items()
            if path != "metadata.yaml"
        }
        removed: dict[str, list[str]] = {}
        for kind, (model, title) in kinds.items():
            for thing in db.session.query(model).all():
                if str(thing.uuid) not in wanted and _is_ours(thing):
                    removed.setdefault(kind, []).append(str(getattr(thing, title)))
                    db.session.delete(thing)
            db.session.flush()
        db.session.commit()
    return {
        "imported": {kind: sum(path.startswith(f"{kind}/") for path in assets) for kind in kinds},
        "removed": removed,
        "dashboards": {
            dashboard.slug: dashboard.id for dashboard in db.session.query(Dashboard).all()
        },
        "charts": {str(chart.uuid): chart.id for chart in db.session.query(Slice).all()},
    }


def _is_ours(thing: Any) -> bool:
    """Whether the code made it: what an analyst made in the browser stays."""
    return bool(getattr(thing, "is_managed_externally", False))


def _set_permissions(database_uuid: str) -> None:
    """Give the roles exactly their permissions."""
    from superset import security_manager
    from superset.extensions import db
    from superset.models.core import Database

    every = security_manager._get_all_pvms()
    database = db.session.query(Database).filter_by(uuid=database_uuid).one()

    def of_viewer(permission: Any) -> bool:
        return (permission.permission.name, permission.view_menu.name) in VIEWER_PERMISSIONS

    def of_analyst(permission: Any) -> bool:
        return (
            security_manager._is_gamma_pvm(permission)
            or security_manager._is_sql_lab_pvm(permission)
            or (
                permission.permission.name == "database_access"
                and permission.view_menu.name == database.perm
            )
        )

    security_manager.set_role("viewer", of_viewer, every)
    security_manager.set_role("analyst", of_analyst, every)
    db.session.commit()


def _open_dashboards(viewable_by: list[str]) -> None:
    """Let these roles open every dashboard of the code."""
    from superset import security_manager
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    roles = [security_manager.find_role(name) for name in viewable_by]
    for dashboard in db.session.query(Dashboard).all():
        if _is_ours(dashboard):
            dashboard.roles = roles
            dashboard.published = True


def _present_dashboards(dashboards: list[dict[str, str]]) -> None:
    """Show each dashboard's owner, and list them in the order they are given.

    Superset lists what was changed last first. An owner is an account that nobody can log in to.
    """
    from superset.extensions import db
    from superset.models.dashboard import Dashboard

    now = datetime.now().replace(microsecond=0)
    for place, wanted in enumerate(dashboards):
        dashboard = db.session.query(Dashboard).filter_by(slug=wanted["slug"]).one()
        owner = _owner(wanted["owner"])
        dashboard.owners, dashboard.created_by = [owner], owner
        dashboard.changed_on = now - timedelta(seconds=place)


def _owner(name: str) -> Any:
    from superset import security_manager

    account = f"owner {name}"
    user = security_manager.find_user(username=account)
    if user is None:
        address = f"{name.lower().replace(' ', '.')}@owners.localhost"
        user = security_manager.add_user(account, name, "", address, [], token_urlsafe())
    user.active = False
    return user


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING)
    main(sys.argv[1])
