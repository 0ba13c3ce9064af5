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
from kb.pipeline.clusters import Cluster, Mention, clusters, initials, label
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.names import acronym, candidates
from kb.pipeline.texts import COARSE, WORD, Name, Text

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
    taken: dict[int, list[Name]] = {}
    for name in sorted(names, key=lambda n: (-n.rank, n.begin - n.end, n.begin, -n.weight, n.rule)):
        over = [other for i in range(name.begin, name.end) for other in taken.get(i, ())]
        if name.rank >= WORD and (name.begin, name.end) not in chosen and all(_nests(name, outer) for outer in over):
            chosen[name.begin, name.end] = name
            for i in range(name.begin, name.end):
                taken.setdefault(i, []).append(name)
    return sorted(chosen.values(), key=lambda n: (n.begin, -n.end))


def _nests(inner: Name, outer: Name) -> bool:
    """Whether a name within another is a mention of its own; in an event's name the model alone does not say so."""
    within = outer.begin <= inner.begin and inner.end < outer.end
    return (inner.begin, inner.end) == (outer.begin, outer.end) or (
        within and outer.nests and not (outer.cls == "Event" and inner.rule == "model")
    )


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
        chosen = choose(names)
        same: dict[tuple[int, int], list[Name]] = {}
        for name in names:
            same.setdefault((name.begin, name.end), []).append(name)
        mentions = [_mention(text, n, same[n.begin, n.end]) for n in chosen if n.cls in COARSE]
        closed = [(n.begin, n.end) for n in chosen if n.cls not in COARSE and not n.nests]
        mentions += _again(text, mentions, closed)
        mentions += _in_brackets(text, mentions)
        mentions.sort(key=lambda m: (m.begin, m.end))
        _also(text, mentions)
        return clusters(mentions, self.lexicon, self.gazetteer)


def _mention(text: Text, name: Name, names: Iterable[Name]) -> Mention:
    same = [n for n in names if n.cls in COARSE]
    bare = text.slice(*name.bare) if name.bare else ""
    votes = [(n.cls, n.weight, n.rule) for n in same]
    return Mention(
        name.begin, name.end, text.slice(name.begin, name.end), votes, {n.sense for n in same} - {""}, name.bare, bare
    )


def _again(text: Text, mentions: Sequence[Mention], closed: Iterable[tuple[int, int]]) -> list[Mention]:
    """The same words elsewhere, where no mention is yet; of a person the surname alone."""
    taken = {i for m in mentions for i in range(m.begin, m.end)} | {i for b, e in closed for i in range(b, e)}
    matcher = PhraseMatcher(text.doc.vocab)
    whole = {(m.begin, m.end) for m in mentions} | {m.bare for m in mentions if m.bare}
    for kind, spans in (("name", whole), ("surname", {s for m in mentions for s in _surname(text, m)} - whole)):
        patterns = {tuple(t.text for t in text.doc[begin:end]) for begin, end in spans}
        matcher.add(kind, [Doc(text.doc.vocab, words=list(words)) for words in sorted(patterns)])
    found: list[Mention] = []
    for rule, begin, end in sorted(matcher(text.doc), key=lambda m: (m[1] - m[2], m[1])):
        short = text.doc.vocab.strings[rule] == "surname"
        if not taken & set(range(begin, end)) and (begin >= text.headline or not short):
            taken |= set(range(begin, end))
            votes = [("Person", 1.0, "surname")] if short else []
            found.append(Mention(begin, end, text.slice(begin, end), votes))
    return found


def _surname(text: Text, mention: Mention) -> list[tuple[int, int]]:
    """The last word of a person's name, with an Arabic article before it."""
    people = any(cls == "Person" and rule in {"model", "title"} for cls, _, rule in mention.votes)
    last = text.doc[mention.end - 1]
    if not people or mention.end - mention.begin < 2 or not last.is_alpha or len(last) < 3 or last.is_lower:
        return []
    return [(last.i, mention.end)]


def _in_brackets(text: Text, mentions: list[Mention]) -> list[Mention]:
    """Acronyms in brackets after a name, which are names of the same: "People's Protection Units (YPG)"."""
    begins, found = {m.begin: m for m in mentions}, []
    mentions.sort(key=lambda m: (m.begin, m.end))
    for place, m in enumerate(mentions):
        at = m.end + 1
        marks = [t.text for t in text.doc[m.end : at + 2]]
        dated = at in begins and any(rule == "dateline" for _, _, rule in begins[at].votes)
        if len(marks) == 3 and (marks[0], marks[2]) == ("(", ")") and acronym(marks[1]) and not dated:
            if at not in begins:
                found.append(Mention(at, at + 1, marks[1], [("Organization", 1.0, "brackets")]))
            whole = _abbreviated(m, mentions[max(0, place - 1)], marks[1])
            if whole:
                _tie(whole, begins.get(at) or found[-1])
    return found


def _abbreviated(mention: Mention, before: Mention, short: str) -> Mention | None:
    """What an acronym after a mention is short for: not for the place that a body's name ends with."""
    if _first_class(mention) not in {"Place", "Country"} or short.replace(".", "") in initials(mention.words):
        return mention
    near = before is not mention and 0 < mention.begin - before.end < 3 and _first_class(before) == "Organization"
    return before if near else None


def _also(text: Text, mentions: Sequence[Mention]) -> None:
    """Tie names that the text says are of the same: "born X", "also known as X"."""
    cues = text.lexicon.of("AliasCue")
    for place, second in enumerate(mentions):
        begin = text.doc[second.begin].sent.start
        name = second.begin - (second.begin > begin and text.doc[second.begin - 1].lower_ == "the")
        cued = any(stop == name for i in range(begin, name) for stop, _ in text.phrases(i, cues))
        same = (
            [m for m in mentions[:place] if m.begin >= begin and _first_class(m) == _first_class(second)]
            if cued
            else []
        )
        if same:
            _tie(same[-1], second)


def _first_class(mention: Mention) -> str:
    return COARSE[mention.votes[0][0]] if mention.votes else ""


def _tie(first: Mention, second: Mention) -> None:
    sense = f"same@{first.begin}"
    first.senses.add(sense)
    second.senses.add(sense)


def write(doc: Doc, found: Sequence[Cluster]) -> None:
    """Keep the entities on the document."""
    spans: list[Span] = []
    doc._.kb_entities = {}
    for number, cluster in enumerate(found, start=1):
        name = f"e{number}"
        spans += [Span(doc, m.begin, m.end, label=cluster.cls, span_id=name) for m in cluster.mentions]
        best = label(cluster)
        names = sorted((set(cluster.names) | {m.short for m in cluster.mentions}) - {best, ""})
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
