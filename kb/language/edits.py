"""Lemmas as edit rules: how to get from a word to its lemma.

A rule says how the letters' case changes, how many letters go at the end, and what comes instead: "lower|3|y" turns
"Cities" into "city". The method is that of edit-tree lemmatisers, cut to suffixes (English needs no more), with whole-word
replacement as the last resort ("was" to "be" is "lower|3|be").
"""


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
