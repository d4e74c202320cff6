"""dbt, as its own program starts it, but for work that a build does by the thousand for nothing.

It is run by path, by the Python of the environment that has the target's dbt, and takes dbt's own
arguments. What dbt builds, says and writes is the same.

What has lived through a collection of garbage is not looked through again: a project is read into
millions of objects, which live until dbt ends. To look for cycles among them time and again takes
6 % of a build, and finds next to none.
"""

import gc
from collections.abc import Mapping
from typing import Any

gc.set_threshold(50_000, 1_000, 1_000)

from dbt.cli.main import cli  # noqa: E402
from dbt.version import __version__  # noqa: E402

# Whose inner loops were read; another dbt keeps its own.
READ_IN = "1.11."


def pass_over_unheard_events() -> None:
    """Put together no debug event that no log takes; dbt writes each out, then drops it."""
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    class HeardEvents(EventManager):
        def fire_event(
            self, e: BaseEvent, level: EventLevel | None = None, *args: Any, **options: Any
        ) -> None:
            is_told = (level or e.level_tag()) is not EventLevel.DEBUG
            if is_told or any(logger.level is EventLevel.DEBUG for logger in self.loggers):
                super().fire_event(e, level, *args, **options)

    ctx_set_event_manager(HeardEvents())


def bind_macros_by_package() -> None:
    """Bind macros to a context package by package.

    dbt does it macro by macro, 660 of them several times a node, and looks each one up in five
    places to list them.
    """
    from dbt.clients.jinja import MacroGenerator
    from dbt.context.configured import ConfiguredContext
    from dbt.context.macro_resolver import TestMacroNamespace
    from dbt.context.macros import MacroNamespace, MacroNamespaceBuilder
    from dbt.context.manifest import ManifestContext

    def build_namespace(
        self: MacroNamespaceBuilder,
        macros_by_package: Mapping[str, Mapping[str, Any]],
        ctx: dict[str, Any],
    ) -> MacroNamespace:
        node, stack = self.node, self.thread_ctx
        bound = {
            package: {
                name: MacroGenerator(macro, ctx, node, stack) for name, macro in macros.items()
            }
            for package, macros in macros_by_package.items()
        }
        internal: dict[str, MacroGenerator] = {}
        for package in reversed(self.internal_package_names_order):
            internal.update(bound.get(package, {}))
        packages = {
            package: macros
            for package, macros in bound.items()
            if package not in self.internal_package_names
        }
        root = packages.get(self.root_package, {})
        return MacroNamespace(
            global_namespace={} if self.search_package == self.root_package else root,
            local_namespace=packages.get(self.search_package, {}),
            global_project_namespace=internal,
            packages=packages,
        )

    def to_dict(self: ManifestContext) -> dict[str, Any]:
        names = ConfiguredContext.to_dict(self)
        if isinstance(self.namespace, TestMacroNamespace):
            names.update(self.namespace.local_namespace)
            names.update(self.namespace.project_namespace)
        else:
            # The first place that has a name wins.
            for place in reversed(list(self.namespace._search_order())):
                names.update(place)
        return names

    MacroNamespaceBuilder.build_namespace = build_namespace
    ManifestContext.to_dict = to_dict


if __name__ == "__main__":
    if __version__.startswith(READ_IN):
        pass_over_unheard_events()
        bind_macros_by_package()
    cli(prog_name="dbt")
