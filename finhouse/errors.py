"""Errors that reach a user: each names the thing, the offending value and the remedy."""


class FinhouseError(Exception):
    """Base of every error the CLI reports without a traceback.

    Args:
        message: what is wrong, naming the thing and the offending value.
        remedy: what the reader can do about it, in one sentence.
    """

    exit_code = 1

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}\n  Remedy: {self.remedy}" if self.remedy else self.message


class ConfigurationError(FinhouseError):
    """A setting, argument or declarative file is wrong (exit code 2)."""

    exit_code = 2


class SourceError(FinhouseError):
    """A source system or source file cannot be read as declared (exit code 3)."""

    exit_code = 3


class SchemaDriftError(SourceError):
    """A source table changed in a way that cannot be loaded safely (exit code 3)."""


class WarehouseError(FinhouseError):
    """The warehouse cannot be opened, written or read (exit code 4)."""

    exit_code = 4


class TransformError(FinhouseError):
    """dbt failed: a model, a test or the project itself (exit code 5)."""

    exit_code = 5


class NodesFailedError(TransformError):
    """dbt ran, and models or tests failed: the same input would fail again (exit code 5)."""


class PublishError(FinhouseError):
    """A tested build could not be handed to readers (exit code 6)."""

    exit_code = 6


class ReconciliationError(FinhouseError):
    """Raw rows differ from the source's (exit code 7)."""

    exit_code = 7


class ParityError(FinhouseError):
    """Two engines made different marts of the same input (exit code 9)."""

    exit_code = 9


class ServiceError(FinhouseError):
    """A server of the project does not come up, does not answer, or reports a failure (exit 8)."""

    exit_code = 8


class GateError(FinhouseError):
    """A change must not be merged as it stands (exit code 9)."""

    exit_code = 9
