"""``kb link explain``: which items a name may mean, how likely each is, and why."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.cli.terminal import say, show, width
from kb.errors import InputError, QueryError

if TYPE_CHECKING:
    from kb.linking import Explanation
    from kb.model import Article, Entity
    from kb.store import Answer

#: Candidates that are shown unless more are asked for.
SHOWN = 10
#: Characters of a name that are told again.
SHOWN_NAME = 60


def explain(
    name: Annotated[str, typer.Argument(metavar="NAME", help='A name as an article has it: "Deir al-Zour", "Assad".')],
    context: Annotated[
        str | None,
        typer.Option(
            metavar="ARTICLE", show_default=False, help="A file: its date, its countries and its words decide."
        ),
    ] = None,
    cls: Annotated[
        str | None,
        typer.Option(
            "--class", metavar="CLASS", show_default=False, help="Of what class the name is: Person, City, ArmedGroup …"
        ),
    ] = None,
    index: Annotated[
        Path | None, typer.Option(metavar="DIR", show_default=False, help="An index from kb link build, not ours.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Most candidates to show.")] = SHOWN,
    format: Annotated[
        str, typer.Option("-f", "--format", metavar="NAME", help="table, markdown, csv, tsv, json or xml.")
    ] = "table",
) -> None:
    """Which Wikidata items a name may mean, how likely the best is right, and why.

    Without an article nothing but the name decides, as for OpenRefine.
    """
    from kb import linking, store
    from kb.gazetteer import load_gazetteer

    _check_class(cls)
    gazetteer = load_gazetteer(index)
    article, entities = _read(context, index)
    entity = _entity(name, cls, entities)
    found = linking.explain(entity, entities, article, gazetteer=gazetteer)
    text = store.render(_table(found[:limit]), "text" if format == "table" else format, width=width())
    if not found:
        say(f"nothing known has the name {name[:SHOWN_NAME]!r}" + (f" and may be a {cls}" if cls else ""))
    if found or format != "table":
        show(text if text.endswith("\n") else text + "\n")


def _check_class(cls: str | None) -> None:
    from kb.linking.classes import aligned
    from kb.linking.disambiguation import GENERIC

    known = sorted({*aligned(), *GENERIC})
    if cls is not None and cls not in known:
        raise QueryError(f'no class of entities "{cls[:SHOWN_NAME]}"', hint=f"write one of {', '.join(known)}")


def _read(context: str | None, index: Path | None) -> "tuple[Article, Sequence[Entity]]":
    """The article with the entities that are read in it."""
    from kb import articles, build
    from kb.model import Article

    if context is None:
        return Article(name="", title=None, body=""), ()
    found = list(articles.read([context]))
    if len(found) != 1:
        raise InputError(f"{len(found)} articles", where=context, hint="name a file with one")
    (extraction,) = build.extract(found, index=index)
    return extraction.article, extraction.entities


def _entity(name: str, cls: str | None, entities: "Sequence[Entity]") -> "Entity":
    """The entity of the article with that name; else one that has the name and nothing else."""
    from dataclasses import replace

    from kb.gazetteer import key
    from kb.linking.disambiguation import ANYTHING
    from kb.model import Entity

    for entity in entities:
        if key(name) in {key(known) for known in (entity.label, *entity.names)}:
            return replace(entity, cls=cls or entity.cls)
    return Entity(key="", cls=cls or ANYTHING, label=name, names=(), mentions=())


def _table(found: "Sequence[Explanation]") -> "Answer":
    from pyoxigraph import Literal, NamedNode

    from kb.store import Table

    rows = tuple(
        (
            NamedNode(f"http://www.wikidata.org/entity/{e.candidate.item.qid}"),
            Literal(e.candidate.item.label),
            Literal(e.candidate.item.cls),
            Literal(e.candidate.item.description),
            Literal(f"{e.chance:.2f}"),
            Literal(e.verdict),
            Literal("; ".join(e.why)),
        )
        for e in found
    )
    return Table(("item", "label", "class", "description", "probability", "verdict", "why"), rows)
