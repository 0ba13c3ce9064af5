"""Lemmas as edit rules: how to get from a word to its lemma.

A rule says how the letters' case changes, how many letters go at the end, and what comes instead: "lower|3|y" turns
"Cities" into "city". The method is that of edit-tree lemmatisers, cut to suffixes (English needs no more), with whole-word
replacement as the last resort ("was" to "be" is "lower|3|be"). A table of the treebanks' words goes before the rules, and
what a rule makes of a verb or noun that is no word ("speculat") is mended by the endings of English.
"""

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache

#: Endings of inflected verbs and nouns, and what may stand in their place.
_ENDINGS = (("ies", ("y",)), ("ied", ("y",)), ("ing", ("", "e")), ("ed", ("", "e")), ("es", ("", "e")), ("s", ("",)))
#: Parts of speech that are inflected by endings, and tags of names, which keep their capital.
_INFLECTED, _NAMES = frozenset(("VERB", "NOUN", "AUX")), frozenset(("NNP", "NNPS"))
_NUMBER = re.compile(r"\d[\d,]*\d")
#: Ends of words that are whole without an "e": "abduct", "bomb", "fester", "visit".
_WHOLE = re.compile(r"[^aeiou][bdfhkmnptwx]$|(?:er|en|el|et|it|or)$")


def rule_of(word: str, lemma: str) -> str:
    """The rule that turns a word into its lemma."""
    case = "lower" if lemma != word and lemma == lemma.lower() and word != word.lower() else "keep"
    base = word.lower() if case == "lower" else word
    shared = 0
    while shared < min(len(base), len(lemma)) and base[shared] == lemma[shared]:
        shared += 1
    return f"{case}|{len(base) - shared}|{lemma[shared:]}"


def apply_rule(word: str, rule: str) -> str:
    """The lemma that a rule gives; the word itself where the rule asks for more letters than there are."""
    case, cut, ending = rule.split("|", 2)
    base = word.lower() if case == "lower" else word
    keep = len(base) - int(cut)
    return (base[:keep] + ending or word) if keep >= 0 else base


#: Ends of words that have an "e": "waive", "devastate", "authorise", "precede".
_SILENT = re.compile(r"(?:at|is|iz|v|c|u|ced|ag)e$")


class Lemmatiser:
    """Lemmas from words, their tags and predicted rules.

    Args:
        table: lemma by lower-case word, under a part of speech ("PRON"), or under one with its tag ("PRON PRP") where
            that tells more.
        words: what else is a word of English.
    """

    def __init__(self, table: Mapping[str, Mapping[str, str]], words: Container[str]) -> None:
        self.table, self.words = table, words
        self.known = {pos: frozenset(lemmas.values()) for pos, lemmas in table.items() if " " not in pos}
        self.lemma = lru_cache(maxsize=1 << 15)(self._lemma)

    def _lemma(self, word: str, pos: str, tag: str, rule: str) -> str:
        """The lemma of a word with a part of speech (UPOS), a tag (XPOS) and the rule that is predicted for it."""
        if tag in _NAMES:
            return _named(word, pos, apply_rule(word, rule))
        low = word.lower()
        listed = self.table.get(f"{pos} {tag}", {}).get(low) or self.table.get(pos, {}).get(low)
        if listed:
            return listed
        if pos == "NUM" and _NUMBER.fullmatch(word):
            return word.replace(",", "")
        lemma = apply_rule(word, rule)
        return self._mended(low, lemma, pos) if pos in _INFLECTED and lemma.lower() != low else lemma

    def _mended(self, low: str, lemma: str, pos: str) -> str:
        known = self.known.get(pos, frozenset())
        if lemma.lower() in known or lemma.lower() in self.words:
            return lemma
        found = list(uninflected(low))
        certain = [form for form in found if form in known] or [form for form in found if form in self.words]
        likely = [form for form in found[:1] if _WHOLE.search(form)] or [form for form in found if _SILENT.search(form)]
        return next(iter([*certain, *likely]), lemma)


def _named(word: str, pos: str, lemma: str) -> str:
    """The lemma of a word of a name, which keeps its capital, or gets the one that is due to it."""
    if word.islower() and pos == "PROPN" and word.isalpha() and len(word) > 2:
        return lemma.capitalize()
    return lemma[:1].upper() + lemma[1:] if word[:1].isupper() else lemma


def uninflected(word: str) -> Iterator[str]:
    """What an inflected verb or noun in lower case may be a form of, words or not: "hope", "hop" and "hopp" of "hopped"."""
    for ending, befores in _ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) > 1:
            yield from (stem + before for before in befores)
            if ending in {"ing", "ed"} and stem[-1] == stem[-2]:
                yield stem[:-1]
