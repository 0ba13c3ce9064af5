"""Every error that newskb raises on purpose, one tree.

    KbError
    ├── InputError      an article, a file or a folder cannot be read
    ├── OutputError     a result cannot be written
    ├── OntologyError   an ontology or its lexicon is unreadable or inconsistent
    ├── QueryError      an unknown question, a bad parameter, SPARQL that does not parse
    └── ModelError      a language model is missing or does not fit

Each says what happened, where, and what to do, in one line. The command line prints that line and ends with exit code 2;
nothing else in the package prints. Foreign exceptions become one of these where they are met, with ``raise … from``.
"""


class KbError(Exception):
    """What happened, where, and what to do about it.

    Args:
        what: what went wrong, a short clause.
        where: the file, line or name it went wrong at; empty if there is none.
        hint: what the user can do.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(self.line())

    def line(self) -> str:
        """The error as one line without control characters."""
        parts = [f"{self.where}: {self.what}" if self.where else self.what, self.hint]
        text = "; ".join(part for part in parts if part)
        return "".join(c if c.isprintable() else " " for c in text)

    def __reduce__(self) -> tuple[object, ...]:
        """Keep all three parts when an error crosses a process boundary."""
        return _rebuild, (type(self), self.what, self.where, self.hint)


class InputError(KbError):
    """An article, a file or a folder cannot be read."""


class OutputError(KbError):
    """A result cannot be written."""


class OntologyError(KbError):
    """An ontology or its lexicon is unreadable or inconsistent."""


class QueryError(KbError):
    """An unknown question, a bad parameter, or SPARQL that does not parse."""


class ModelError(KbError):
    """A language model is missing or does not fit."""


def _rebuild(kind: type[KbError], what: str, where: str, hint: str) -> KbError:
    return kind(what, where=where, hint=hint)
