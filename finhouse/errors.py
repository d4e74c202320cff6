"""Errors that reach a user: each names the thing, the offending value and the remedy.

What a command ends with:

     0  done
     1  a bug of ours, shown as a traceback, or the user's own interruption
     2  ConfigurationError: a setting, an argument or a declarative file is wrong
     3  SourceError: a source cannot be read as declared, or is late
     4  WarehouseError: the warehouse cannot be opened, written or read
     5  TransformError: the dbt project does not hold: a model, a test, its documentation
     6  PublishError: a tested build could not be handed to readers
     7  ReconciliationError: raw rows differ from the source's
     8  ServiceError: a server of the project does not run, does not answer or reports a failure
     9  GateError: a change must not be merged
    10  ComparisonError: marts differ from what they are compared with
    11  AuditError: the audit trail of a source does not hold

`finhouse dbt` and `finhouse airflow cli` end with whatever dbt and Airflow end with.
"""


class FinhouseError(Exception):
    """Base of every error the CLI reports without a traceback; raise one of its kinds.

    Args:
        message: what is wrong, naming the thing and the offending value.
        remedy: what the reader can do about it, in one sentence.

    Attributes:
        exit_code: of the command that it ends; one a kind.
    """

    exit_code: int

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  Remedy: {self.remedy}" if self.remedy else self.message


class ConfigurationError(FinhouseError):
    """A setting, argument or declarative file is wrong; click ends so on wrong usage, too."""

    exit_code = 2


class SourceError(FinhouseError):
    """A source system or source file cannot be read as declared, or is late."""

    exit_code = 3


class SchemaDriftError(SourceError):
    """A source table changed in a way that cannot be loaded safely."""


class WarehouseError(FinhouseError):
    """The warehouse cannot be opened, written or read, or lacks what is asked of it."""

    exit_code = 4


class TransformError(FinhouseError):
    """The dbt project does not hold: a model, a test, its documentation, or dbt itself failed."""

    exit_code = 5


class NodesFailedError(TransformError):
    """dbt ran, and models or tests failed: the same input would fail again."""


class PublishError(FinhouseError):
    """A tested build could not be handed to readers."""

    exit_code = 6


class ReconciliationError(FinhouseError):
    """Raw rows differ from the source's."""

    exit_code = 7


class ServiceError(FinhouseError):
    """A server of the project does not run, does not answer, or reports a failure."""

    exit_code = 8


class GateError(FinhouseError):
    """A change must not be merged as it stands."""

    exit_code = 9


class ComparisonError(FinhouseError):
    """Marts differ from what they are compared with: another engine's, or reference figures."""

    exit_code = 10


class AuditError(FinhouseError):
    """The audit trail of a source does not hold: an event is missing or changed, or a status is."""

    exit_code = 11
