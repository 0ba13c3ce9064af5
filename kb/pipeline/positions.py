"""Titles and posts of named persons, and what their holders are to the body where they are held.

Reads the mentions of ``doc.spans["entities"]`` and the parse; what is a title stands in the lexicon (lex:PositionNoun).
A title is found before the name ("Army commander Gen. X"), in apposition ("X, a coalition spokesman", "A spokesman for
Y, X,"), after a copula, and with verbs of appointment. Nothing is written here: ``kb.pipeline.relations`` does that.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spacy.tokens import Doc, Span, Token

from kb.gazetteer import load_gazetteer
from kb.pipeline.fillers import Filler, filler, mention_index
from kb.pipeline.grammar import arguments, children, conjuncts, hyphenated, phrase, preposition
from kb.pipeline.lexicon import Lexicon
from kb.resources import Entry

__all__ = ["Holding", "Titles", "find_positions", "with_relations"]

#: Marks that stand inside a title as between its words.
_HYPHENS = frozenset("-\u2010\u2011\u2013\u2014")
#: Parts of speech that a title may consist of left of its noun.
_MODIFIERS = frozenset("ADJ NOUN PROPN VERB ADV".split())
#: Prepositions after which the body of a post may stand, and those after which a country may.
_BODY_CASES, _COUNTRY_CASES = frozenset("of for at with in to".split()), frozenset("of at".split())
#: Relations to a body without a name, and the preposition before it.
_LEADING = frozenset({("leaderOf", "of"), ("spokespersonFor", "of"), ("spokespersonFor", "for")})
#: How far a title is looked for.
_REACH = 16


#: A filler as a value: key, first token, token after the last.
Body = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """A title that a person holds or held.

    Attributes:
        person: a mention of the person.
        begin: first token of the title.
        end: the token after it.
        head: the token after the words that the lexicon knows.
        noun: the first of those words.
        entry: the lexicon's entry.
        bodies: fillers where the post is held, the main one first.
        former: whether it was held in the past.
        weak: whether a modifier makes its holder a member only ("deputy").
        confidence: in [0, 1].
    """

    person: Span
    begin: int
    end: int
    head: int
    noun: int
    entry: Entry
    bodies: tuple[Body, ...] = ()
    former: bool = False
    weak: bool = False
    confidence: float = 0.9
    words: frozenset[str] = field(default=frozenset(), compare=False)


class Titles:
    """The position nouns of the lexicon, matched backwards from their last word.

    Args:
        lexicon: the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._rows = {_words(label): rows[0] for label, rows in lexicon.of("PositionNoun").items()}
        self._longest = max(map(len, self._rows), default=0)
        self._modifiers = {_plain(label): rows[0] for label, rows in lexicon.of("PositionModifier").items()}
        self._honorifics = {_plain(label) for label in lexicon.of("Honorific")}

    def ending(self, doc: Doc, end: int, floor: int) -> tuple[int, Entry] | None:
        """The longest title whose last word is the one before ``end``, as its first token and entry."""
        words: list[str] = []
        found = None
        for i in range(end - 1, max(floor, end - 2 * self._longest) - 1, -1):
            if doc[i].text in _HYPHENS and words:
                continue
            if doc[i].is_space or doc[i].is_punct or len(words) == self._longest:
                break
            words.insert(0, _plain(doc[i].text))
            for last in (words[-1], doc[end - 1].lemma_.lower(), words[-1].removesuffix("s")):
                entry = self._rows.get((*words[:-1], last))
                found = (i, entry) if entry else found
        return found

    def within(self, article: "_Article", end: int, floor: int) -> tuple[int, Entry] | None:
        """The title that ends before ``end``, unless a name goes on behind it ("High Commissioner for X")."""
        name = article.named.get(end - 1)
        return None if name is not None and name.end > end else self.ending(article.doc, end, floor)

    def modifier(self, token: Token) -> Entry | None:
        """The entry of a word that changes what a title means ("former", "deputy")."""
        return self._modifiers.get(_plain(token.text))

    def is_honorific(self, token: Token) -> bool:
        """Whether a word is a form of address."""
        return _plain(token.text) in self._honorifics


def _plain(text: str) -> str:
    return text.lower().replace(".", "")


def _words(label: str) -> tuple[str, ...]:
    return tuple(_plain(label).replace("-", " ").split())


class _Article:
    """What the search needs to know of one ``Doc``."""

    def __init__(self, doc: Doc, titles: Titles) -> None:
        self.doc, self.titles, self.isa = doc, titles, titles.lexicon.isa
        self.index = mention_index(doc)
        self.named = {i: s for s in sorted(doc.spans.get("entities", []), key=len) for i in range(s.start, s.end)}
        self.entities: dict[str, dict[str, object]] = doc._.kb_entities
        self.persons = [s for s in doc.spans.get("entities", []) if self.isa(s.label_, "Person")]
        self.at = {i: s for s in self.persons for i in range(s.start, s.end)}

    def cls(self, key: str) -> str:
        """The class of an entity; empty for a described participant."""
        return str(self.entities.get(key, {}).get("cls", ""))

    def is_body(self, key: str) -> bool:
        """Whether posts are held in this entity."""
        cls = self.cls(key)
        return self.isa(cls, "Organization") or self.isa(cls, "Country")

    def names(self, key: str) -> list[str]:
        """Every name of an entity."""
        entity = self.entities.get(key, {})
        names = entity.get("names", [])
        return [str(entity.get("label", "")), *(str(n) for n in names if isinstance(names, list))]  # type: ignore[attr-defined]

    def of_class(self, cls: str) -> list[str]:
        """The keys of the entities of a class, in order of mention."""
        return [key for key in self.entities if self.isa(self.cls(key), cls)]


def find_positions(doc: Doc, titles: Titles) -> list[Holding]:
    """The titles of the persons whom the article names, in text order, each once with its fullest wording."""
    article = _Article(doc, titles)
    found = [h for person in article.persons for h in _of_person(article, person)]
    found += _shared(article, found)
    found += [h for token in doc for h in _by_verb(article, token)]
    located = [_in_body(article, h) for h in found]
    return _merged(sorted(located, key=lambda h: (h.begin, h.person.start)))


def _of_person(article: _Article, person: Span) -> Iterator[Holding]:
    before = list(_before(article, person))
    yield from before
    start = min([_addressed(article, person), *(h.begin for h in before)])
    yield from _complemented(article, person, start)
    yield from _appositive_before(article, person, start)
    yield from _after(article, person)
    yield from _copula(article, person)


# Before the name
def _before(article: _Article, person: Span) -> Iterator[Holding]:
    floor, end = person.root.sent.start, _addressed(article, person)
    last = _suffixed(article, end)
    while (found := article.titles.within(article, last, floor)) is not None:
        begin, entry = found
        left = _extended(article, begin, person, entry)
        yield Holding(person, left, end, end, begin, entry)
        last = end = left


def _addressed(article: _Article, person: Span) -> int:
    """The first token of a name with its form of address ("Dr.")."""
    doc, floor, i = article.doc, person.root.sent.start, person.start
    while i > floor and (article.titles.is_honorific(doc[i - 1]) or doc[i - 1].text == "."):
        i -= 1
    return i


def _suffixed(article: _Article, end: int) -> int:
    """The token after a title's noun where it carries a suffix ("minister-designate")."""
    doc = article.doc
    suffix = end > 2 and doc[end - 2].text in _HYPHENS and article.titles.modifier(doc[end - 1]) is not None
    return end - 2 if suffix else end


def _extended(article: _Article, begin: int, person: Span, entry: Entry) -> int:
    """The first token of a title whose noun begins at ``begin``: its modifiers without determiner and possessor."""
    doc, floor = article.doc, doc_floor(doc=article.doc, i=begin)
    while begin > floor:
        token = doc[begin - 1]
        if token.text in _HYPHENS and begin - 1 > floor and not doc[begin - 2].is_space:
            inside = article.named.get(begin - 1)
            if inside is None and token.whitespace_:
                break
            begin -= 2
            continue
        if not _modifies(article, token, begin, person) or _other_title(article, token, entry):
            break
        mention = article.named.get(token.i)
        begin = mention.start if mention is not None and mention.start >= floor else token.i
    return begin


def doc_floor(*, doc: Doc, i: int) -> int:
    """The first token of the line and sentence of a token."""
    start: int = doc[i].sent.start
    spaces = (j + 1 for j in range(i - 1, start - 1, -1) if doc[j].is_space)
    return next(spaces, start)


def _modifies(article: _Article, token: Token, begin: int, person: Span) -> bool:
    if token.i in article.at or token.ent_type_ == "DATE":
        return False
    if article.titles.modifier(token) is not None:
        return True
    if token.pos_ not in _MODIFIERS or token.is_punct or token.is_space:
        return False
    near = begin <= token.head.i < max(person.end, begin + _REACH) and token.sent == token.doc[begin].sent
    word = token.pos_ not in {"VERB", "ADV"}
    attributive = word or token.dep_ in {"amod", "compound"} or hyphenated(token) is not None
    return attributive and ((near and token.dep_ not in {"nsubj", "obj", "root"}) or token.pos_ == "PROPN")


def _other_title(article: _Article, token: Token, entry: Entry) -> bool:
    """Whether a word to the left is the head of a title of its own: a post before a rank, a rank before a post."""
    found = article.titles.ending(article.doc, token.i + 1, token.sent.start)
    if found is None or article.titles.modifier(token) is not None:
        return False
    return bool(entry.one("lex:rank") or found[1].one("lex:rank"))


def _complemented(article: _Article, person: Span, start: int) -> Iterator[Holding]:
    """As in "Minister for the Middle East Tobias Ellwood": a title whose complement stands before the name."""
    doc, floor = article.doc, doc_floor(doc=article.doc, i=person.start)
    if start != _addressed(article, person) or doc[start - 1].is_punct:
        return
    for case in range(person.start - 2, max(floor, person.start - 8), -1):
        if doc[case].pos_ not in {"ADP", "PROPN", "NOUN", "ADJ", "DET"}:
            return
        if doc[case].pos_ == "ADP" and (found := article.titles.within(article, case, floor)) is not None:
            if _related(doc[case - 1], person) or doc[case - 1].is_title:
                left = _extended(article, found[0], person, found[1])
                yield Holding(person, left, person.start, case, *found, confidence=0.8)
            return


def _related(noun: Token, person: Span) -> bool:
    root = person.root
    return noun.head.i in range(person.start, person.end) or root.head.i == noun.i


def _shared(article: _Article, found: Sequence[Holding]) -> list[Holding]:
    """As in "writers X and Y": a title in the plural belongs to all who are coordinated with the first."""
    holders = {h.person.start for h in found}
    more = []
    for h in found:
        last = article.doc[h.head - 1]
        if last.tag_ not in {"NNS", "NNPS"} or h.end != h.head or h.begin > h.person.start:
            continue
        for token in conjuncts(h.person.root)[1:]:
            other = article.at.get(token.i)
            if other is not None and other.start not in holders:
                more.append(replace(h, person=other, confidence=0.8))
    return more


# In apposition
def _appositive_before(article: _Article, person: Span, start: int) -> Iterator[Holding]:
    """As in "A spokesman for the UN, Rupert Colville,": the title is the noun phrase before a comma before the name."""
    doc, floor = article.doc, doc_floor(doc=article.doc, i=start)
    comma = start - 1
    if comma <= floor or doc[comma].text != "," or not _closed(doc, person.end):
        return
    for end in range(comma, max(floor, comma - _REACH), -1):
        if doc[end - 1].is_punct and doc[end - 1].text not in _HYPHENS | {"'", "\u2019"}:
            return
        found = article.titles.within(article, end, floor)
        if found is not None and (end == comma or _complements(doc, end, comma)):
            left = _extended(article, found[0], person, found[1])
            yield Holding(person, left, comma, end, *found, confidence=0.8)
            return


def _closed(doc: Doc, end: int) -> bool:
    return end >= len(doc) or doc[end].is_punct or doc[end].is_space


def _complements(doc: Doc, begin: int, end: int) -> bool:
    """Whether the words between a title and a comma are its complement."""
    return doc[begin].pos_ == "ADP" and not any(t.pos_ in {"VERB", "AUX"} and t.dep_ != "amod" for t in doc[begin:end])


def _after(article: _Article, person: Span) -> Iterator[Holding]:
    """As in "X, 42, the top U.S. envoy for Y": the title is the noun phrase after the comma after the name."""
    doc, start = article.doc, _after_comma(article.doc, person.end)
    head = _phrase_head(article, start) if start is not None else None
    if head is None or start is None:
        return
    end, entry, first = head
    if end in article.at or doc[end - 1].tag_ in {"NNS", "NNPS"}:
        return
    begin = max(_determined(doc, start, end), doc_floor(doc=doc, i=first))
    begin = _after_possessor(doc, begin, first)
    yield Holding(person, begin, _complement_end(doc, end), end, first, entry, confidence=0.85)


def _after_comma(doc: Doc, i: int) -> int | None:
    """The token after the comma at i, after an age in between; None if there is none."""
    if i + 1 >= len(doc) or doc[i].text not in {",", "(", "\u2014", "\u2013"}:
        return None
    if doc[i + 1].pos_ == "NUM" and i + 3 < len(doc) and doc[i + 2].text == ",":
        return i + 3
    return i + 1


def _phrase_head(article: _Article, start: int) -> tuple[int, Entry, int] | None:
    """The title that heads the noun phrase from ``start`` on: token after it, entry, first token."""
    doc, best = article.doc, None
    for i in range(start, min(start + 10, doc[start].sent.end)):
        token = doc[i]
        if token.is_space or token.pos_ in {"AUX", "ADP", "CCONJ", "SCONJ", "PRON"} or i in article.at:
            break
        if token.is_punct and token.text not in _HYPHENS:
            break
        if token.pos_ == "VERB" and token.dep_ != "amod" and hyphenated(token) is None:
            break
        found = article.titles.within(article, i + 1, start)
        following = doc[i + 1] if i + 1 < len(doc) else None
        headed = following is None or following.pos_ not in {"NOUN", "PROPN"} or following.dep_ == "flat"
        if found is not None and headed and token.pos_ in {"NOUN", "PROPN", "ADJ"}:
            best = (i + 1, found[1], found[0])
    return best


def _determined(doc: Doc, start: int, end: int) -> int:
    """The first token of a phrase after its determiner."""
    return next((i for i in range(start, end) if doc[i].pos_ not in {"DET", "PRON"}), start)


def _after_possessor(doc: Doc, begin: int, first: int) -> int:
    """The token after a possessive ending before the title's noun."""
    return max((i + 1 for i in range(begin, first) if doc[i].tag_ == "POS"), default=begin)


def _complement_end(doc: Doc, end: int) -> int:
    """The token after the complement of a title whose noun ends at ``end``: no clause, no apposition, same line."""
    inside = {t.i for t in doc[end - 1].subtree}
    if end < len(doc) and doc[end].lower_ in {"of", "for"}:
        inside |= {t.i for t in doc[end].head.subtree}
    last = end
    for i in range(end, doc[end - 1].sent.end):
        token = doc[i]
        if i not in inside or token.is_space or _ends_complement(token):
            break
        last = i + 1
    while last > end and (doc[last - 1].pos_ in {"ADP", "CCONJ", "DET"} or doc[last - 1].is_punct):
        last -= 1
    return last


def _ends_complement(token: Token) -> bool:
    clause = token.pos_ in {"VERB", "AUX"} and token.dep_ != "amod" and hyphenated(token) is None
    mark = token.is_punct and token.text not in _HYPHENS | {"'", "\u2019", "&"}
    return clause or mark or token.tag_ in {"WDT", "WP", "WRB", "WP$"}


# With verbs
def _copula(article: _Article, person: Span) -> Iterator[Holding]:
    """As in "X is the president of Y"."""
    noun = person.root.head
    if person.root.dep_ != "nsubj" or not children(noun, "cop") or noun.pos_ not in {"NOUN", "PROPN"}:
        return
    found = article.titles.ending(article.doc, noun.i + 1, noun.sent.start)
    if found is not None and found[1].one("lex:scope"):
        yield _at_noun(article, person, noun, found)


def _at_noun(article: _Article, person: Span, noun: Token, found: tuple[int, Entry]) -> Holding:
    doc = article.doc
    start = max(min(phrase(noun).start, found[0]), doc_floor(doc=doc, i=noun.i))
    begin = _after_possessor(doc, _determined(doc, start, noun.i + 1), found[0])
    return Holding(person, begin, _complement_end(doc, noun.i + 1), noun.i + 1, *found, confidence=0.8)


def _by_verb(article: _Article, token: Token) -> Iterator[Holding]:
    """As in "was appointed chairman of Y", "served as president"."""
    if token.pos_ != "VERB":
        return
    for entry in article.titles.lexicon.of("PositionVerb").get(token.lemma_.lower(), ()):
        holder = _holder(article, token, entry.one("lex:person"))
        for noun in _posts(token, bare=entry.one("lex:person") == "object") if holder is not None else ():
            found = article.titles.ending(article.doc, noun.i + 1, noun.sent.start)
            if found is not None and holder is not None:
                yield _at_noun(article, holder, noun, found)


def _holder(article: _Article, verb: Token, slot: str) -> Span | None:
    wanted = "obj" if slot == "object" else "subj"
    return next((article.at[t.i] for name, t in arguments(verb) if name == wanted and t.i in article.at), None)


def _posts(verb: Token, *, bare: bool) -> list[Token]:
    return [
        t
        for t in verb.children
        if t.i > verb.i
        and t.pos_ in {"NOUN", "PROPN"}
        and (preposition(t) == "as" or (bare and t.dep_ in {"xcomp", "obj"} and not preposition(t)))
    ]


# Where it is held
def _in_body(article: _Article, holding: Holding) -> Holding:
    doc = article.doc
    title = doc[holding.begin : holding.end]
    modifiers = [m for t in title if t.i < holding.head and (m := article.titles.modifier(t)) is not None]
    first = {body[0] or tuple(body): tuple(body) for body in reversed(list(_bodies(article, holding)))}
    return replace(
        holding,
        bodies=tuple(reversed(first.values())),
        former=any(m.one("lex:former") for m in modifiers),
        weak=any(m.one("lex:relation") for m in modifiers) or _aside(article, holding),
        words=frozenset(_plain(t.text) for t in title if not t.is_punct and not t.is_stop),
    )


def _aside(article: _Article, holding: Holding) -> bool:
    """Whether the title leads something for or at the body and not the body itself ("commander for its logistics")."""
    leads = holding.entry.one("lex:relation") == "leaderOf" and holding.head < holding.end
    return leads and article.doc[holding.head].pos_ == "ADP" and article.doc[holding.head].lower_ != "of"


def _bodies(article: _Article, holding: Holding) -> Iterator[Filler]:
    found = [*_complement_bodies(article, holding), *_modifier_bodies(article, holding)]
    found = found or list(_demonym_bodies(article, holding))
    if found or holding.entry.one("lex:rank"):
        yield from found
        return
    found = list(_of_department(article, holding))
    if not found and not _has_demonym(article, holding):
        found = list(_by_clause(article, holding)) or list(_implied(article, holding))
    yield from found


def _complement_bodies(article: _Article, holding: Holding) -> Iterator[Filler]:
    doc = article.doc
    case = doc[holding.head] if holding.head < holding.end else None
    if case is None or case.lower_ not in _BODY_CASES or case.pos_ != "ADP":
        return
    head = case.head if case.head.i > case.i else doc[holding.end - 1]
    for noun in conjuncts(head):
        if noun.i >= holding.end and noun.i != head.i:
            continue
        one = filler(doc, noun, article.index)
        if one is None:
            continue
        if one[0]:
            country = article.isa(article.cls(str(one[0])), "Country")
            if article.is_body(str(one[0])) and (not country or case.lower_ in _COUNTRY_CASES):
                yield one
        else:
            yield from _described(article, holding, one, case)


def _described(article: _Article, holding: Holding, one: Filler, case: Token) -> Iterator[Filler]:
    """A body without a name, if the title leads it; then the named body in its description."""
    if (holding.entry.one("lex:relation"), case.lower_) in _LEADING:
        yield one
    for i in range(case.i + 1, holding.end):
        mention = article.named.get(i)
        if mention is not None and mention.start == i and article.is_body(mention.id_):
            yield [mention.id_, mention.start, mention.end]


def _modifier_bodies(article: _Article, holding: Holding) -> Iterator[Filler]:
    """Bodies in front of the noun: a name ("Hezbollah leader"), a possessor, the end of a name ("Army commander")."""
    doc = article.doc
    for i in range(holding.noun - 1, holding.begin - 1, -1):
        mention = article.index.get(i)
        if mention is not None and mention.start == i and article.is_body(mention.id_):
            yield [mention.id_, mention.start, mention.end]
    yield from _possessor(article, holding)
    for i in range(holding.begin, holding.noun):
        token = doc[i]
        if i not in article.index and token.pos_ in {"NOUN", "PROPN"}:
            for key in _by_last_word(article, token):
                yield [key, i, i + 1]


def _demonym_bodies(article: _Article, holding: Holding) -> Iterator[Filler]:
    for i in range(holding.begin, holding.noun):
        if i not in article.index:
            for key in _by_demonym(article, article.doc[i]):
                yield [key, i, i + 1]


def _possessor(article: _Article, holding: Holding) -> Iterator[Filler]:
    i = holding.begin - 1
    if i < 0:
        return
    token = article.doc[i - 1] if article.doc[i].tag_ == "POS" and i else article.doc[i]
    possessive = article.doc[i].tag_ in {"POS", "PRP$"}
    mention = article.index.get(token.i) if possessive else None
    if mention is not None and article.is_body(mention.id_):
        yield [mention.id_, mention.start, mention.end]


def _by_last_word(article: _Article, token: Token) -> list[str]:
    """The one organization whose name ends in this word, or none."""
    word = token.lower_
    keys = article.of_class("Organization")
    found = [key for key in keys if any(name.lower().split()[-1:] == [word] for name in article.names(key))]
    return found if len(found) == 1 else []


def _by_demonym(article: _Article, token: Token) -> list[str]:
    """The country of the article that a demonym names."""
    item = load_gazetteer().demonym(token.text) if token.is_title or token.ent_type_ == "NORP" else None
    if item is None:
        return []
    return [key for key in article.of_class("Country") if item.qid in _items(article, key)]


def _has_demonym(article: _Article, holding: Holding) -> bool:
    words = [t for t in article.doc[holding.begin : holding.head] if t.ent_type_ == "NORP" or t.is_title]
    return any(t.ent_type_ == "NORP" or (t.pos_ == "ADJ" and load_gazetteer().demonym(t.text)) for t in words)


def _of_department(article: _Article, holding: Holding) -> Iterator[Filler]:
    """As in "Defense Secretary" in an article that names the Defense Department."""
    fields = {t.lower_ for t in article.doc[holding.begin : holding.head - 1] if t.pos_ in {"NOUN", "PROPN", "ADJ"}}
    if holding.entry.one("lex:relation") != "memberOf" or not fields:
        return
    for key in article.of_class("GovernmentBody"):
        names = [set(n.lower().split()) for n in article.names(key)]
        if any(fields & name - {"of", "the"} for name in names) and not any(map(_of_nation, article.names(key))):
            yield [key, holding.begin, holding.head]
            return


def _of_nation(name: str) -> bool:
    """Whether a name says whose ministry it is, so that a bare title is not of it: "South Korean Defense Ministry"."""
    words = name.split()
    return any(load_gazetteer().demonym(" ".join(words[:count])) for count in (1, 2))


def _by_clause(article: _Article, holding: Holding) -> Iterator[Filler]:
    """As in "the government, led by Prime Minister X": the post is held in what its holder leads or represents."""
    root = holding.person.root
    verb = root.head
    if root.dep_ not in {"obl", "obl:agent"} or preposition(root) != "by" or verb.dep_ not in {"acl", "acl:relcl"}:
        return
    if verb.lemma_.lower() in article.titles.lexicon.of("BodyVerb"):
        beside = article.named.get(verb.i - 2) if verb.i > 1 and article.doc[verb.i - 1].text == "," else None
        if beside is not None and article.is_body(beside.id_):
            yield [beside.id_, beside.start, beside.end]
            return
        one = filler(article.doc, verb.head, article.index)
        if one is not None and one[0] and article.is_body(str(one[0])):
            yield one


def _implied(article: _Article, holding: Holding) -> Iterator[Filler]:
    """The country of a head of state or minister where the article leaves it out: where the holder is known."""
    if not holding.entry.one("lex:state"):
        return
    countries = article.of_class("Country")
    known = _countries_of(article, holding.person)
    fitting = [k for k in countries if known & _items(article, k)]
    if len(fitting) == 1:
        yield [fitting[0], holding.begin, holding.head]
    elif not known and len(countries) == 1:
        yield [countries[0], holding.begin, holding.head]


def _items(article: _Article, key: str) -> set[str]:
    return {i.qid for n in article.names(key) for i in load_gazetteer().lookup(n)[:1]}


def _countries_of(article: _Article, person: Span) -> set[str]:
    """The countries of those who bear this name and held a post."""
    table = load_gazetteer()
    names = article.names(person.id_) or [person.text]
    full = [i for n in names if len(n.split()) > 1 for i in (table.lookup(n) or table.folded(n))[:1]]
    found = full or [i for n in names for i in table.surname(n)[:3]]
    return {t.country for i in found for t in table.terms(i.qid) if t.country} | {i.country for i in found if i.country}


# One of each
def _merged(found: Sequence[Holding]) -> list[Holding]:
    """Without titles that say less of the same person than another."""
    kept: list[Holding] = []
    for h in found:
        same = [k for k in kept if k.person.id_ == h.person.id_ and _alike(k, h)]
        if not same:
            kept.append(h)
            continue
        fullest = max([*same, h], key=lambda x: (len(x.words), -x.begin))
        bodies = next((x.bodies for x in [fullest, *same, h] if x.bodies), ())
        kept = [k for k in kept if k not in same]
        kept.append(replace(fullest, bodies=bodies, words=fullest.words))
    return sorted(kept, key=lambda h: (h.begin, h.person.start))


def _alike(one: Holding, other: Holding) -> bool:
    if bool(one.entry.one("lex:rank")) != bool(other.entry.one("lex:rank")):
        return False
    nested = one.words <= other.words or other.words <= one.words
    return nested or (one.entry.id == other.entry.id and not _distinct(one, other))


def _distinct(one: Holding, other: Holding) -> bool:
    """Whether two titles with the same noun are held in different bodies."""
    keys = {b[0] for b in one.bodies} & {b[0] for b in other.bodies}
    return bool(one.bodies and other.bodies and not keys)


def with_relations(lexicon: Lexicon, holding: Holding, classes: Mapping[str, str]) -> list[tuple[str, Body]]:
    """What a holder is to each body of a post: (property, body), the main body first; nothing for former posts."""
    relation = holding.entry.one("lex:relation")
    if holding.former or not relation or not holding.bodies:
        return []
    main, *others = holding.bodies
    first = _relation(lexicon, holding, classes.get(str(main[0]), ""))
    return [(first, main), *(("memberOf", other) for other in others if other[0])]


def _relation(lexicon: Lexicon, holding: Holding, cls: str) -> str:
    """The property that the entry gives for a body of this class; a weaker one for deputies."""
    if holding.weak:
        return "memberOf"
    if lexicon.isa(cls, "GovernmentBody") and holding.entry.one("lex:department"):
        return holding.entry.one("lex:department")
    here = {"country"} if lexicon.isa(cls, "Country") else {"organization"}
    here |= {"country"} if lexicon.isa(cls, "Government") else set()
    return holding.entry.one("lex:relation") if here & set(holding.entry.all("lex:scope")) else "memberOf"
