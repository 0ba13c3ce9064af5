"""Where names stand in a document: candidates by pattern, by the model, by the gazetteer; nothing is chosen or merged here.

Each finder yields :class:`Name` values, token spans with the class they speak for and how strongly; they may overlap and
disagree. The patterns are the rows of the lexicon (``lex:NameHead`` and its kin, ``ontology/lexicon-names.ttl``): a finder
says where in the words a row may apply, the row says what that means.
"""

import re
from collections.abc import Iterator, Sequence

from spacy.tokens import Span, Token

from kb.errors import OntologyError
from kb.gazetteer import Item
from kb.pipeline.texts import (
    ARABIC,
    COARSE,
    DASHES,
    INSIDE,
    KNOWN,
    LINKS,
    MODEL,
    MOST_WORDS,
    PATTERN,
    POSSESSIVE,
    WORD,
    Name,
    Text,
    capital,
    closes,
    edge,
    last_head,
)
from kb.resources import Entry

#: How strongly each kind of evidence speaks for a class.
BY_HEAD, BY_DATELINE, BY_NOUN, BY_TITLE, BY_PLACE = 5.0, 6.0, 3.0, 3.0, 1.0
#: What the model's labels say, and how strongly; the others name no entity.
LABELS = {"PERSON": ("Person", 1.5), "ORG": ("Organization", 1.0), "LOC": ("Place", 1.1), "FAC": ("Facility", 1.1)}

_AGAINST = frozenset({"anti", "counter"})
_PARTICLES = frozenset("de van von bin ibn di da del della ben abu".split())
_BAD = re.compile(r"[\[\]{}<>|]")
_PLACE = r"[A-Z][\w'\u2019.\-]*(?: [A-Za-z][\w'\u2019.\-]*){0,5}"
_DATELINE = re.compile(
    rf"(?P<city>{_PLACE}?)(?:, (?P<country>{_PLACE}))?,?(?: [\w./\-]*\d[\w./\-]*)? *\((?P<agency>[A-Z][\w .]{{1,30}})\) *[-_\u2010-\u2015]"
)
#: "BOGOTA -", "GOMA, Congo -"
_CITY = re.compile(rf"(?P<city>[A-Z]{{3}}[A-Z.' \-]*?)(?:, {_PLACE})? (?:-|--|_|[\u2010-\u2015]) ")
_DATELINE_CLASSES = {"city": "City", "agency": "MediaOrganization"}
_ACRONYM = re.compile(r"[A-Z][A-Za-z0-9.\-]*[A-Z][A-Za-z0-9.]*$")


def candidates(text: Text) -> list[Name]:
    """Every candidate of every finder, in text order."""
    finders = (datelines, headed, proper, recognised, known, hinted, grouped)
    found = (n for find in finders for n in find(text) if not _mistaken(text, n))
    return sorted(found, key=lambda n: (n.begin, n.end, n.rule, n.cls))


def _mistaken(text: Text, name: Name) -> bool:
    """Whether a common noun makes a lesser place of what is a country by name: "Ivory Coast"."""
    country = text.country(text.doc[name.begin : name.end].text)
    return name.rule.startswith("lex:") and name.cls == "Region" and country is not None


# patterns ------------------------------------------------------------------------------------------------------------


def datelines(text: Text) -> Iterator[Name]:
    """City, country and agency of a dateline: "KABUL, Afghanistan (AP) _"."""
    start = text.doc[text.doc._.kb_title_end].idx if len(text.doc) > text.doc._.kb_title_end else 0
    begin = len(text.raw) - len(text.raw[start:].lstrip())
    match = _DATELINE.match(text.raw, begin) or _CITY.match(text.raw, begin)
    for group in match.groupdict() if match else ():
        assert match is not None
        span = text.doc.char_span(*match.span(group))
        cls = _DATELINE_CLASSES.get(group, "")
        if span is not None and cls:
            yield Name(begin=span.start, end=span.end, cls=cls, weight=BY_DATELINE, rank=PATTERN, rule="dateline")


def headed(text: Text) -> Iterator[Name]:
    """Names that a common noun makes, whatever its letter case: "Lebanese army", "Bamyan province", "town of X"."""
    table = text.lexicon.of("NameHead")
    for i in range(len(text.doc)):
        longest = 0
        for end, entry in text.phrases(i, table):
            if end < longest or (end < len(text.doc) and text.doc[end].lower_ in entry.all("lex:excludes")):
                break
            found = [
                name for kind in entry.all("lex:before") for name in _BEFORE.get(kind, _unknown)(text, i, end, entry)
            ]
            found += [
                name for kind in entry.all("lex:after") for name in _AFTER.get(kind, _unknown)(text, i, end, entry)
            ]
            found += _alone(text, i, end, entry)
            longest = end if found else longest
            yield from found


def _name(entry: Entry, begin: int, end: int, **more: object) -> Name:
    fields: dict[str, object] = {"nests": bool(entry.one("lex:nests")), "sense": "", "bare": None} | more
    cls, rule = entry.one("lex:class"), entry.id
    return Name(begin=begin, end=end, cls=cls, weight=BY_HEAD, rank=PATTERN, rule=rule, **fields)  # type: ignore[arg-type]


def _sense(entry: Entry, *qids: str) -> str:
    word = entry.one("lex:sense") or entry.one("http://www.w3.org/2000/01/rdf-schema#label")
    return f"{word}:{'+'.join(sorted(qids))}"


def _by_nation(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    owned = head > 0 and text.doc[head - 1].text in POSSESSIVE
    nation = text.nation_ends.get(head - owned)
    if nation and not text.doc[nation.begin : head].text.count("\n"):
        nests = owned or bool(entry.one("lex:nests"))
        yield _name(entry, nation.begin, end, sense=_sense(entry, nation.qid), nests=nests)


def _by_pair(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    second = text.nation_ends.get(head)
    if second and second.begin > 1 and text.doc[second.begin - 1].text in DASHES:
        first = text.nation_ends.get(second.begin - 1)
        if first:
            yield _name(entry, first.begin, end, sense=_sense(entry, first.qid, second.qid))


def _by_person(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    before = text.doc[head - 1] if head else None
    if (
        before is None
        or not capital(before)
        or head in text.nation_ends
        or (before.is_sent_start and before.pos_ != "PROPN")
    ):
        return
    if before.ent_type_ == "PERSON" or text.gazetteer.surname(before.text):
        yield _name(entry, head - 1, end, sense=f"{_sense(entry, before.lower_)}")


def _by_leader(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    if head > 2 and text.doc[head - 1].lower_ == "led" and text.doc[head - 2].text in DASHES:
        begin = _run_before(text, head - 2)
        if begin < head - 2:
            yield _name(entry, begin, end, sense=_sense(entry))


def _by_enemy(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    begin = next((i for i in range(head - 2, max(head - 7, 0), -1) if text.doc[i].text in DASHES), 0)
    if (
        begin
        and text.doc[begin - 1].lower_ in _AGAINST
        and all(edge(t) or t.lower_ in INSIDE for t in text.doc[begin + 1 : head])
    ):
        yield _name(entry, begin - 1, end, sense=_sense(entry))


def _by_modifier(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    if head and text.doc[head - 1].lower_ in text.lexicon.of("HeadModifier"):
        yield _name(entry, head - 1, end, sense=_sense(entry))


def _by_name(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    begin = _run_before(text, head)
    if begin == head or text.doc[head].text[0].isupper() or begin < text.headline:
        return
    words = text.slice(begin, head)
    items = text.gazetteer.lookup(words)
    coarse = COARSE[entry.one("lex:class")]
    placed = not items or any(COARSE.get(item.cls) == coarse for item in items)
    if placed and head not in text.nation_ends and not text.gazetteer.demonym(words.split()[-1]):
        yield _name(entry, begin, end, bare=(begin, head) if entry.one("lex:bare") else None)


def _by_called(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    """Thus "Hezbollah movement" names Hezbollah."""
    found = next(_by_name(text, head, end, entry), None)
    if found and not (head - found.begin == 1 and text.opens(found.begin) and _common(text, found.begin)):
        yield _hint(found.begin, head, entry, rank=WORD)


def _unknown(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    known = ", ".join((*_BEFORE, *_AFTER))
    raise OntologyError("unknown value of lex:before or lex:after", where=entry.id, hint=f"use one of {known}")


def _run_before(text: Text, end: int) -> int:
    """Where the capitalised run begins that ends at a token; the token itself if none does."""
    begin = text.run_at.get(end - 1, (end, end))[0]
    nation = text.nation_starts.get(begin)
    if nation and nation.demonym and nation.end < end:
        begin = nation.end
    return begin if begin < end and capital(text.doc[end - 1]) else end


def _after_of(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    """As in "Ministry of Oil", "government of Iraq": in lower case only with a nation."""
    if end + 1 >= len(text.doc) or text.doc[end].lower_ != "of":
        return
    start = end + 1 + (text.doc[end + 1].lower_ == "the")
    nation = text.nation_starts.get(start)
    if nation and not nation.demonym and "nation" in entry.all("lex:before"):
        begin = _run_before(text, head + 1) if capital(text.doc[head]) else head
        yield _name(entry, min(begin, head), nation.end, sense=_sense(entry, nation.qid))


def _after_names(text: Text, head: int, end: int, entry: Entry) -> Iterator[Name]:
    """As in "the village of Safina" tells the class of Safina."""
    if end + 1 < len(text.doc) and text.doc[end].lower_ == "of":
        run = text.run_at.get(end + 1)
        if run and run[0] == end + 1:
            stop = _cut(text, *run)
            yield _hint(end + 1, stop, entry, rank=WORD)


def _alone(text: Text, head: int, end: int, entry: Entry) -> list[Name]:
    """As in "the Coalition": a capitalised noun that is a name by itself, where capitals mean anything."""
    token = text.doc[head]
    if (
        not entry.one("lex:alone")
        or not capital(token)
        or head < text.headline
        or (text.opens(head) and end not in text.titled)
    ):
        return []
    within = end not in text.titled and text.run_at.get(head, (0, 0))[1] > end
    return [] if within else [_name(entry, head, end, sense=_sense(entry))]


_BEFORE = {
    "nation": _by_nation, "pair": _by_pair, "person": _by_person, "led": _by_leader, "against": _by_enemy,
    "modifier": _by_modifier, "name": _by_name, "called": _by_called,
}  # fmt: skip
_AFTER = {"of": _after_of, "names": _after_names}


def proper(text: Text) -> Iterator[Name]:
    """Capitalised names that end in a common noun: "Syria Recovery Trust Fund", "Ministry of Oil", "Operation X"."""
    for begin, end in text.runs:
        for first, last in _parts(text, begin, end) if begin >= text.headline else ():
            yield from _proper(text, first, last)


def _parts(text: Text, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a run that titles and people divide: "Corp." and "Command" of "X Corp. Maj. Y Z of the W Command"."""
    first = begin
    for i in range(begin, end):
        link = i > begin and text.doc[i].lower_ in LINKS
        person = link and (text.doc[i - 1].ent_type_ == "PERSON" or first - 1 in text.titled)
        if i in text.titled or person:
            yield first, i
            first = i + 1 + (i + 1 < end and text.doc[i + 1].lower_ == "the")
    yield first, end


def _led(text: Text, begin: int, end: int) -> Iterator[Name]:
    """Names that begin with their common noun: "Lake Chad"."""
    for stop, entry in text.phrases(begin, text.lexicon.of("NameHead")) if begin < end else ():
        if entry.one("lex:leads") and stop < end and capital(text.doc[stop]):
            yield _name(entry, begin, _cut(text, begin, end))
            return


def _proper(text: Text, begin: int, end: int) -> Iterator[Name]:
    yield from _led(text, begin, end)
    found = last_head(text, begin, end)
    if not found:
        return
    head, stop, entry = found
    if entry.one("lex:class") == "Event":
        leads = head == begin
        yield _name(entry, begin, end if leads else stop, nests=True)
        yield from _proper(text, begin, head)
        yield from _prefix(text, begin, head)
        return
    if stop - begin < 2:
        return
    nation = text.nation_starts.get(begin)
    whole = nation is not None and nation.end == head
    sense = _sense(entry, nation.qid) if nation and whole and entry.one("lex:before") else ""
    own = entry.one("lex:class") if sense else entry.one("lex:proper") or entry.one("lex:class")
    owned = begin > 1 and text.doc[begin - 1].text in POSSESSIVE and begin - 1 in text.nation_ends
    cls = own if owned else _modified(text, begin, head, own)
    name = Name(
        begin=begin,
        end=_extended(text, stop, end, cls),
        cls=cls,
        weight=BY_HEAD,
        rank=PATTERN,
        rule=entry.id,
        sense=sense,
    )
    yield name


def _prefix(text: Text, begin: int, end: int) -> Iterator[Name]:
    """The names before the noun of an event: "Brussels" of "Brussels Conference"."""
    for item in _one_a_class(text.gazetteer.lookup(text.slice(begin, end))) if begin < end else ():
        yield Name(begin=begin, end=end, cls=item.cls, weight=1.0 + 3 * item.prior, rank=KNOWN, rule="gazetteer")


def _untitled(text: Text, begin: int, end: int) -> int:
    """The first token of a run after the titles it begins with; the run's own if there is nothing else."""
    first = begin
    while first < end and first in text.titled:
        first += 1
    return first if first < end and text.doc[first].lower_ not in LINKS else begin


def _modified(text: Text, begin: int, head: int, cls: str) -> str:
    for token in text.doc[begin:head]:
        for entry in text.lexicon.of("NameModifier").get(token.lower_, ()):
            cls = entry.one("lex:to") if entry.one("lex:from") == cls else cls
    return cls


def _extended(text: Text, stop: int, end: int, cls: str) -> int:
    """The end of a unit's name with its number or, after a dash, its operation: "Unit Two", "Task Force - X"."""
    while stop < end and text.doc[stop].pos_ == "NUM":
        stop += 1
    if cls == "ArmedForce" and stop + 1 < len(text.doc) and text.doc[stop].text in DASHES:
        end = text.run_at.get(stop + 1, (0, stop))[1]
        return _before_titles(text, stop, end)
    return stop


def _before_titles(text: Text, begin: int, end: int) -> int:
    """The end without the titles that end there: "UN" of "UN Special Envoy"."""
    while end > begin and end - 1 in text.titled:
        end -= 1
    return end


def _cut(text: Text, begin: int, end: int) -> int:
    """The end of a place's name in a run: before "and", "of", "for"."""
    return next((i for i in range(begin + 1, end) if text.doc[i].lower_ in {"and", "of", "for"}), end)


# the model, the gazetteer, the words around ----------------------------------------------------------------------------


#: Tags of finite verbs; a span with one in lower case is a clause, not a name.
_FINITE = frozenset(("VBD", "VBZ", "VBP"))


def recognised(text: Text) -> Iterator[Name]:
    """The model's entities, without titles, "the" and possessives."""
    for ent in text.doc.ents:
        if ent.label_ not in LABELS or any(token.tag_ in _FINITE and token.is_lower for token in ent):
            continue
        for begin, end, kind in _divided(text, ent):
            begin, end = _trimmed(text, begin, end, person=kind == "PERSON")
            if begin < end and _is_name(text, begin, end):
                cls, weight = LABELS[kind]
                yield Name(begin=begin, end=end, cls=cls, weight=weight, rank=MODEL, rule="model")
                yield from _by_last_word(text, begin, end)


def _by_last_word(text: Text, begin: int, end: int) -> Iterator[Name]:
    """What the common noun at the end of a model's span says of its class."""
    table = text.lexicon.of("NameHead")
    for i in range(max(begin + 1, end - 4), end):
        for stop, entry in text.phrases(i, table):
            if stop == end and entry.one("lex:class") in COARSE and closes(text, i, stop, end, entry):
                yield _hint(begin, end, entry, rank=0, weight=BY_HEAD)
                return


def _divided(text: Text, ent: Span) -> Iterator[tuple[int, int, str]]:
    """A model's span in two where a title stands within it: "UN Special Envoy de Mistura"."""
    inner = [i for i in range(ent.start + 1, ent.end - 1) if i in text.titled]
    if not inner or ent.label_ == "PERSON":
        yield ent.start, ent.end, ent.label_
        return
    yield ent.start, inner[0], ent.label_
    yield inner[-1] + 1, ent.end, "PERSON"


def _trimmed(text: Text, begin: int, end: int, *, person: bool) -> tuple[int, int]:
    """A model's span without small words, marks and titles around it, and with the rest of a hyphenated name."""
    while begin < end and (text.doc[begin].is_punct or _small(text, begin)):
        begin += 1
    while begin < end and _tail(text.doc[end - 1]):
        end -= 1
    while begin < end and begin in text.titled:
        begin += 1
    if not person:
        end = _before_titles(text, begin, end)
        while begin < end and (_tail(text.doc[end - 1]) or end - 1 in text.titled):
            end -= 1
    return _completed(text, begin, end) if begin < end else (begin, end)


def _tail(token: Token) -> bool:
    """Whether a word at the end of a model's span is not of the name: a mark, a possessive, a lower-case word."""
    return token.is_space or token.is_punct or token.text in POSSESSIVE or (token.is_alpha and token.is_lower)


def _small(text: Text, i: int) -> bool:
    """Whether a name's first word is none: lower case, or "The"; "al-" before a name is one."""
    token = text.doc[i]
    return token.lower_ in {"the", "a", "an"} or (not capital(token) and token.lower_ not in ARABIC)


def _completed(text: Text, begin: int, end: int) -> tuple[int, int]:
    """A span with the Arabic article before it and with what a hyphen ties to it, unless that is a name of its own."""
    while begin and _part_of_name(text, begin - 1):
        begin -= 1
    run = text.run_at.get(begin, (begin, end))
    run = run if end <= run[1] else (begin, end)
    parts = "".join(t.text_with_ws for t in text.doc[run[0] : run[1]]).split()
    tied = len(parts) == 1 and any(t.text in DASHES for t in text.doc[run[0] : run[1]])
    free = any(text.gazetteer.lookup(p) for p in re.split("[-\u2010-\u2014]", parts[0])) if tied else True
    return (begin, end) if free else run


def _part_of_name(text: Text, i: int) -> bool:
    """Whether the word at i belongs to the name after it: "Al Shadaddi", "de Mistura", "al-Najafi"."""
    word, hyphen = text.doc[i], text.doc[i].text in DASHES and i > 0 and text.doc[i - 1].lower_ in ARABIC
    return hyphen or word.lower_ in _PARTICLES or (word.lower_ in ARABIC and (capital(word) or not word.whitespace_))


def _is_name(text: Text, begin: int, end: int) -> bool:
    """Whether a model's span looks like a name: capitalised, with a proper noun, no bare demonym, no word of a headline."""
    span = text.doc[begin:end]
    nation = text.nation_starts.get(begin)
    if nation and nation.demonym and nation.end >= end:
        return False
    if not any(capital(t) for t in span) or _BAD.search(span.text) or "\n" in span.text:
        return False
    if text.lower[span.start_char : span.end_char] in text.lexicon.of("NoName"):
        return False
    if end - begin == 1 and text.opens(begin) and _common(text, begin):
        return False
    if end <= text.headline:
        return bool(text.gazetteer.lookup(span.text)) or _recurs(text, span.text)
    return any(t.pos_ in {"PROPN", "X"} or t.tag_.startswith("NNP") for t in span)


def _common(text: Text, i: int) -> bool:
    """Whether a word is a common noun that only opens a sentence: "Army", "Officials"."""
    kinds = ("NameHead", "ClassNoun", "Anaphor", "MemberNoun", "NameTitle")
    return any(text.doc[i].lower_ in text.lexicon.of(kind) for kind in kinds)


def _recurs(text: Text, words: str) -> bool:
    body = text.doc[text.doc._.kb_title_end].idx if text.doc._.kb_title_end < len(text.doc) else len(text.raw)
    return re.search(rf"\b{re.escape(words)}\b", text.raw[body:]) is not None


def known(text: Text) -> Iterator[Name]:
    """The gazetteer's names among capitalised words; one word alone only where it stands alone and is telling."""
    for token in text.doc:
        if (
            token.i not in text.titled
            and token.lower_ not in {"the", "a", "an"}
            and (capital(token) or text._starts(token.i))
        ):
            yield from _known(text, token.i)


def _known(text: Text, i: int) -> Iterator[Name]:
    telling, farthest = False, min(i + MOST_WORDS, len(text.doc))
    for end in range(next((t.i for t in text.doc[i + 1 : farthest] if t.is_sent_start), farthest), i, -1):
        if edge(text.doc[end - 1]):
            items = text.items(i, end)
            rank = 0 if telling or not items or not _telling(text, i, end, items) else _rank(end - i, items)
            telling = telling or rank > 0
            for item in _one_a_class(items):
                yield Name(begin=i, end=end, cls=item.cls, weight=1.0 + 3 * item.prior, rank=rank, rule="gazetteer")


def _rank(words: int, items: Sequence[Item]) -> int:
    return KNOWN if words > 1 else MODEL if items[0].cls == "Country" else WORD


def _one_a_class(items: Sequence[Item]) -> list[Item]:
    best: dict[str, Item] = {}
    for item in items:
        best.setdefault(item.cls, item)
    return list(best.values())


def _telling(text: Text, begin: int, end: int, items: Sequence[Item]) -> bool:
    first, token = items[0], text.doc[begin]
    if end - begin > 1:
        return first.cls != "Person" or first.prior > 0.1
    if first.cls == "Country":
        return True
    if (
        first.cls == "Person"
        or (text.opens(begin) and _common(text, begin))
        or (token.tag_[:3] != "NNP" and token.pos_ != "PROPN")
    ):
        return False
    alone = begin < text.headline or text.run_at.get(begin) == (begin, end)
    return alone and (first.prior >= 0.3 or first.cls in {"ArmedGroup", "InternationalOrganization"})


def hinted(text: Text) -> Iterator[Name]:
    """What nouns and titles around a name say of its class: "news agency Sana", "Boukamal, a town", "Prime Minister X"."""
    nouns, titles, places = (text.lexicon.of(kind) for kind in ("ClassNoun", "NameTitle", "PlaceCue"))
    for begin, end in text.runs:
        noun = next((e for i in range(max(0, begin - 3), begin) for s, e in text.phrases(i, nouns) if s == begin), None)
        if noun and begin >= text.headline:
            yield _hint(begin, _cut(text, begin, end), noun, rank=0)
        yield from _turned(text, begin, end)
        first = _untitled(text, begin, end)
        if first > begin or any(
            stop == begin for i in range(max(0, begin - 3), begin) for stop, _ in text.phrases(i, titles)
        ):
            last = _cut(text, first, end)
            rank = WORD if first > begin and 1 < last - first < 5 and first >= text.headline else 0
            yield Name(begin=first, end=last, cls="Person", weight=BY_TITLE, rank=rank, rule="title")
        cue = next((e for i in range(max(0, begin - 3), begin) for s, e in text.phrases(i, places) if s == begin), None)
        if cue:
            weight = BY_PLACE * (2 if cue.one("lex:sure") else 1)
            yield Name(begin=begin, end=_cut(text, begin, end), cls="Place", weight=weight, rank=0, rule=cue.id)
    yield from _appositions(text)


def _turned(text: Text, begin: int, end: int) -> Iterator[Name]:
    """As in "East Mosul": a part of a city."""
    for entry in text.lexicon.of("NameModifier").get(text.doc[begin].lower_, ()) if begin + 1 < end else ():
        items = text.gazetteer.lookup(text.slice(begin + 1, end))
        if items and items[0].cls == entry.one("lex:from"):
            yield Name(begin=begin, end=end, cls=entry.one("lex:to"), weight=BY_HEAD, rank=0, rule=entry.id)


def _appositions(text: Text) -> Iterator[Name]:
    nouns = text.lexicon.of("ClassNoun")
    for token in text.doc:
        for entry in nouns.get(token.lemma_.lower(), ()) if token.dep_ == "appos" else ():
            run = text.run_at.get(token.head.i)
            if run:
                yield _hint(*run, entry, rank=0)


def _hint(begin: int, end: int, entry: Entry, *, rank: int, weight: float = BY_NOUN) -> Name:
    return Name(begin=begin, end=end, cls=entry.one("lex:class"), weight=weight, rank=rank, rule=entry.id)


def grouped(text: Text) -> Iterator[Name]:
    """Groups known by their people: "M23 rebels"."""
    for begin, end in text.runs:
        follower = text.doc[end] if end < len(text.doc) else None
        if follower is None or begin < text.headline or end in text.nation_ends or follower.text != follower.lower_:
            continue
        barred = text.slice(begin, end).lower() in text.lexicon.of("NoName") or end - 1 in text.titled
        for entry in (
            text.lexicon.of("ClassNoun").get(follower.lower_, ()) if follower.tag_ == "NNS" and not barred else ()
        ):
            if text.gazetteer.demonym(text.doc[end - 1].text) is None:
                yield _hint(begin, end, entry, rank=WORD)


def acronym(words: str) -> bool:
    """Whether a word looks like an acronym: two capitals, no lower-case tail.

    >>> acronym("YPG"), acronym("U.S."), acronym("McGurk")
    (True, True, False)
    """
    letters = words.replace(".", "").replace("-", "")
    return bool(_ACRONYM.match(words)) and sum(c.isupper() for c in letters) > len(letters) / 2 and len(letters) < 11
