"""dbt, as its own program starts it, but for work that a build does by the thousand for nothing.

It is run by path, by the Python of the environment that has the target's dbt, and takes dbt's own
arguments. What dbt builds, says and writes is the same.

What has lived through a collection of garbage is not looked through again: a project is read into
millions of objects, which live until dbt ends. To look for cycles among them time and again takes
6 % of a build, and finds next to none.
"""

import gc
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from pprint import pformat
from types import CodeType
from typing import Any

gc.set_threshold(50_000, 1_000, 1_000)

from dbt.cli.main import cli  # noqa: E402
from dbt.version import __version__  # noqa: E402

# Whose inner loops were read; another dbt keeps its own.
READ_IN = "1.11."
# Where to keep what was parsed, for all houses of a project; unset: dbt's own place, in each house.
PARSED = "FINHOUSE_PARSED"
# Variables that models write into their SQL when they run: what is parsed is the same.
OF_ONE_RUN = ("as_of_date", "build_started_at")
# Where a warehouse is, of what dbt knows of its connection: no model or macro asks for it.
PLACE = ("path", "host", "port")


def pass_over_unheard_events() -> None:
    """Put together no debug event that no log takes; dbt writes each out, then drops it.

    An event becomes the message that it is when somebody asks for a part of it.
    """
    from dbt_common.events.base_types import BaseEvent, EventLevel
    from dbt_common.events.event_manager import EventManager
    from dbt_common.events.event_manager_client import ctx_set_event_manager

    put_together = BaseEvent.__init__

    def keep_what_is_said(self: BaseEvent, *args: Any, **said: Any) -> None:
        object.__setattr__(self, "_said", (args, said))

    def part(self: BaseEvent, name: str) -> Any:
        if name != "pb_msg":
            return getattr(self.pb_msg, name)
        args, said = object.__getattribute__(self, "_said")
        put_together(self, *args, **said)
        return object.__getattribute__(self, "pb_msg")

    def set_part(self: BaseEvent, name: str, value: Any) -> None:
        if name == "pb_msg":
            object.__setattr__(self, name, value)
        else:
            setattr(self.pb_msg, name, value)

    BaseEvent.__init__ = keep_what_is_said
    BaseEvent.__getattr__ = part
    BaseEvent.__setattr__ = set_part

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

    class BoundMacro(MacroGenerator):
        """Made in one call, where the class it is of asks those above it in turn."""

        def __init__(self, macro: Any, context: Any, node: Any, stack: Any) -> None:
            self.macro, self.context, self.node, self.stack = macro, context, node, stack

    def build_namespace(
        self: MacroNamespaceBuilder,
        macros_by_package: Mapping[str, Mapping[str, Any]],
        ctx: dict[str, Any],
    ) -> MacroNamespace:
        node, stack = self.node, self.thread_ctx
        bound = {
            package: {name: BoundMacro(macro, ctx, node, stack) for name, macro in macros.items()}
            for package, macros in macros_by_package.items()
        }
        internal: dict[str, BoundMacro] = {}
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


def compile_templates_once() -> None:
    """Compile a text of Jinja once.

    A project says ``{{ doc('customer_id') }}`` of a hundred columns, and each test of a kind calls
    its macro in the same words; dbt compiles each of them anew.
    """
    from jinja2 import Environment, nodes

    compile_anew = Environment.compile
    compiled: dict[tuple[object, ...], CodeType] = {}

    def compile_once(
        self: Environment, source: str | nodes.Template, *args: Any, **options: Any
    ) -> Any:
        if args or options or not isinstance(source, str):
            return compile_anew(self, source, *args, **options)
        # What is compiled depends on the kind of environment alone: dbt gives all of a kind the
        # same extensions and filters.
        key = type(self), source
        if key not in compiled:
            compiled[key] = compile_anew(self, source)
        return compiled[key]

    Environment.compile = compile_once


def keep_type_testers() -> None:
    """Make what guesses the types of a result once for each set of columns.

    It brings a reader of dates in English along; dbt makes one for every statement.
    """
    from dbt_common.clients import agate_helper

    build = cache(agate_helper.build_type_tester)

    def build_type_tester(
        text_columns: Iterable[str], string_null_values: Iterable[str] | None = ("null", "")
    ) -> Any:
        return build(tuple(text_columns), string_null_values and tuple(string_null_values))

    agate_helper.build_type_tester = build_type_tester


def share_what_is_parsed(file: Path) -> None:
    """Let each house begin with what another has parsed of the same project.

    dbt parses everything anew where a variable or the address of the warehouse is another one. It
    still does for what can make a difference: other domains, another kind of warehouse, variables
    that are not of one run.
    """
    from dbt.artifacts.resources import FileHash
    from dbt.contracts.graph.manifest import ManifestStateCheck
    from dbt.parser.manifest import ManifestLoader, extended_mashumaro_encoder

    build_check = ManifestLoader.build_manifest_state_check
    write_in_house = ManifestLoader.write_manifest_for_partial_parse

    def lasting_variables(self: ManifestLoader) -> dict[str, Any]:
        variables = self.root_project.cli_vars
        return {name: value for name, value in variables.items() if name not in OF_ONE_RUN}

    def build_manifest_state_check(self: ManifestLoader) -> ManifestStateCheck:
        check: ManifestStateCheck = build_check(self)
        config = self.root_project
        asked = [getattr(config.args, name, None) for name in ("profile", "target")]
        connection = sorted(
            (name, str(value))
            for name, value in config.credentials.connection_info()
            if name not in PLACE
        )
        check.vars_hash = FileHash.from_contents(pformat([lasting_variables(self), asked]))
        check.profile_hash = FileHash.from_contents(pformat(connection))
        return check

    def write_manifest_for_partial_parse(self: ManifestLoader) -> None:
        # What is parsed with variables of its own is of no use to others.
        if lasting_variables(self):
            return
        incoming = file.with_name(f"{file.name}.{os.getpid()}")
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            incoming.write_bytes(self.manifest.to_msgpack(extended_mashumaro_encoder))
            incoming.replace(file)
        except OSError:
            # A project that may only be read, or a disk that is full.
            with suppress(OSError):
                incoming.unlink()
            write_in_house(self)

    ManifestLoader.build_manifest_state_check = build_manifest_state_check
    ManifestLoader.write_manifest_for_partial_parse = write_manifest_for_partial_parse
    if os.access(file, os.R_OK):
        os.environ.setdefault("DBT_PARTIAL_PARSE_FILE_PATH", str(file))


if __name__ == "__main__":
    if __version__.startswith(READ_IN):
        pass_over_unheard_events()
        compile_templates_once()
        keep_type_testers()
        bind_macros_by_package()
        if PARSED in os.environ:
            share_what_is_parsed(Path(os.environ[PARSED]))
    cli(prog_name="dbt")
