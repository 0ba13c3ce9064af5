"""Docs made by hand for tests: one word a token as ``text/POS/TAG/lemma/head/dep``, names found by their text."""

from collections.abc import Mapping, Sequence
from typing import Any

import spacy
from spacy.tokens import Doc, Span

import kb.pipeline  # noqa: F401 (registers what a Doc carries)

VOCAB = spacy.blank("en").vocab

#: Names that the sentences of the tests use, with their class.
NAMES: Mapping[str, str] = {
    "Samir Haddad": "Person",
    "Karim Nassar": "Person",
    "Ann Cole": "Person",
    "Omar Saleh": "Person",
    "Cole": "Person",
    "U.S.": "Country",
    "Lebanon": "Country",
    "Jordan": "Country",
    "Canada": "Country",
    "France": "Country",
    "Zahle": "City",
    "Cedar Brigade": "ArmedGroup",
    "Hill Front": "ArmedGroup",
    "Lebanese army": "ArmedForce",
    "Example News": "MediaOrganization",
    "Coalition": "InternationalOrganization",
}
#: Names that mean the same entity as another.
SAME = {"Cole": "Ann Cole"}


def parsed(
    notation: str, *, references: Mapping[str, str] | None = None, events: Sequence[Mapping[str, Any]] = ()
) -> Doc:
    """A document from its notation; the key of an entity is its name.

    Args:
        notation: words; "¶" is a paragraph break, "_" before a word joins it to the one before.
        references: words that stand for an entity, with its key.
        events: events as the event component would have left them.
    """
    rows = [row.rsplit("/", 5) for row in notation.split(" ")]
    words = [row[0].removeprefix("_") if row[0] != "¶" else "\n\n" for row in rows]
    joined = [row[0].startswith("_") or row[0] == "¶" for row in rows[1:]] + [True]
    doc = Doc(
        VOCAB,
        words=words,
        spaces=[not follows and word != "\n\n" for word, follows in zip(words, joined, strict=True)],
        pos=[row[1] for row in rows],
        tags=[row[2] for row in rows],
        lemmas=[row[3] for row in rows],
        heads=[int(row[4]) for row in rows],
        deps=[row[5] for row in rows],
    )
    doc.spans["entities"] = _mentions(doc)
    doc.spans["references"] = [
        Span(doc, t.i, t.i + 1, label="", span_id=key)
        for t in doc
        for word, key in (references or {}).items()
        if t.text == word
    ]
    doc._.kb_entities = {s.id_: {"cls": s.label_, "label": s.id_, "names": [s.id_]} for s in doc.spans["entities"]}
    doc._.kb_events = [dict(event) for event in events]
    return doc


def _mentions(doc: Doc) -> list[Span]:
    words = [t.text for t in doc]
    found: list[Span] = []
    for name, cls in sorted(NAMES.items(), key=lambda item: -len(item[0])):
        parts = name.split()
        for i in range(len(words) - len(parts) + 1):
            free = not any(s.start <= i < s.end for s in found)
            if words[i : i + len(parts)] == parts and free:
                found.append(Span(doc, i, i + len(parts), label=cls, span_id=SAME.get(name, name)))
    return sorted(found, key=lambda s: s.start)


def said(doc: Doc, filler: Sequence[Any]) -> str:
    """A filler as its key or its words."""
    return str(filler[0] or doc[filler[1] : filler[2]].text)
