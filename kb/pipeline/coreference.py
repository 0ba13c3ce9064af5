"""The component ``kb_coreference``: descriptions and pronouns that surely mean an entity of the article.

Sure means: the only candidate, or the one whose name holds the very noun ("the coalition"), or whom the text has called so
("ISIS militants … the militants", "Defense Secretary Ash Carter … the secretary"), or the subject of the clause that a
pronoun depends on. What is doubtful is left alone. Nouns and the classes they fit stand in the lexicon (``lex:Anaphor``,
``lex:MemberNoun``, ``lex:ForceNoun``). Writes ``doc.spans["references"]``, id: the entity.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, Span, Token

from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.mentions import extensions
from kb.pipeline.texts import COARSE

__all__ = ["Coreference"]

_DEFINITE = frozenset({"the", "this", "that", "these", "those"})
_OWN = frozenset({"its", "their", "his", "her"})
_SUBJECTS = frozenset({"nsubj", "nsubj:pass"})
#: Clauses whose pronoun subject may take up the subject of the clause above.
_DEPENDENT = frozenset({"ccomp", "xcomp", "advcl", "conj", "parataxis", "acl", "acl:relcl"})
#: Pronouns and the coarse classes they fit.
_PRONOUNS = (
    dict.fromkeys(("he", "she", "his", "her", "him"), ("Person",))
    | dict.fromkeys(("it", "its"), ("Organization", "Country"))
    | dict.fromkeys(("they", "their", "them"), ("Organization",))
)
_PLURAL = frozenset({"they", "their", "them"})
#: Classes of bodies that are spoken of in the plural.
_COLLECTIVE = frozenset({"ArmedForce", "ArmedGroup"})
#: Relations of a noun that make it another thing than the one already named.
_NARROWING = frozenset({"nmod", "appos", "nmod:poss", "nummod", "amod", "compound", "acl", "nmod:tmod"})
#: Sentences that a description may reach back over where its noun is in no name.
_WINDOW = 3
_WORDS = re.compile(r"\w+")
#: Mentions that are looked at when looking back.
_FAR = 300
_CLOSE = frozenset({"compound", "amod", "nmod:poss", "nmod", "appos", "flat"})


@dataclass(slots=True)
class _Article:
    """What is known of a document while it is read from the beginning.

    Attributes:
        sentence: number of the sentence of each token.
        at: the longest named mention over each token.
        named: (end, number of the sentence, key) of each named mention, in text order.
        called: noun → keys of the entities that were called so, the latest last.
    """

    doc: Doc
    called: dict[str, list[str]] = field(default_factory=dict)
    sentence: dict[int, int] = field(default_factory=dict)
    at: dict[int, Span] = field(default_factory=dict)
    named: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for number, sent in enumerate(self.doc.sents):
            self.sentence.update(dict.fromkeys(range(sent.start, sent.end), number))
        for span in sorted(self.doc.spans.get("entities", []), key=len):
            self.at.update(dict.fromkeys(range(span.start, span.end), span))
        spans = self.doc.spans.get("entities", [])
        self.named = sorted((s.end, self.sentence.get(s.start, 0), str(s.id_)) for s in spans)

    def cls(self, key: str) -> str:
        """The class of an entity."""
        return str(self.doc._.kb_entities[key]["cls"])

    def words(self, key: str) -> set[str]:
        """The words of all names of an entity, lower case."""
        entity = self.doc._.kb_entities[key]
        return {w for name in (entity["label"], *entity["names"]) for w in str(name).lower().split()}

    def before(self, i: int, sentences: int = 10**6) -> list[str]:
        """Keys of the entities named before token i, in so many sentences; the nearest first."""
        first = self.sentence.get(i, 0) - sentences + 1
        found: dict[str, None] = {}
        for _, number, key in reversed(self.named[: bisect_right(self.named, (i, 10**9, ""))][-_FAR:]):
            if number < first:
                break
            found[key] = None
        return list(found)

    @property
    def keys(self) -> list[str]:
        """Keys of all entities."""
        return list(self.doc._.kb_entities)


#: References that a later pronoun may take up as it takes up a name: "the coalition said its warplanes".
_ANTECEDENTS = frozenset({"noun", "member", "force"})


class Coreference:
    """Finds references to the entities of a document.

    Args:
        lexicon: which noun may mean what.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self.last_words = {_WORDS.findall(label)[-1] for label in lexicon.of("Anaphor") if _WORDS.search(label)}

    def __call__(self, doc: Doc) -> Doc:
        """Write references on a document."""
        doc.spans["references"] = self.find(doc)
        return doc

    def find(self, doc: Doc) -> list[Span]:
        """The references, in text order, none of which is a name."""
        if not doc._.kb_entities:
            return []
        article, found = _Article(doc), []
        for token in doc:
            self._note_title(article, token)
            for find in (self._member, self._force, self._owned, self._noun, self._pronoun):
                span = find(article, token)
                if span is not None and span.root.i not in article.at:
                    found.append(span)
                    break
            if found and found[-1].root.i == token.i and found[-1].label_ in _ANTECEDENTS:
                article.at.setdefault(token.i, found[-1])
        return found

    # nouns ---------------------------------------------------------------------------------------------------------------

    def _note_title(self, article: _Article, token: Token) -> None:
        """Remember what a person is called: "Defense Secretary Ash Carter", "Dillon, a spokesman"."""
        mention = article.at.get(token.i)
        if mention is None or token.i != mention.root.i or article.cls(mention.id_) != "Person":
            return
        nearby = [
            *token.doc[max(0, mention.start - 4) : mention.start],
            *(t for t in token.subtree if t.dep_ == "appos"),
        ]
        for word in nearby:
            if word.lower_ in self.lexicon.of("Anaphor") and (word.head.i == token.i or word.i + 1 >= mention.start):
                article.called.setdefault(word.lower_, []).append(mention.id_)

    def _member(self, article: _Article, token: Token) -> Span | None:
        """As in "ISIS militants", "members of IS": people of a named armed group stand for it."""
        if token.lemma_.lower() not in self.lexicon.of("MemberNoun") and token.lower_ not in self.lexicon.of(
            "MemberNoun"
        ):
            return None
        for child in token.children:
            mention = article.at.get(child.i)
            if mention is not None and child.dep_ in _CLOSE and article.cls(mention.id_) == "ArmedGroup":
                if child.dep_ != "nmod" or any(c.lower_ == "of" for c in child.children):
                    article.called.setdefault(token.lower_, []).append(mention.id_)
                    article.called.setdefault("", []).append(mention.id_)
                    return _span(token, mention)
        return None

    def _force(self, article: _Article, token: Token) -> Span | None:
        """As in "Iraqi forces" where the article lists the Iraqi security forces."""
        before = token.i - 1
        start = next((i for i in (before, before - 1) if i >= 0 and token.doc[i].text[0].isupper()), -1)
        if start < 0 or token.doc[start + 1 : token.i + 1].text.lower() not in self.lexicon.of("ForceNoun"):
            return None
        nation, noun = token.doc[start].lower_, token.lower_
        keys = [k for k in article.keys if article.cls(k) == "ArmedForce" and {nation, noun} <= article.words(k)]
        return Span(token.doc, start, token.i + 1, label="force", span_id=keys[0]) if len(keys) == 1 else None

    def _owned(self, article: _Article, token: Token) -> Span | None:
        """As in "its fighters" are the group, "its army" is the army of that country where it is named."""
        owner = next((c for c in token.children if c.dep_ == "nmod:poss" and c.lower_ in _OWN), None)
        whose = self._pronoun(article, owner) if owner is not None and owner.i + 1 == token.i else None
        if whose is None:
            return None
        key, fits = whose.id_, [c for e in self.lexicon.of("Anaphor").get(token.lower_, ()) for c in e.all("lex:class")]
        if COARSE[article.cls(key)] == "Country":
            name = article.words(key) | set(str(article.doc._.kb_entities[key]["label"]).lower().split())
            named = [k for k in article.keys if article.cls(k) in fits and token.lower_ in article.words(k)]
            key = next((k for k in named if _kin(name, article.words(k))), "") if len(named) > 0 else ""
        elif token.lemma_.lower() not in self.lexicon.of("MemberNoun") or article.cls(key) != "ArmedGroup":
            key = ""
        return Span(token.doc, token.i - 1, token.i + 1, label="owned", span_id=key) if key else None

    def _noun(self, article: _Article, token: Token) -> Span | None:
        """As in "the group", "the coalition", "the president"; "militants" where there is one armed group."""
        if token.pos_ not in {"NOUN", "PROPN"}:
            return None
        begin, classes = self._anaphor(token)
        if not classes or _narrowed(token, begin):
            return None
        if token.i + 1 in article.at or (token.dep_ == "compound" and "ArmedForce" not in classes):
            return None
        definite = begin > 0 and token.doc[begin - 1].lower_ in _DEFINITE
        bare = not definite and _bare(token, begin)
        key = self._meant(article, token, begin, classes, near=definite) if definite or bare else None
        start = begin - 1 if definite else begin
        return Span(token.doc, start, token.i + 1, label="noun", span_id=key) if key else None

    def _anaphor(self, token: Token) -> tuple[int, tuple[str, ...]]:
        """Where the longest anaphor that ends at a token begins, and the classes it fits."""
        table = self.lexicon.of("Anaphor")
        first = max(0, token.i - 2) if token.lower_ in self.last_words else token.i + 1
        for begin in range(first, token.i + 1):
            found = table.get(token.doc[begin : token.i + 1].text.lower())
            if found:
                return begin, tuple(cls for entry in found for cls in entry.all("lex:class"))
        return token.i, ()

    def _meant(
        self, article: _Article, token: Token, begin: int, classes: tuple[str, ...], *, near: bool
    ) -> str | None:
        """The entity that a description means, by the surest of the ways; None if none is sure."""
        fits = [k for k in article.before(token.i) if any(self.lexicon.isa(article.cls(k), c) for c in classes)]
        called = [k for k in article.called.get(token.lower_, ()) if k in fits]
        if called:
            return called[-1]
        if "Person" in classes:
            return None
        named = [k for k in fits if token.lower_ in article.words(k)]
        alone = any(entry.one("lex:unique") for entry in self.lexicon.of("Anaphor").get(token.lower_, ()))
        if named:
            return named[0] if len(named) == 1 or not alone else None
        members = {k for k in article.called.get("", ()) if k in fits}
        if token.tag_ == "NNS" and len(members) == 1:
            return members.pop()
        close = [k for k in fits if k in article.before(token.i, _WINDOW)] if near else fits
        return close[0] if len(close) == 1 and (near or len(fits) == 1) else None

    # pronouns --------------------------------------------------------------------------------------------------------------

    def _pronoun(self, article: _Article, token: Token) -> Span | None:
        """A pronoun that takes up the subject of its clause, of the clause above, or of the sentence before."""
        classes = _PRONOUNS.get(token.lower_, ())
        if token.pos_ not in {"PRON", "DET"} or not classes or _quoted(token):
            return None
        key = next((k for subject in _subjects(token) if (k := _key(article, subject, token, classes))), None)
        if key is None and classes == ("Person",):
            people = [k for k in article.before(token.i, _WINDOW - 1) if article.cls(k) == "Person"]
            key = people[0] if len(people) == 1 else None
        return Span(token.doc, token.i, token.i + 1, label="pronoun", span_id=key) if key else None


def _kin(country: set[str], body: set[str]) -> bool:
    """Whether a body's name has the country's or its adjective: "Lebanon", "Lebanese"."""
    stems = {word[:4] for word in country if len(word) > 3} | country
    return any(word in stems or word[:4] in stems for word in body)


def _bare(token: Token, begin: int) -> bool:
    """Whether a noun without article may take something up: a plural, or a capitalised noun that opens a sentence."""
    before = token.doc[begin - 1] if begin else None
    plain = before is None or not (before.pos_ in {"ADJ", "NUM", "PROPN", "NOUN"} or before.lower_ in _OWN)
    return plain and (token.tag_ == "NNS" or (bool(token.is_sent_start) and token.text[0].isupper()))


def _narrowed(token: Token, begin: int) -> bool:
    """Whether words around a noun make it another thing than the named one: "the other group", "the army of X"."""
    return any(
        c.dep_ in _NARROWING and c.lower_ not in _DEFINITE and not begin <= c.i <= token.i for c in token.children
    )


def _span(token: Token, mention: Span) -> Span:
    """A noun with its members' group and what stands between."""
    words = [t.i for t in token.children if t.dep_ in {"det", "amod", "nummod", "compound"} and t.i < token.i]
    begin, end = min(*words, mention.start, token.i), max(mention.end, token.i + 1)
    return Span(token.doc, begin, end, label="member", span_id=mention.id_)


def _subjects(token: Token) -> Iterator[Token]:
    """The subjects that a pronoun may take up, the surest first; at most one a clause, up to the sentence before."""
    verb = _verb(token)
    own = _subject(verb)
    if own is not None and own.i < token.i and token.dep_ == "nmod:poss":
        yield own
        return
    if token.dep_ == "nsubj:pass" and token.lower_ == "it":
        return
    if verb.dep_ == "advcl" and any(c.dep_ == "obj" and c.i < token.i for c in verb.head.children):
        return
    while verb.dep_ in _DEPENDENT:
        verb = _verb(verb.head)
        above = _subject(verb)
        if above is not None and above.i != token.i:
            yield above
            return
    if token.i > 0 and _opens(token):
        before = next((s for s in _previous(token)), None)
        if before is not None:
            yield before


def _opens(token: Token) -> bool:
    """Whether a pronoun is the subject of its sentence, of a verb that may have a person or body as such."""
    return token.dep_ in _SUBJECTS and token.head.pos_ == "VERB" and token.head.dep_ in {"ROOT", "ccomp", "parataxis"}


def _previous(token: Token) -> Iterator[Token]:
    """The subject of the sentence before."""
    start = token.sent.start
    if start > 0:
        root = token.doc[start - 1].sent.root
        subject = _subject(root)
        if subject is not None:
            yield subject


def _verb(token: Token) -> Token:
    """The verb or other predicate whose clause holds a word."""
    node = token
    while node.head.i != node.i and (node.i == token.i or _subject(node) is None) and node.dep_ not in _DEPENDENT:
        node = node.head
    return node


def _subject(verb: Token) -> Token | None:
    return next((c for c in verb.children if c.dep_ in _SUBJECTS), None)


def _key(article: _Article, subject: Token, pronoun: Token, classes: tuple[str, ...]) -> str | None:
    """The entity that a subject names, if a pronoun may mean it and nothing between is as good."""
    mention = article.at.get(subject.i)
    if mention is None or COARSE.get(article.cls(mention.id_)) not in classes:
        return None
    if pronoun.lower_ in _PLURAL and article.cls(mention.id_) not in _COLLECTIVE and not mention.text.endswith("s"):
        return None
    return None if any(_rivals(article, mention, pronoun, classes)) else str(mention.id_)


def _rivals(article: _Article, mention: Span, pronoun: Token, classes: tuple[str, ...]) -> Iterator[Span]:
    """Other entities that the pronoun might mean: subjects between, and for "its" what follows the verb."""
    verb = mention.root.head.i
    for i in range(mention.end, pronoun.i):
        other = article.at.get(i)
        if other is not None and other.id_ != mention.id_ and COARSE.get(article.cls(other.id_)) in classes:
            nearer = pronoun.dep_ == "nmod:poss" and i > verb and pronoun.sent == mention.sent
            if nearer or other.root.dep_ in _SUBJECTS:
                yield other


def _quoted(token: Token) -> bool:
    """Whether a word stands within quotation marks of its paragraph."""
    opened = False
    for other in token.doc[token.sent.start : token.i]:
        opened = {"\u201c": True, "\u201d": False, "``": True, "''": False}.get(
            other.text, opened != (other.text == '"')
        )
    return opened


extensions()


@Language.factory(
    "kb_coreference",
    assigns=["doc.spans"],
    requires=["doc.spans", "doc._.kb_entities", "token.dep", "token.head"],
    default_config={"ontology": []},
)
def make(nlp: Language, name: str, ontology: list[str]) -> Coreference:
    """The component, with the lexicon of the package and of the folders of ``ontology``."""
    return Coreference(load_lexicon(tuple(Path(folder) for folder in ontology)))
