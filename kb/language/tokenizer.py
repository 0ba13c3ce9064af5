"""The tokenizer: spaCy's English rules, brought closer to the words of the English Web Treebank.

Universal Dependencies divides every hyphenated word ("U.S.-led" is three words); spaCy's rules leave some whole. Titles
that news abbreviates keep their full stop.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

import spacy
from spacy.language import Language
from spacy.symbols import ORTH
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex

_DASH = "[-\u2010\u2011\u2012\u2013\u2014~]"
#: Prefixes that a hyphen does not part from a word without a capital ("non-violent"; but "anti-Assad" is three words).
_PREFIXES = "non anti re co pre pro mid cross post over semi multi ex sub counter inter mini neo micro intra".split()
_JOINED = "".join(rf"(?<!\b[{p[0].upper()}{p[0]}]{p[1:]})" for p in _PREFIXES)
_INFIXES = (
    rf"(?<=[A-Za-z0-9.]){_JOINED}(?:--+|{_DASH})(?=[A-Za-z])",
    rf"(?<=[A-Za-z]){_DASH}(?=[A-Z0-9])",
    "(?<=[A-Za-z])(?:---?|\u2014\u2014)(?=[A-Za-z])",
    # "account(s)" once its last bracket is off; brackets and quotes without a blank between them.
    r"(?<=[a-z])\((?=s$)",
    r"\)(?=\()",
    r"(?<=\))\(",
    r"(?<=\w)\"(?=<)",
    r"(?<=\")<",
)
#: Runs of one mark are one word ("!!!", "=====").
_RUNS = ("[!?]{2,}", "={2,}", r"\*{2,}", "_{2,}", "<{2,}", ">{2,}", r"\${2,}", "~{2,}", "#{2,}", r"\.{2,}")
#: Times of day are two words, however they are written.
_TIMES = (r"(?<=\d)(?:[AaPp]\.[Mm]\.|[AaPp][Mm])",)
#: Telephone numbers and their ends are one word, and so are decades ("60's") and hashtags.
_WHOLE = re.compile(r"(?:\+?(?:\d{1,3}-)?\(?\d{3}\)?-\d{3}-|\d{3}-|x?\d-)\d{4}$|\d{2,4}'s$|#[a-z]\w+$")
#: Words that the treebank divides.
_DIVIDED = (("wan", "na"), ("out", "ta"))
#: What spaCy's own rule for hyphens between letters contains; ours stands in its place.
_HYPHENS = "(?:-|\u2013|\u2014|--|---|\u2014\u2014|~)"
#: What spaCy's rules take for words.
_NO_WORDS = frozenset(("and/or", "):"))
_ABBREVIATIONS = (
    "b/c", "w/", "w/o", "e-mail", "E-mail", "e-mails", "E-mails",
    "Col.", "Lt.", "Sgt.", "Maj.", "Capt.", "Cmdr.", "Brig.", "Cpl.", "Pvt.", "Pfc.", "Spc.", "Hon.", "Amb.", "Supt.", "Insp.",
    "Mon.", "Tue.", "Tues.", "Wed.", "Thu.", "Thur.", "Thurs.", "Fri.", "Sat.", "Sun.", "etc.", "Attn.", "Reps.", "ext.",
    "Ret.", "No.", "Nos.", "Ft.", "Mt.", "Sr.", "Hr.", "Calif.", "Pa.", "Va.", "Mass.", "Conn.", "Tenn.", "Okla.", "Ariz.",
)  # fmt: skip


def blank() -> Language:
    """An English pipeline with this tokenizer and no component."""
    nlp = spacy.blank("en")
    defaults, tokenizer = nlp.Defaults, nlp.tokenizer
    usual = [infix for infix in defaults.infixes or () if _HYPHENS not in str(infix)]
    tokenizer.infix_finditer = compile_infix_regex([*_INFIXES, *_RUNS, *usual]).finditer  # type: ignore[union-attr]
    tokenizer.prefix_search = compile_prefix_regex([*_RUNS, *(defaults.prefixes or ())]).search  # type: ignore[union-attr]
    tokenizer.suffix_search = compile_suffix_regex([*_RUNS, *_TIMES, *(defaults.suffixes or ())]).search  # type: ignore[union-attr]
    tokenizer.token_match = _WHOLE.match  # type: ignore[union-attr]
    tokenizer.rules = {text: rule for text, rule in tokenizer.rules.items() if text not in _NO_WORDS}  # type: ignore[union-attr]
    for parts in list(_special_cases(tokenizer.rules)):  # type: ignore[union-attr]
        tokenizer.add_special_case("".join(parts), [{ORTH: part} for part in parts])  # type: ignore[union-attr]
    return nlp


def _special_cases(rules: Mapping[str, Sequence[Mapping[int, str]]]) -> Iterator[tuple[str, ...]]:
    """The parts of words that no rule divides rightly: abbreviations, and shouted contractions ("DON'T")."""
    yield from ((word,) for word in _ABBREVIATIONS)
    for parts in _DIVIDED:
        yield from (parts, (parts[0].capitalize(), *parts[1:]))
    for text, rule in rules.items():
        if text.islower() and text.endswith("n't"):
            yield tuple(part[ORTH].upper() for part in rule)
