"""The component ``kb_mentions``: who and what the article names, each entity once with all its names.

Candidates come from :mod:`kb.pipeline.names`; here the best of those that overlap are chosen, found again wherever their
words recur, and merged by :mod:`kb.pipeline.clusters`. Writes ``doc.spans["entities"]`` (label: class, id: key) and
``doc._.kb_entities``; reads tags, the model's entities and ``doc._.kb_title_end``.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span

from kb.gazetteer import Gazetteer, load_gazetteer
from kb.pipeline.clusters import Cluster, Mention, clusters, label
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.names import COARSE, WORD, Name, Text, acronym, candidates

__all__ = ["Mentions", "choose", "extensions"]

#: Values that the components of the pipeline keep on a document, with their defaults.
_EXTENSIONS: dict[str, Any] = {"kb_published": "", "kb_title_end": 0, "kb_entities": None}


def extensions() -> None:
    """Declare what this component and its neighbours write on a document, unless it is declared."""
    for name, default in _EXTENSIONS.items():
        if not Doc.has_extension(name):
            Doc.set_extension(name, default=default)


extensions()


def choose(names: Iterable[Name]) -> list[Name]:
    """The names that stand: of those that overlap the one of higher rank, then the longer; and what nests in it.

    Returns:
        one name for each chosen span, in text order.
    """
    chosen: dict[tuple[int, int], Name] = {}
    for name in sorted(names, key=lambda n: (-n.rank, n.begin - n.end, n.begin, -n.weight, n.rule)):
        over = [c for c in chosen.values() if c.begin < name.end and name.begin < c.end]
        if name.rank >= WORD and all(_nests(name, outer) for outer in over):
            chosen.setdefault((name.begin, name.end), name)
    return sorted(chosen.values(), key=lambda n: (n.begin, -n.end))


def _nests(inner: Name, outer: Name) -> bool:
    """Whether a name within another is a mention of its own; in an event's name the model alone does not say so."""
    within = outer.begin <= inner.begin and inner.end <= outer.end and (inner.begin, inner.end) != (outer.begin, outer.end)
    return within and outer.nests and not (outer.cls == "Event" and inner.rule == "model")


class Mentions:
    """Finds the entities of a document.

    Args:
        lexicon: how names are built.
        gazetteer: names of the world.
    """

    def __init__(self, lexicon: Lexicon, gazetteer: Gazetteer) -> None:
        self.lexicon, self.gazetteer = lexicon, gazetteer

    def __call__(self, doc: Doc) -> Doc:
        """Write the entities of a document on it."""
        write(doc, self.find(doc))
        return doc

    def find(self, doc: Doc) -> list[Cluster]:
        """The entities of a document, in the order of their first mention."""
        text = Text(doc, self.lexicon, self.gazetteer)
        names = candidates(text)
        mentions = [_mention(text, name, names) for name in choose(names) if name.cls in COARSE]
        closed = [(n.begin, n.end) for n in choose(names) if n.cls not in COARSE and not n.nests]
        mentions += _again(text, mentions, closed)
        mentions += _in_brackets(text, mentions)
        return clusters(sorted(mentions, key=lambda m: (m.begin, m.end)), self.lexicon, self.gazetteer)


def _mention(text: Text, name: Name, names: Iterable[Name]) -> Mention:
    same = [n for n in names if (n.begin, n.end) == (name.begin, name.end) and n.cls in COARSE]
    bare = text.slice(*name.bare) if name.bare else ""
    votes = [(n.cls, n.weight, n.rule) for n in same]
    return Mention(name.begin, name.end, text.slice(name.begin, name.end), votes, {n.sense for n in same} - {""}, bare)


def _again(text: Text, mentions: Sequence[Mention], closed: Iterable[tuple[int, int]]) -> list[Mention]:
    """The same words elsewhere, where no mention is yet."""
    taken = {i for m in mentions for i in range(m.begin, m.end)} | {i for b, e in closed for i in range(b, e)}
    matcher = PhraseMatcher(text.doc.vocab)
    words = {m.words for m in mentions} | {m.bare for m in mentions if m.bare}
    matcher.add("name", [_tokens(text.doc, w) for w in sorted(words)])
    found: list[Mention] = []
    for _, begin, end in sorted(matcher(text.doc), key=lambda m: (m[1] - m[2], m[1])):
        if not taken & set(range(begin, end)):
            taken |= set(range(begin, end))
            found.append(Mention(begin, end, text.slice(begin, end), []))
    return found


def _tokens(doc: Doc, words: str) -> Doc:
    begin = doc.text.find(words)
    span = doc.char_span(begin, begin + len(words), alignment_mode="expand")
    assert span is not None
    return span.as_doc()


def _in_brackets(text: Text, mentions: Sequence[Mention]) -> list[Mention]:
    """Acronyms in brackets after a name, which are names of the same: "People's Protection Units (YPG)"."""
    taken = {i for m in mentions for i in range(m.begin, m.end)}
    found = []
    for m in mentions:
        at = m.end + 1
        if at + 1 < len(text.doc) and (text.doc[m.end].text, text.doc[at + 1].text) == ("(", ")") and at not in taken:
            if acronym(text.doc[at].text):
                found.append(Mention(at, at + 1, text.doc[at].text, list(m.votes)))
    return found


def write(doc: Doc, found: Sequence[Cluster]) -> None:
    """Keep the entities on the document."""
    spans: list[Span] = []
    doc._.kb_entities = {}
    for number, cluster in enumerate(found, start=1):
        name = f"e{number}"
        spans += [Span(doc, m.begin, m.end, label=cluster.cls, span_id=name) for m in cluster.mentions]
        best = label(cluster)
        names = sorted((set(cluster.names) | {m.bare for m in cluster.mentions}) - {best, ""})
        doc._.kb_entities[name] = {"cls": cluster.cls, "label": best, "names": names, "confidence": confidence(cluster)}
    doc.spans["entities"] = sorted(spans, key=lambda s: (s.start, s.end))


def confidence(cluster: Cluster) -> float:
    """How sure it is that a cluster is an entity of its class: the more kinds of evidence agree, the surer."""
    rules = {rule for m in cluster.mentions for cls, _, rule in m.votes if COARSE[cls] == cluster.coarse}
    return round(1.0 - 0.4 ** min(len(rules), 4) if rules else 0.5, 2)


@Language.factory(
    "kb_mentions",
    assigns=["doc.spans", "doc._.kb_entities"],
    requires=["doc.ents", "token.pos"],
    default_config={"ontology": []},
)
def make(nlp: Language, name: str, ontology: list[str]) -> Mentions:
    """The component, with the lexicon of the package and of the folders of ``ontology``."""
    return Mentions(load_lexicon(tuple(Path(folder) for folder in ontology)), load_gazetteer())
