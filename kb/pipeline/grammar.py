"""What a predicate's arguments are, over a Universal Dependencies parse.

One question, answered for verbs and nouns alike: which words fill which slot of this word? Passives, relative clauses,
control, coordination and hyphenated participles ("Iran-backed") are undone here, so that rules speak of ``subj``, ``obj``
and prepositions alone. Nothing here knows a word of the lexicon or a class of the ontology.

Slots: ``subj`` (who does it), ``obj`` (whom it is done to), ``iobj``, ``poss``, ``compound``, ``amod``, ``appos``,
``advmod``, ``where`` (the antecedent of "where"), and each preposition by its lemma ("in", "against", "because of").
"""

from collections.abc import Iterator

from spacy.tokens import Span, Token

#: Dependents to the left that belong to a noun phrase.
_LEFT = frozenset("det amod compound nummod nmod:poss nmod flat advmod obl nmod:unmarked nmod:npmod det:predet".split())
#: Dependents to the right that belong to a noun phrase as people quote it.
_RIGHT = frozenset("flat compound nummod goeswith fixed compound:prt".split())
_NOUNS = frozenset("NOUN PROPN PRON NUM ADJ X SYM".split())
#: Words that may introduce a clause whose subject is that of the clause above: "after taking the town", not "instead of killing them".
_CONTROLLED = frozenset({"to", "by", "after", "before", "while", "when", "since"})
#: How deep coordination and control are followed.
_DEPTH = 4

Argument = tuple[str, Token]


def children(token: Token, *deps: str) -> list[Token]:
    """The dependents with one of the labels, in text order."""
    return [child for child in token.children if child.dep_ in deps]


def preposition(token: Token) -> str:
    """The lemma of a word's case markers, joined ("because of"), or an empty string."""
    found = []
    for case in children(token, "case"):
        found.append(" ".join([case.lower_, *(c.lower_ for c in children(case, "fixed"))]))
    return found[0] if found else ""


def conjuncts(token: Token) -> list[Token]:
    """A word and those coordinated with it, in text order."""
    found = [token]
    for child in children(token, "conj"):
        found.extend(conjuncts(child))
    return found


def is_passive(verb: Token) -> bool:
    """Whether a verb's surface subject is the one it is done to.

    A past tense or a main verb with an object and no auxiliary is none, whatever the tree says.
    """
    finite = verb.tag_ == "VBD" or verb.dep_ == "ROOT"
    if finite and children(verb, "obj") and not children(verb, "aux:pass", "obl:agent"):
        return False
    if children(verb, "nsubj:pass", "aux:pass", "csubj:pass", "obl:agent"):
        return True
    if verb.tag_ != "VBN" or children(verb, "nsubj", "aux", "obj"):
        return verb.tag_ == "VBN" and verb.dep_ in {"acl", "amod"} and not children(verb, "nsubj", "aux")
    return is_passive(verb.head) if verb.dep_ == "conj" else verb.dep_ in {"acl", "amod", "advcl", "xcomp"}


def hyphenated(token: Token) -> Token | None:
    """The noun before a hyphen: "Iran" for "backed" in "Iran-backed"."""
    doc, i = token.doc, token.i
    if (
        i < 2
        or doc[i - 1].text not in {"-", "\u2010", "\u2011", "\u2013"}
        or doc[i - 1].whitespace_
        or doc[i - 2].whitespace_
    ):
        return None
    return doc[i - 2] if doc[i - 2].pos_ in _NOUNS else None


def modified(token: Token) -> Token | None:
    """The noun that a hyphenated participle stands before."""
    if token.head.pos_ in {"NOUN", "PROPN"} and token.head.i > token.i:
        return token.head
    following = next(
        (t for t in token.doc[token.i + 1 : token.i + 5] if t.pos_ == "NOUN" or t.dep_ in {"nsubj", "obj", "obl"}), None
    )
    return following if following is not None and following.pos_ in {"NOUN", "PROPN"} else None


def arguments(token: Token) -> list[Argument]:
    """The slots of a predicate with their heads, coordination inside a slot not yet expanded, text order, no repeats."""
    return list(dict.fromkeys(_verbal(token, 0) if _is_verbal(token) else _nominal(token)))


def _is_verbal(token: Token) -> bool:
    return token.pos_ in {"VERB", "AUX"} or token.tag_ in {"VBN", "VBG", "VBD"}


def _nominal(noun: Token) -> Iterator[Argument]:
    for child in noun.children:
        dep = child.dep_
        if dep == "nmod:poss":
            yield "poss", child
        elif dep in {"compound", "amod", "appos"}:
            yield dep, child
        elif dep in {"nmod", "obl", "nmod:desc"}:
            yield preposition(child) or "compound", child


def _verbal(verb: Token, depth: int) -> Iterator[Argument]:
    left = hyphenated(verb)
    if left is not None and verb.tag_ in {"VBN", "VBD"}:
        noun = modified(verb)
        yield "subj", left
        if noun is not None:
            yield "obj", noun
        return
    passive = is_passive(verb)
    surface = list(_surface_subjects(verb, depth))
    yield from (("obj" if passive else "subj", t) for t in surface)
    yield from _relative(verb)
    for child in verb.children:
        yield from _complement(child, passive=passive)
    if not passive and not children(verb, "obj") and verb.pos_ == "VERB":
        yield from _shared_object(verb)
        yield from _bare_number(verb)


def _complement(child: Token, *, passive: bool) -> Iterator[Argument]:
    dep = child.dep_
    if dep in {"obj", "iobj"} and not _relativizer(child):
        alone = dep == "iobj" and not children(child.head, "obj", "ccomp")
        yield "obj" if alone else dep, child
    elif dep in {"obl", "obl:agent", "obl:unmarked", "obl:npmod", "obl:tmod"} and not _relativizer(child):
        slot = preposition(child) or "bare"
        yield ("subj" if slot == "by" and passive else slot), child
    elif dep == "advmod":
        yield "advmod", child


def _bare_number(verb: Token) -> Iterator[Argument]:
    """In "killed 12 people and wounded 30" the number is the verb's object, also where the tree coordinates it with the people."""
    following = verb.doc[verb.i + 1] if verb.i + 1 < len(verb.doc) else None
    if following is not None and following.pos_ == "NUM" and following.dep_ == "conj":
        yield "obj", following


def _shared_object(verb: Token) -> Iterator[Argument]:
    """In "killed and wounded civilians" the object hangs on one verb and belongs to both."""
    for other in children(verb, "conj"):
        if other.pos_ == "VERB" and not children(other, "nsubj", "nsubj:pass", "aux:pass", "mark"):
            between = verb.doc[verb.i + 1 : other.i]
            if all(t.dep_ in {"cc", "punct", "advmod"} for t in between):
                yield from (("obj", t) for t in children(other, "obj"))


def _relativizer(token: Token) -> bool:
    return token.tag_ in {"WDT", "WP", "WRB", "WP$"} or (token.lower_ == "that" and token.pos_ == "PRON")


def _surface_subjects(verb: Token, depth: int) -> Iterator[Token]:
    own = list(children(verb, "nsubj", "nsubj:pass", "nsubj:outer"))
    if own:
        for subject in own:
            if _relativizer(subject) and verb.dep_ in {"acl:relcl", "acl"}:
                yield verb.head
            elif _relativizer(subject) and verb.dep_ == "conj":
                yield from _surface_subjects(verb.head, depth + 1) if depth < _DEPTH else ()
            else:
                yield subject
    elif depth < _DEPTH:
        yield from _inherited(verb, depth + 1)


def _inherited(verb: Token, depth: int) -> Iterator[Token]:
    """The subject of a clause that has none of its own: from coordination, control ("accused Israel of bombing"), or the noun it modifies."""
    head = verb.head
    if verb.dep_ == "conj" and _is_verbal(head):
        yield from _surface_subjects(head, depth)
    elif verb.dep_ == "xcomp":
        objects = children(head, "obj")
        yield from objects if objects and head.pos_ == "VERB" else _surface_subjects(head, depth)
    elif verb.dep_ in {"advcl", "ccomp", "obl"} and any(
        t.lower_ in {"of", "from"} for t in children(verb, "mark", "case")
    ):
        yield from children(head, "obj", "nsubj:pass")
    elif (
        verb.dep_ == "advcl"
        and _is_verbal(head)
        and all(t.lower_ in _CONTROLLED for t in children(verb, "mark", "case"))
    ):
        yield from _surface_subjects(head, depth)
    elif verb.dep_ in {"acl", "amod"} and verb.tag_ in {"VBG", "VBN"} and head.pos_ in {"NOUN", "PROPN", "PRON"}:
        yield head


def _relative(verb: Token) -> Iterator[Argument]:
    """The antecedent of a relative clause in the slot that the clause leaves to it."""
    if verb.dep_ not in {"acl:relcl", "acl"}:
        return
    passive = is_passive(verb)
    pronouns = [t for t in verb.children if _relativizer(t)]
    for pronoun in pronouns:
        if pronoun.tag_ == "WRB":
            yield from [("where", verb.head)] if pronoun.lower_ == "where" else []
        elif pronoun.dep_ == "obl":
            yield preposition(pronoun), verb.head
        elif pronoun.dep_ == "obj" and not passive:
            yield "obj", verb.head
    if (
        verb.dep_ == "acl:relcl"
        and not pronouns
        and not passive
        and children(verb, "nsubj")
        and not children(verb, "obj")
    ):
        yield "obj", verb.head


def phrase(token: Token) -> Span:
    """The noun phrase of a head: its determiner to its last compound or "of" phrase, no clauses, no apposition."""
    begin, end = token.i, token.i + 1
    for child in token.children:
        if child.i < token.i and child.dep_ in _LEFT and not (child.dep_ in {"nmod", "obl"} and preposition(child)):
            begin = min(begin, child.left_edge.i)
        elif child.i > token.i and child.dep_ in _RIGHT:
            end = max(end, child.right_edge.i + 1)
        elif child.i > token.i and child.dep_ == "nmod" and preposition(child) == "of" and child.left_edge.i == end:
            end = max(end, phrase(child).end)
    return _trimmed(token, begin, end)


def _trimmed(token: Token, begin: int, end: int) -> Span:
    doc = token.doc
    linking = {child.i for child in token.children if child.dep_ in {"cc", "case", "mark"}}
    while begin < end - 1 and (doc[begin].is_space or doc[begin].is_punct or begin in linking):
        begin += 1
    while end > begin + 1 and (doc[end - 1].is_space or doc[end - 1].dep_ == "punct"):
        end -= 1
    return doc[begin:end]


def clause_heads(token: Token) -> Iterator[Token]:
    """The heads above a word up to the root, nearest first."""
    while token.head.i != token.i:
        token = token.head
        yield token
