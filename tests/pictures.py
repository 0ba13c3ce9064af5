"""``python -m tests.pictures``: draw the ontology and a small graph of the seeds, ``ontology/*.dot`` and ``*.svg``.

What is drawn is read from ``ontology/newskb.ttl`` and from an export of the seeds; chosen here is only which classes have
a box of their own, and of which event the neighbours are shown. Needs graphviz' ``dot`` for the SVG.
"""

import html
import shutil
import subprocess
import tempfile
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pyoxigraph import NamedNode, QuerySolutions, Store
from pyoxigraph import parse as parse_rdf

from kb import resources
from kb.resources import Entry, entries
from kb.terms import PREFIXES, shrink

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "ontology"
NAMES = ("classes", "example")
#: Classes with a box of their own; every other is a row in the box of the class that it is a kind of.
BOXES = (
    "Agent",
    "Person",
    "Organization",
    "Place",
    "Event",
    "MilitaryAction",
    "Agreement",
    "Statement",
    "Position",
    "Participant",
    "Article",
)
#: Kinds of classes by colour, also of what is derived from them.
COLOURS = {
    "Agent": "#dbeafe",
    "Place": "#dcfce7",
    "Event": "#fee2e2",
    "Statement": "#fef3c7",
    "Position": "#f3e8ff",
    "Participant": "#e5e7eb",
    "Article": "#ffffff",
}
FONT = "Helvetica"
HEAD = f"""\
  graph [fontname="{FONT}", bgcolor="white", pad=0.3];
  node [fontname="{FONT}", fontsize=15, shape=plain];
  edge [fontname="{FONT}", fontsize=13, color="#475569", fontcolor="#1e293b", arrowsize=0.8];"""
CLASS = "http://www.w3.org/2002/07/owl#Class"
OBJECT = "http://www.w3.org/2002/07/owl#ObjectProperty"
VALUE = "http://www.w3.org/2002/07/owl#DatatypeProperty"
TYPE = "http://www.w3.org/1999/02/22-rdf-syntax-ns#type"
COMMENT = "http://www.w3.org/2000/01/rdf-schema#comment"
ABOVE = "http://www.w3.org/2000/01/rdf-schema#subClassOf"
DOMAIN, RANGE = "https://schema.org/domainIncludes", "https://schema.org/rangeIncludes"
#: Properties that only sum up others that are drawn.
SUMS = ("participant", "formerOrPresentPostIn")
#: Boxes that stand alone or nearly so and show what the ontology says of them.
EXPLAINED = ("Participant", "Article")
#: Boxes side by side.
ROWS = ("  {rank=same; Place; Person; Organization;}", "  {rank=same; Statement; Article;}")
#: Classes whose members are a few individuals: drawn as values.
VALUES = ("Factuality", "AgreementStatus", "Attitude")


# The ontology ---------------------------------------------------------------------------------------------------------


class Drawing:
    """The classes and properties of the ontology as boxes and arrows."""

    def __init__(self, known: Iterable[Entry]) -> None:
        self.known = {entry.id: entry for entry in known if ":" not in entry.id}
        self.classes = {
            name: entry.all(ABOVE)
            for name, entry in self.known.items()
            if CLASS in entry.all(TYPE) and name not in VALUES
        }

    def dot(self) -> str:
        """The drawing in graphviz' language."""
        boxes = [f"  {name} [label=<{self.box(name)}>];" for name in BOXES]
        return _digraph("rankdir=TB, nodesep=0.6, ranksep=0.6", [*boxes, *ROWS, *self.kinds(), *self.arrows()])

    def box(self, name: str) -> str:
        rows = [_row(f"<b>{name}</b>"), *(_row(kind, "#ffffff") for kind in self.rows(name))]
        values = [_row(f"<i>{text}</i>", "#ffffff") for text in self.values(name)]
        told = [_row(_wrapped(self.known[name].one(COMMENT), 44), "#ffffff")] if name in EXPLAINED else []
        return _table([*rows, *values, *told], self.colour(name))

    def rows(self, name: str) -> list[str]:
        """The classes that have no box of their own, in the box of one that they are a kind of."""
        return [kind for kind, above in self.classes.items() if kind not in BOXES and name in _boxed(above)]

    def values(self, name: str) -> Iterator[str]:
        """The properties of a class whose values are no resources, with what they may be."""
        for term, entry in self.known.items():
            if name not in entry.all(DOMAIN):
                continue
            if VALUE in entry.all(TYPE):
                yield f"{term}: {_one_of(entry.all(RANGE))}"
            elif set(entry.all(RANGE)) & set(VALUES):
                members = self.members(entry.one(RANGE))
                yield f"{term}: " + "<br/>".join(textwrap.wrap(" | ".join(members), 34))

    def members(self, name: str) -> list[str]:
        return [term for term, entry in self.known.items() if name in entry.all(TYPE)]

    def colour(self, name: str) -> str:
        found = [COLOURS[name]] if name in COLOURS else [self.colour(above) for above in self.classes[name]]
        return found[0]

    def kinds(self) -> Iterator[str]:
        for name in BOXES:
            for above in self.classes[name]:
                yield f"  {above} -> {name} [dir=back, arrowtail=empty, arrowsize=1.2, weight=8];"

    def arrows(self) -> Iterator[str]:
        """One arrow for all properties between two boxes; what may be described stands in the box Participant."""
        between: dict[tuple[str, str], list[str]] = {}
        for term, entry in self.known.items():
            if OBJECT in entry.all(TYPE) and term not in SUMS:
                for pair in self.pairs(entry):
                    between.setdefault(pair, []).append(term)
        for (begin, end), terms in between.items():
            yield f'  {begin} -> {end} [label=" {_lines(terms)} ", fontsize=13];'

    def pairs(self, entry: Entry) -> Iterator[tuple[str, str]]:
        """From and to which boxes a property leads, the narrowest left out where a wider one is named too."""
        begins = [name for name in entry.all(DOMAIN) if name in BOXES and name != "Participant"]
        ends = [name for name in entry.all(RANGE) if name in BOXES]
        ends = [name for name in ends if name != "Participant" or len(entry.all(RANGE)) == 1]
        yield from ((begin, end) for begin in begins for end in ends)


def _digraph(layout: str, lines: Iterable[str]) -> str:
    return "\n".join(["digraph {", HEAD, f"  graph [{layout}];", *lines, "}"]) + "\n"


def _boxed(above: Sequence[str]) -> list[str]:
    return [name for name in above if name in BOXES]


def _one_of(ranges: Sequence[str]) -> str:
    return " | ".join((shrink(iri) or iri).removeprefix("xsd:") for iri in ranges)


def _lines(terms: Sequence[str]) -> str:
    return " \\n ".join(terms)


def _row(text: str, colour: str = "") -> str:
    fill = f' bgcolor="{colour}"' if colour else ""
    return f'<tr><td align="left" balign="left"{fill}>{text}</td></tr>'


def _table(rows: Iterable[str], colour: str) -> str:
    look = f'border="1" cellborder="0" cellspacing="0" cellpadding="4" color="#64748b" bgcolor="{colour}"'
    return f"<table {look}>{''.join(rows)}</table>"


# A small graph --------------------------------------------------------------------------------------------------------

#: The event whose neighbours are shown.
EVENT = "SELECT ?event { ?event a kb:EvacuationAgreement ; kb:mediator ?mediator } ORDER BY ?event LIMIT 1"
ROLES = """SELECT ?property ?filler { VALUES ?property { kb:party kb:mediator kb:place kb:agent kb:target }
  $event ?property ?filler } ORDER BY ?property ?filler"""
ABOUT = """SELECT ?label (SAMPLE(?known) AS ?item) (GROUP_CONCAT(DISTINCT STR(?type)) AS ?types) { $thing a ?type ; rdfs:label ?label
  OPTIONAL { $thing owl:sameAs ?known } } GROUP BY ?label ORDER BY ?label LIMIT 1"""
VALUES_OF = """SELECT ?property ?value { VALUES ?property { kb:status kb:factuality kb:date kb:confidence kb:rule }
  $event ?property ?value } ORDER BY ?property ?value"""
EVIDENCE = """SELECT ?quote ?text ?headline { $event prov:wasQuotedFrom ?quote . ?quote nif:anchorOf ?text ;
  nif:referenceContext ?article . ?article schema:headline ?headline } ORDER BY ?quote LIMIT 1"""
AMONG = """SELECT ?one ?property ?other { VALUES ?property { kb:supports kb:fights kb:leaderOf kb:memberOf }
  ?one ?property ?other . FILTER(?one IN ($things) && ?other IN ($things) && (?property != kb:fights || STR(?one) < STR(?other)))
} ORDER BY ?one ?property ?other"""
BEYOND = """SELECT ?person ?body { ?person kb:leaderOf ?body . FILTER(?body IN ($things)) . FILTER(ISIRI(?person)) }
ORDER BY ?body ?person"""


class Example:
    """An event of a knowledge base, those who take part in it, and its evidence."""

    def __init__(self, file: Path) -> None:
        self.store = Store()
        self.store.extend(parse_rdf(path=str(file)))
        self.classes = Drawing(entries([FOLDER / "newskb.ttl"]))

    def ask(self, query: str, **given: str) -> list[tuple[str, ...]]:
        """The rows of an answer as texts."""
        for name, text in given.items():
            query = query.replace(f"${name}", text)
        found = self.store.query(query, prefixes=dict(PREFIXES), use_default_graph_as_union=True)
        assert isinstance(found, QuerySolutions)
        return [tuple(cell.value if cell is not None else "" for cell in row) for row in found]

    def dot(self) -> str:
        """The drawing in graphviz' language."""
        event = self.ask(EVENT)[0][0]
        roles = [(name, filler) for name, filler in self.ask(ROLES, event=f"<{event}>")]
        things = ", ".join(str(NamedNode(iri)) for iri in dict.fromkeys(filler for _, filler in roles))
        links = [
            *((event, name, filler) for name, filler in roles),
            *self.ask(AMONG, things=things),
            *((one, "leaderOf", other) for one, other in self.ask(BEYOND, things=things)),
        ]
        nodes = dict.fromkeys(node for one, _, other in links for node in (one, other))
        return _digraph(
            "rankdir=LR, nodesep=0.35, ranksep=1.2", [*map(self.node, nodes), *self.evidence(event), *_links(links)]
        )

    def node(self, iri: str) -> str:
        (label, item, types), *_ = self.ask(ABOUT, thing=f"<{iri}>")
        kinds = [name for kind in types.split() if (name := resources.term(kind)) in self.classes.known]
        kind = max(kinds, key=lambda name: int(self.classes.known[name].one("http://www.w3.org/ns/shacl#order")))
        rows = [_row(f"<b>{_wrapped(label, 26)}</b>"), _row(f"<i>a kb:{kind}</i>")]
        rows += [_row(f"owl:sameAs {shrink(item)}", "#ffffff")] if item else []
        rows += [_row(f"{shrink(name)} {_short(value)}", "#ffffff") for name, value in self.values(kind, iri)]
        return f'  "{_name(iri)}" [label=<{_table(rows, self.classes.colour(self.boxed(kind)))}>];'

    def boxed(self, kind: str) -> str:
        return kind if kind in BOXES or kind in COLOURS else next(iter(self.classes.classes[kind]))

    def values(self, kind: str, iri: str) -> list[tuple[str, ...]]:
        boxed = self.boxed(kind)
        return self.ask(VALUES_OF, event=f"<{iri}>") if boxed in {"Event", "Agreement", "MilitaryAction"} else []

    def evidence(self, event: str) -> Iterator[str]:
        (quote, text, headline), *_ = self.ask(EVIDENCE, event=f"<{event}>")
        place = quote.partition("#")[2]
        rows = [_row(f"<b>#{place}</b>"), _row("<i>a nif:Sentence</i>"), _row(_wrapped(f"“{text}”", 44), "#ffffff")]
        yield f'  "quote" [label=<{_table(rows, COLOURS["Statement"])}>];'
        rows = [_row(f"<b>{_wrapped(headline, 34)}</b>"), _row("<i>a kb:Article</i>")]
        yield f'  "article" [label=<{_table(rows, COLOURS["Article"])}>];'
        yield f'  "{_name(event)}" -> "quote" [label=" prov:wasQuotedFrom "];'
        yield '  "quote" -> "article" [label=" nif:referenceContext "];'


def _links(links: Sequence[tuple[str, ...]]) -> Iterator[str]:
    between: dict[tuple[str, str], list[str]] = {}
    for one, name, other in links:
        term = shrink(name) or f"kb:{name}"
        known = between.setdefault((one, other), [])
        known += [term] if term not in known else []
    for (one, other), terms in between.items():
        yield f'  "{_name(one)}" -> "{_name(other)}" [label=" {_lines(terms)} "];'


def _name(iri: str) -> str:
    return iri.rpartition("/id/")[2]


def _short(value: str) -> str:
    return html.escape(shrink(value) or value)


def _wrapped(text: str, width: int) -> str:
    return "<br/>".join(html.escape(line) for line in textwrap.wrap(text, width))


# Files ----------------------------------------------------------------------------------------------------------------


def drawings(seeds: Path) -> Mapping[str, str]:
    """Each picture in graphviz' language; ``seeds`` is an export of the seed articles."""
    return {"classes": Drawing(entries([FOLDER / "newskb.ttl"])).dot(), "example": Example(seeds).dot()}


def svg(dot: str) -> bytes:
    """A picture as SVG."""
    command = [shutil.which("dot") or "dot", "-Tsvg"]
    return subprocess.run(command, input=dot.encode(), stdout=subprocess.PIPE, check=True).stdout


def main() -> None:
    """Draw the pictures."""
    from kb import build

    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder, "kb.nq")
        build.export_file(build.each([ROOT / "seeds"]), seeds, build.Options())
        drawn = drawings(seeds)
    for name, dot in drawn.items():
        (FOLDER / f"{name}.dot").write_text(dot, encoding="utf-8")
        (FOLDER / f"{name}.svg").write_bytes(svg(dot))


if __name__ == "__main__":
    main()
