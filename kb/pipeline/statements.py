"""Who said what: direct, indirect and mixed quotation, and attitudes that are stated ("welcomes", "condemned").

One interpreter of the lexicon's ``lex:SpeechCue`` rows over the grammar's slots and the text's quotation marks: one cue is
one statement, and what is quoted around it belongs to it. Writes ``doc._.kb_statements``; reads the mentions and references.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc, Token

from kb.gazetteer import load_gazetteer
from kb.pipeline.capitals import state_of
from kb.pipeline.fillers import Filler
from kb.pipeline.grammar import arguments, children, clause_heads, is_passive, phrase
from kb.pipeline.lemmas import lemmas
from kb.pipeline.lexicon import Lexicon, load_lexicon
from kb.pipeline.parties import Parties
from kb.pipeline.quotations import Quotation, paragraphs, quotations
from kb.resources import Entry

__all__ = ["StatementFinder", "create"]

#: A stretch of tokens: first, and the one after the last.
Piece = tuple[int, int]

#: A quotation with fewer words is a term in somebody's sentence, not speech of its own.
_FEWEST = 4
#: … unless it ends like a sentence.
_FINAL = frozenset({".", "!", "?"})
#: The rule of a statement that stands behind its speaker and a colon.
_COLON = "lex:speaker-colon"
#: How many tokens back a pronoun may reach for the last speaker.
_NEAR = 150
#: Dependents that are no part of what a cue's clause says.
_OUTSIDE = frozenset({"punct", "cc", "mark", "discourse", "parataxis"})
_NEGATIONS = frozenset({"not", "n't", "never", "neither", "nor"})
_MODALS = frozenset({"would", "could", "might", "may", "should", "can", "will", "'ll", "wo", "ca", "must"})
_FIRST = frozenset({"i", "we"})
_SUBJECTS = frozenset({"nsubj", "nsubj:pass", "obj", "nsubj:outer"})


@dataclass(frozen=True, slots=True)
class Said:
    """A statement.

    Attributes:
        speakers: fillers.
        pieces: what was said, in text order.
        attitude: how the speaker takes it.
        cue: the word that says so.
        rule: id of the lexical entry.
        confidence: in [0, 1].
        direct: whether the words are the speaker's own.
    """

    speakers: tuple[tuple[str | int, ...], ...]
    pieces: tuple[Piece, ...]
    attitude: str
    cue: int
    rule: str
    confidence: float
    direct: bool = field(default=False, compare=False)

    def covers(self, i: int) -> bool:
        """Whether a token is part of what was said."""
        return any(begin <= i < end for begin, end in self.pieces)


class StatementFinder:
    """The statements of a ``Doc``.

    Args:
        lexicon: the lexicon.
    """

    def __init__(self, lexicon: Lexicon) -> None:
        self.lexicon = lexicon
        self._cues: dict[tuple[str, str], list[tuple[str, Entry]]] = {}
        every = [row for rows in lexicon.of("SpeechCue").values() for row in rows]
        self._elaborating = frozenset(row.id for row in every if row.one("lex:elaborates"))
        for label, rows in lexicon.of("SpeechCue").items():
            first, _, second = label.partition(" ")
            for row in rows:
                self._cues.setdefault((first, row.one("lex:pos")), []).append((second, row))

    def __call__(self, doc: Doc) -> Doc:
        """Write the statements of a document."""
        doc._.kb_statements = [_plain(doc, said) for said in self.find(doc)]
        return doc

    def find(self, doc: Doc) -> list[Said]:
        """The statements in the order of their cues."""
        reader = _Reader(doc, self.lexicon)
        found: list[Said] = list(reader.headed())
        for token in doc:
            said = reader.said(token, self.rows(token), found)
            if said is not None:
                found.append(said)
        return _merged(doc, reader.continued(sorted(found, key=lambda s: s.cue)), self._elaborating)

    def rows(self, token: Token) -> list[Entry]:
        """The entries that a word may be a cue of, those of two words first."""
        pos = {"PROPN": "NOUN", "AUX": "VERB"}.get(token.pos_, token.pos_)
        rows = next((r for lemma in lemmas(token) if (r := self._cues.get((lemma, pos)))), [])
        found = [row for second, row in rows if second and _companion(token, second)]
        found += [row for second, row in rows if not second]
        after = token.nbor().lower_ if token.i + 1 < len(token.doc) else ""
        return found + [row for second, row in self._cues.get((token.lower_, "ADP"), []) if second == after]


def _companion(token: Token, word: str) -> bool:
    particles = (t for t in token.children if t.dep_ in {"compound:prt", "obj", "xcomp", "advmod", "case"})
    return any(t.lemma_.lower() == word for t in particles)


class _Reader:
    """Applies the cues to one ``Doc``."""

    def __init__(self, doc: Doc, lexicon: Lexicon) -> None:
        self.doc, self.lexicon, self.parties = doc, lexicon, Parties(doc, lexicon)
        self.quoted = [q for q in quotations(doc) if _is_speech(doc, q)]
        self.speakers = {w for kind in ("SpeakerNoun", "PositionNoun", "AgentNoun") for w in lexicon.of(kind)}
        self.media, self.carriers = lexicon.of("SpeechMedium"), lexicon.of("SpeechCarrier")
        self.relays = {
            label for label, rows in lexicon.of("SpeechCue").items() if "relay" in rows[0].all("lex:content")
        }
        self._titles: list[Piece] = [tuple(p["title"]) for p in doc._.kb_positions]
        self._held = [(p["person"], {t.lower_ for t in doc[slice(*p["title"])]}) for p in doc._.kb_positions]
        self.verbs = lexicon.of("SpeechCue")
        self.zones: list[tuple[Piece, Said]] = []

    # The cue ----------------------------------------------------------------
    def said(self, token: Token, rows: Sequence[Entry], before: Sequence[Said]) -> Said | None:
        """The statement of which a word is the cue, or None."""
        for row in rows:
            speakers = self._speakers(token, row, before) if self._asserted(token, row) else []
            pieces = self._content(token, row) if speakers else []
            if pieces and self._own(token, speakers):
                return self._statement(token, row, speakers, pieces)
        return None

    def _statement(self, token: Token, row: Entry, speakers: Sequence[Filler], pieces: list[Piece]) -> Said:
        direct = any(q.begin <= b < q.end for q in self.quoted for b, _ in pieces)
        said = Said(
            speakers=tuple(map(tuple, speakers)),
            pieces=tuple(pieces),
            attitude=self._attitude(row, pieces),
            cue=token.i,
            rule=row.id,
            confidence=0.9 if direct or row.one("lex:attitude") == "Reports" else 0.8,
            direct=direct,
        )
        zone = self._zone(token)
        if zone:
            said = replace(said, pieces=tuple(_tidied(self.doc, [*pieces, *zone])))
            self.zones.extend((piece, said) for piece in zone)
        return said

    def _attitude(self, row: Entry, pieces: Sequence[Piece]) -> str:
        """How the speaker takes it: by the cue, or, where that only reports, by a word of judgement in what was said."""
        stated = row.one("lex:attitude", "Reports")
        words = (token for begin, end in pieces for token in self.doc[begin:end])
        judged = (cue for token in words for cue in self.lexicon.of("StanceCue").get(token.lemma_.lower(), ()))
        return next((cue.one("lex:attitude") for cue in judged), stated) if stated == "Reports" else stated

    def _asserted(self, token: Token, row: Entry) -> bool:
        """Whether the speech is stated to have happened: no negation, modal, or infinitive of a mere intention."""
        if row.one("lex:pos") != "VERB":
            return True
        if any(t.lower_ in _NEGATIONS for t in token.children) or any(
            t.lower_ in _MODALS for t in children(token, "aux")
        ):
            return False
        if "relay" in row.all("lex:content") or (token.dep_ == "amod" and not children(token, "obl", "obl:agent")):
            return False
        return not _to(token) or token.head.lemma_.lower() in self.carriers

    def _own(self, token: Token, speakers: Sequence[Filler]) -> bool:
        """Whether the words are not just part of somebody else's direct speech."""
        inside = any(token.i in q for q in self.quoted) or any(b <= token.i < e for (b, e), _ in self.zones)
        if not inside:
            return True
        return any(one[0] and self.doc[int(one[1])].pos_ == "PROPN" for one in speakers)

    # The speaker --------------------------------------------------------------
    def _speakers(self, token: Token, row: Entry, before: Sequence[Said]) -> list[Filler]:
        found = [one for head in self._speaker_heads(token, row) for one in self._speaker(head, before)]
        return list({one[0] or tuple(one): one for one in reversed(found)}.values())[::-1]

    def _speaker_heads(self, token: Token, row: Entry) -> list[Token]:
        pos = row.one("lex:pos")
        if pos == "ADP":
            return _according(token)
        if pos == "NOUN":
            return [t for slot, t in arguments(token) if slot in {"poss", "by", "from", "of"}]
        if any(t.lower_ == "as" for t in children(token, "mark")) and token.head.lemma_.lower() in self.relays:
            return [t for slot, t in arguments(token.head) if slot == "obj"]
        governor = token.head if _to(token) else _main(token)
        subjects = [t for slot, t in arguments(governor) if slot == "subj"]
        return subjects or [t for slot, t in arguments(token) if slot == "by"]

    def _speaker(self, head: Token, before: Sequence[Said]) -> list[Filler]:
        """The fillers of a speaker's head: a person or body, or whose words a medium carries."""
        if head.lemma_.lower() in self.media and head.i not in self.parties.index:
            return self._behind(head, before)
        holder = self._holder(head)
        fillers = [holder] if holder else self.parties.of(head)
        if not fillers and head.lower_ in {"he", "she"}:
            return self._last_person(head, before)
        return [self._voice(one) for one in fillers if self._speaks(one)]

    def _voice(self, one: Filler) -> Filler:
        """The country for a capital that speaks for its government; a city is no agent and otherwise only described."""
        if not one[0] or self.parties.isa(self.parties.cls(str(one[0])), "Agent"):
            return one
        return [state_of(self.doc, load_gazetteer(), str(one[0])) or "", one[1], one[2]]

    def _last_person(self, pronoun: Token, before: Sequence[Said]) -> list[Filler]:
        """The person who spoke last, for a pronoun that nothing else resolves."""
        near = [one for said in before if pronoun.i - said.cue < _NEAR for one in said.speakers]
        persons = [one for one in near if self.parties.isa(self.parties.cls(str(one[0])), "Person")]
        return [list(persons[-1])] if persons else []

    def _holder(self, head: Token) -> Filler | None:
        """The person whose post a phrase names: "the secretary", or a title before the name that goes with it."""
        if head.i in self.parties.index and not any(b <= head.i < e for b, e in self._titles):
            return None
        for position in self.doc._.kb_positions:
            begin, end = position["title"]
            if begin <= head.i < end:
                return [position["person"], begin, end]
        vague = any(t.lower_ not in {"the", "this"} for t in children(head, "det", "nmod:poss"))
        if vague or head.tag_ in {"NNS", "NNPS"} or head.pos_ not in {"NOUN", "PROPN"}:
            return None
        span = phrase(head)
        for tokens in (head.subtree, span):
            words = {t.lower_ for t in tokens if t.pos_ != "DET" and not t.is_punct}
            for fits in (words.__eq__, words.__le__):
                holders = {person for person, title in self._held if fits(title)}
                if len(holders) == 1:
                    return [holders.pop(), span.start, span.end]
        return None

    def _speaks(self, one: Filler) -> bool:
        if one[0]:
            cls = self.parties.cls(str(one[0]))
            return self.parties.isa(cls, "Agent") or (self.parties.isa(cls, "City") and not self._dateline(int(one[2])))
        span = self.doc[int(one[1]) : int(one[2])]
        root = span.root
        return (
            any(lemma in self.speakers for lemma in (root.lower_, *lemmas(root)))
            or root.ent_type_ in {"NORP", "ORG", "PERSON"}
            or root.pos_ == "NUM"
        )

    def _dateline(self, end: int) -> bool:
        """Whether a place stands in a dateline ("GAZA (AFP) -"): marks follow it, and it says nothing."""
        return end < len(self.doc) and (self.doc[end].is_punct or self.doc[end].is_digit)

    def _behind(self, medium: Token, before: Sequence[Said]) -> list[Filler]:
        """Whose words a medium carries: who issued it, or, for "the release", who spoke last through one."""
        slots = [t for slot, t in arguments(medium) if slot in {"from", "by", "of", "poss", "compound"}]
        found = [
            one for t in slots for one in self.parties.of(t) if self._speaks(one) and (one[0] or t.pos_ != "PROPN")
        ]
        if found:
            return found[:1]
        if any(t.lower_ in {"the", "this", "that"} for t in children(medium, "det")) and before:
            return [list(one) for one in before[-1].speakers]
        span = phrase(medium)
        return [["", span.start, span.end]]

    # The content ----------------------------------------------------------------
    def _content(self, token: Token, row: Entry) -> list[Piece]:
        contents = row.all("lex:content")
        if row.one("lex:pos") == "ADP":
            return self._host(token)
        if row.one("lex:pos") == "NOUN":
            return self._noun_clause(token)
        quoted = self._quoted(token) if {"clause", "quotation"} & set(contents) else []
        clause = self._clause(token) if "clause" in contents else []
        if quoted or clause:
            return _tidied(self.doc, [*clause, *quoted])
        if self._complemented(token, contents, row.all("lex:without")):
            return self._predicate(token)
        return self._after_colon(token)

    def _clause(self, token: Token) -> list[Piece]:
        """The complement clause of a verb, or the clause that it is a parenthesis of."""
        heads = [
            t for t in children(token, "ccomp", "obj", "xcomp") if _copular(t) or (t.dep_ == "ccomp" and not _to(t))
        ]
        as_ = token.dep_ == "advcl" and any(t.lower_ == "as" for t in children(token, "mark"))
        if as_ and not heads and token.head.lemma_.lower() not in self.relays:
            return _runs(t.i for t in _without(token.head, token))
        if token.dep_ == "parataxis" and not heads and token.head.pos_ in {"VERB", "NOUN", "ADJ", "AUX", "PROPN"}:
            return _runs(t.i for t in _without(token.head, token))
        more = [t for t in children(token, "conj") if _goes_on(t) and t.lemma_.lower() not in self.verbs]
        heads += [t for h in heads[:1] for t in more if t.i > h.i]
        return [piece for head in heads for piece in _runs(t.i for t in _without(head, token))]

    def _quoted(self, token: Token) -> list[Piece]:
        """The quotations that a verb of speech introduces, follows or interrupts."""
        if any(token.i in q for q in self.quoted):
            return []
        sentence = token.sent
        found = [q for q in self.quoted if q.begin < sentence.end and q.end > sentence.start]
        found = [q for q in found if self._belongs(q, token)]
        following = self._opened_by_colon(sentence.end) if not found else None
        return [(q.begin, q.end) for q in (*found, *([following] if following else []))]

    def _belongs(self, quotation: Quotation, token: Token) -> bool:
        """Whether the nearest cue-like clause around a quotation is this verb's."""
        governed = {t.i for h in children(token, "ccomp", "parataxis", "obj", "dep") for t in h.subtree}
        if token.dep_ == "parataxis":
            governed |= {t.i for t in _without(token.head, token)}
        if any(i in quotation for i in governed):
            return True
        relayed = token.head.lemma_.lower() in self.relays
        left, right = _clause_edges(token.head if relayed else token)
        return (quotation.end <= left and left - quotation.end <= 3) or 0 <= quotation.begin - right <= 3

    def _opened_by_colon(self, end: int) -> Quotation | None:
        words = [t.i for t in self.doc[max(0, end - 3) : end] if not t.is_space]
        if not words or self.doc[words[-1]].text != ":":
            return None
        return next((q for q in self.quoted if 0 <= q.begin - end <= 3), None)

    def _complemented(self, token: Token, contents: Sequence[str], without: Sequence[str]) -> bool:
        """Whether a verb has a complement of a kind that holds what was said."""
        slots = dict(arguments(token))
        if set(without) & set(slots):
            return False
        whom = slots["obj"].pos_ if "object" in contents and "obj" in slots else ""
        if whom in {"NOUN", "PROPN", "NUM"} or (whom in {"PRON", "DET"} and {"for", "of"} & set(slots)):
            return True
        if "infinitive" in contents and any(
            _infinitive(t) for t in token.subtree if t.head in (token, slots.get("obj"))
        ):
            return True
        cases = {t.lower_ for c in _complements(token) for t in children(c, "case", "mark")} | set(slots)
        return bool(cases & (set(contents) - {"clause", "quotation", "infinitive", "object"}))

    def _predicate(self, token: Token) -> list[Piece]:
        """A verb with its complements, without its subject: "accused Israel of bombarding an area"."""
        passive = is_passive(token) and token.dep_ not in {"acl", "acl:relcl"}
        begin, end = token.i, token.i + 1
        skipped: list[Piece] = []
        for child in _complements(token):
            if (
                passive
                and child.dep_ in {"obl", "obl:agent"}
                and any(t.lower_ == "by" for t in children(child, "case"))
            ):
                skipped.append((child.left_edge.i, phrase(child).end))
            end = max(end, child.right_edge.i + 1)
        for slot, other in arguments(token):
            if slot == "obj" and other.i < token.i:
                begin = min(begin, phrase(other).start)
        inside = set(range(begin, end)) - {i for b, e in skipped for i in range(b, e)}
        return _tidied(self.doc, _runs(inside))

    def _host(self, token: Token) -> list[Piece]:
        """The clause that "according to" modifies, without it."""
        speaker = next(iter(_according(token)), None)
        if speaker is None:
            return []
        host = next((t for t in clause_heads(speaker) if _is_clause(t) and not _holds(token, t)), None)
        if host is None or host.lemma_.lower() in self.relays:
            return []
        aside = {t.i for t in speaker.subtree} | set(range(token.i, speaker.i + 1))
        inside = [t.i for t in host.subtree if t.i not in aside]
        around = [(q.begin, q.end) for q in self.quoted if any(i in q for i in inside)]
        return _tidied(self.doc, [*_runs(inside), *around])

    def _noun_clause(self, token: Token) -> list[Piece]:
        beside = (
            [t for t in children(token.head, "ccomp") if t.left_edge.i == token.i + 1] if token.dep_ == "obj" else []
        )
        heads = [t for t in (*children(token, "acl", "ccomp"), *beside) if children(t, "mark")]
        that = [t for t in heads if any(m.lower_ in {"that", "to"} for m in children(t, "mark"))]
        return _tidied(self.doc, [p for t in that for p in _runs(s.i for s in t.subtree)])

    # Speech after a colon -----------------------------------------------------------
    def _after_colon(self, token: Token) -> list[Piece]:
        return self._zone(token) if _speech(token, self.lexicon) else []

    def _zone(self, token: Token) -> list[Piece]:
        """The paragraphs of unmarked speech that a sentence with a colon at its end introduces."""
        end = token.sent.end
        words = [t for t in token.sent if not t.is_space]
        if not words or words[-1].text != ":" or self._opened_by_colon(end) is not None:
            return []
        rest = [(b, e) for b, e in paragraphs(self.doc) if b >= words[-1].i + 1]
        found: list[Piece] = []
        for begin, stop in rest:
            if found and self._speaks_anew(begin, stop):
                break
            found.append((begin, stop))
        return found

    def _speaks_anew(self, begin: int, end: int) -> bool:
        """Whether a paragraph is no longer speech: its first sentence reports what somebody says."""
        root = self.doc[begin].sent.root
        cue = root.lemma_.lower() in self.lexicon.of("SpeechCue") and root.pos_ == "VERB"
        return cue and any(s == "subj" and t.lower_ not in _FIRST for s, t in arguments(root))

    def headed(self) -> Iterator[Said]:
        """Paragraphs of the form "Speaker: what was said"."""
        for begin, end in paragraphs(self.doc):
            mention = self.parties.index.get(begin)
            if mention is None or mention.start != begin or mention.end >= end or self.doc[mention.end].text != ":":
                continue
            cls = self.parties.cls(mention.id_)
            rest = [t for t in self.doc[mention.end + 1 : end] if t.pos_ in {"VERB", "AUX"}]
            if rest and (self.parties.isa(cls, "Person") or self.parties.isa(cls, "Organization")):
                pieces = _tidied(self.doc, [(mention.end + 1, end)])
                speaker = (mention.id_, mention.start, mention.end)
                yield Said((speaker,), tuple(pieces), "Reports", mention.end, _COLON, 0.7)

    # Quotations that go on --------------------------------------------------------
    def continued(self, found: Sequence[Said]) -> list[Said]:
        """The statements with the quotations that go on after them: "…," he said. "…"."""
        statements = list(found)
        for quotation in self.quoted:
            if any(s.covers(quotation.begin) or s.cue in quotation for s in statements):
                continue
            at = self._continued(quotation, statements)
            if at is not None:
                said = statements[at]
                pieces = _tidied(self.doc, [*said.pieces, (quotation.begin, quotation.end)])
                statements[at] = replace(said, pieces=tuple(pieces), direct=True)
        return statements

    def _continued(self, quotation: Quotation, statements: Sequence[Said]) -> int | None:
        """The statement that a quotation without a cue of its own continues: that of the sentence before it."""
        start = self.doc[quotation.begin].sent.start
        if any(not t.is_punct and not t.is_space for t in self.doc[start : quotation.begin]):
            return None
        before = next((t for t in reversed(self.doc[:start]) if not t.is_space), None)
        if before is None:
            return None
        sentence = before.sent
        near = [i for i, s in enumerate(statements) if sentence.start <= s.cue < sentence.end or s.covers(before.i - 1)]
        return near[-1] if near else None


def _is_speech(doc: Doc, quotation: Quotation) -> bool:
    """Whether a quotation is more than a term: by its length, its end, or a verb before a comma."""
    words, last = doc[quotation.begin : quotation.end], doc[quotation.end - 1].text
    clause = last == "," and any(t.pos_ in {"VERB", "AUX"} for t in words)
    return quotation.words(doc) >= _FEWEST or last in _FINAL or clause


def _plain(doc: Doc, said: Said) -> dict[str, Any]:
    return {
        "speakers": [list(one) for one in said.speakers],
        "text": [list(piece) for piece in said.pieces],
        "attitude": said.attitude,
        "about": _about(doc, said),
        "cue": said.cue,
        "rule": said.rule,
        "confidence": said.confidence,
    }


def _about(doc: Doc, said: Said) -> list[list[str | int]]:
    """The entities that stand as subject or object in what was said."""
    own = {one[0] for one in said.speakers}
    found: dict[str, list[str | int]] = {}
    for span in doc.spans.get("entities", []):
        if said.covers(span.start) and span.root.dep_ in _SUBJECTS and span.id_ not in own:
            found.setdefault(span.id_, [span.id_, span.start, span.end])
    return list(found.values())


def _speech(token: Token, lexicon: Lexicon) -> bool:
    rows = [
        row
        for label, rows in lexicon.of("SpeechCue").items()
        if label.split(" ")[0] == token.lemma_.lower()
        for row in rows
    ]
    return any({"clause", "quotation"} & set(row.all("lex:content")) for row in rows)


def _according(token: Token) -> list[Token]:
    """The head of the phrase after "according to"."""
    if token.dep_ == "case":
        return [token.head]
    nominal = [t for t in token.doc[token.i + 2 : token.sent.end] if t.pos_ in {"NOUN", "PROPN", "PRON"}]
    return [t for t in nominal if not any(t.is_ancestor(o) is False and o.is_ancestor(t) for o in nominal if o != t)][
        :1
    ]


def _is_clause(token: Token) -> bool:
    return token.dep_ in {"ROOT", "ccomp", "conj", "parataxis", "advcl"} or bool(children(token, "nsubj", "nsubj:pass"))


def _holds(inner: Token, outer: Token) -> bool:
    return inner == outer or inner.is_ancestor(outer)


def _copular(token: Token) -> bool:
    return bool(children(token, "cop")) and token.dep_ in {"obj", "xcomp"} and not _to(token)


def _goes_on(token: Token) -> bool:
    """Whether a clause coordinated with a cue goes on with what was said: it has a pronoun of its own for subject."""
    return any(t.pos_ == "PRON" and t.lower_ not in {"who", "which"} for t in children(token, "nsubj", "nsubj:pass"))


def _without(head: Token, cue: Token) -> Iterable[Token]:
    """The subtree of a clause without that of the cue inside it."""
    aside = set(cue.subtree) if head.is_ancestor(cue) else set()
    return (t for t in head.subtree if t not in aside)


def _complements(token: Token) -> list[Token]:
    """The dependents behind a verb that complete it."""
    deps = {"obj", "iobj", "obl", "obl:agent", "xcomp", "ccomp", "compound:prt", "acl", "nmod", "advcl"}
    kept = [t for t in token.children if t.i > token.i and t.dep_ in deps]
    return [t for t in kept if t.dep_ != "advcl" or not any(p.text == "," for p in children(t, "punct"))]


def _to(token: Token) -> bool:
    """Whether a verb is an infinitive, by its own "to" or that of the verb it is coordinated with."""
    if token.dep_ == "conj" and not children(token, "nsubj", "nsubj:pass", "aux") and token.tag_ == "VB":
        return _to(token.head)
    return any(t.lower_ == "to" for t in children(token, "mark"))


def _infinitive(token: Token) -> bool:
    return token.pos_ == "VERB" and (token.dep_ == "xcomp" or (token.dep_ in {"advcl", "acl", "ccomp"} and _to(token)))


def _clause_edges(token: Token) -> Piece:
    """The stretch of a cue and its own subject and adverbs, without what was said."""
    own = [
        token,
        *(
            t
            for c in children(token, "nsubj", "nsubj:pass", "advmod", "obl", "aux", "iobj", "obl:unmarked")
            for t in c.subtree
        ),
    ]
    return min(t.i for t in own), max(t.i for t in own) + 1


def _runs(tokens: Iterable[int]) -> list[Piece]:
    """The runs of consecutive tokens."""
    runs: list[list[int]] = []
    for i in sorted(set(tokens)):
        if runs and i == runs[-1][1]:
            runs[-1][1] = i + 1
        else:
            runs.append([i, i + 1])
    return [(b, e) for b, e in runs]


def _tidied(doc: Doc, pieces: Iterable[Piece]) -> list[Piece]:
    """Pieces in text order, joined where they touch, without marks and white space at their edges."""
    joined = _runs(
        i for begin, end in pieces for i in range(begin, end) if not (doc[i].is_space and "\n" in doc[i].text)
    )
    return [piece for begin, end in joined if (piece := _trimmed(doc, begin, end)) is not None]


def _trimmed(doc: Doc, begin: int, end: int) -> Piece | None:
    while begin < end and (
        doc[begin].is_space or doc[begin].is_punct or (doc[begin].lower_ == "that" and doc[begin].pos_ == "SCONJ")
    ):
        begin += 1
    while end > begin and (
        doc[end - 1].is_space or (doc[end - 1].is_punct and doc[end - 1].text not in {".", "?", "!", ")"})
    ):
        end -= 1
    return (begin, end) if begin < end else None


def _merged(doc: Doc, found: Sequence[Said], elaborating: frozenset[str]) -> list[Said]:
    """One statement for each cue: what a participle adds to its verb belongs to the verb's ("pushed back, saying …")."""
    kept: list[Said] = []
    for said in found:
        token = doc[said.cue]
        outer = next((i for i, k in enumerate(kept) if _adds(token, k, said, said.rule in elaborating)), None)
        if outer is not None:
            pieces = _tidied(doc, [*kept[outer].pieces, *said.pieces])
            kept[outer] = replace(kept[outer], pieces=tuple(pieces))
        elif token.pos_ == "VERB" or not any(_repeats(k, said) for k in kept):
            kept.append(said)
    return kept


def _main(token: Token) -> Token:
    """The verb that a participle behind a comma adds to: that of the whole sentence; any other verb itself."""
    root = token.sent.root
    trailing = token.dep_ == "advcl" and token.tag_ == "VBG" and token.i > 0 and token.nbor(-1).text == ","
    if not trailing or children(token, "nsubj") or root.i > token.i or root.pos_ != "VERB":
        return token
    return root


def _adds(token: Token, outer: Said, said: Said, elaborates: bool) -> bool:
    above = {token.head.i, _main(token).i} if token.dep_ == "advcl" and token.tag_ == "VBG" else set()
    participle = elaborates and outer.cue in above
    return participle and {s[0] for s in outer.speakers} == {s[0] for s in said.speakers}


def _repeats(outer: Said, said: Said) -> bool:
    same = {s[0] for s in outer.speakers} == {s[0] for s in said.speakers} and outer.speakers[0][0] != ""
    return same and all(outer.covers(i) for begin, end in said.pieces for i in range(begin, end))


@Language.factory(
    "kb_statements", default_config={"ontology": []}, requires=["doc.spans"], assigns=["doc._.kb_statements"]
)
def create(nlp: Language, name: str, ontology: list[str]) -> StatementFinder:
    """The component that finds statements.

    Args:
        nlp: the pipeline.
        name: the component's name in it.
        ontology: folders of Turtle files that extend the lexicon.
    """
    return StatementFinder(load_lexicon(tuple(Path(folder) for folder in ontology)))
