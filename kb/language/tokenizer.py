"""The tokenizer: spaCy's English rules, brought closer to the words of the English Web Treebank.

Universal Dependencies divides every hyphenated word ("U.S.-led" is three words); spaCy's rules leave some whole. Titles
that news abbreviates keep their full stop.
"""

import spacy
from spacy.language import Language
from spacy.symbols import ORTH
from spacy.util import compile_infix_regex

_DASH = "[-\u2010\u2011\u2012\u2013\u2014~]"
_INFIXES = (rf"(?<=[A-Za-z0-9.]){_DASH}(?=[A-Za-z])", rf"(?<=[A-Za-z]){_DASH}(?=[0-9])")
_ABBREVIATIONS = (
    "Col.", "Lt.", "Sgt.", "Maj.", "Capt.", "Cmdr.", "Brig.", "Cpl.", "Pvt.", "Pfc.", "Spc.", "Hon.", "Amb.", "Supt.", "Insp.",
    "Ret.", "No.", "Nos.", "Ft.", "Mt.", "Sr.", "Hr.", "Calif.", "Pa.", "Va.", "Mass.", "Conn.", "Tenn.", "Okla.", "Ariz.",
)  # fmt: skip


def blank() -> Language:
    """An English pipeline with this tokenizer and no component."""
    nlp = spacy.blank("en")
    infixes = compile_infix_regex([*_INFIXES, *(nlp.Defaults.infixes or ())])
    nlp.tokenizer.infix_finditer = infixes.finditer  # type: ignore[union-attr]
    for word in _ABBREVIATIONS:
        nlp.tokenizer.add_special_case(word, [{ORTH: word}])  # type: ignore[union-attr]
    return nlp
