"""News articles in, a knowledge base in RDF out.

The names listed here are the public ones. Each is imported when it is first used, so that ``import kb`` and
``kb --help`` cost nothing: spaCy, the model and the RDF libraries take seconds.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kb.articles import read
    from kb.build import export, extract
    from kb.checks import check
    from kb.errors import KbError
    from kb.model import Article, Extraction
    from kb.pipeline import load
    from kb.queries import ask, questions
    from kb.store import open_store

__all__ = [
    "Article",
    "Extraction",
    "KbError",
    "__version__",
    "ask",
    "check",
    "export",
    "extract",
    "load",
    "open_store",
    "questions",
    "read",
]

#: Public name → the module it lives in.
_HOME = {
    "Article": "kb.model",
    "Extraction": "kb.model",
    "KbError": "kb.errors",
    "ask": "kb.queries",
    "check": "kb.checks",
    "export": "kb.build",
    "extract": "kb.build",
    "load": "kb.pipeline",
    "open_store": "kb.store",
    "questions": "kb.queries",
    "read": "kb.articles",
}


def __getattr__(name: str) -> object:
    if name == "__version__":
        return version("newskb")
    if name not in _HOME:
        raise AttributeError(f"module 'kb' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
