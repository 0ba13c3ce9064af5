"""The normal form of a post's title: what a table of posts and a newspaper call one post, comes out as one.

Nothing is known here of countries, of persons or of dates: a country within a title stays where it is.
"""

import re
from functools import lru_cache

from kb.gazetteer import CACHE, key

#: Titles of seats, which say less of a person than other posts, and which many hold at once.
SEAT = re.compile(r"((deputy|alternate) )?member of\b", re.IGNORECASE)

#: Of what ministers and secretaries are, where a newspaper says it before the word: "oil minister".
_SUBJECTS = (
    "agriculture|commerce|culture|defence|economy|education|energy|environment|finance|foreign|health|home"
    "|homeland security|housing|industry|information|interior|justice|labour|oil|planning|tourism|trade|transport"
    "|transportation|treasury|water|women"
)
#: Words of a title and what stands for them, in this order. Read off the 3,457 titles of posts in the facts that the table is
#: built from, for the offices that news tells of.
_WORDINGS = tuple(
    (re.compile(pattern), wording)
    for pattern, wording in (
        (r"\bthe ", ""),
        (r"\bfor\b", "of"),
        # Spellings, and two words for one.
        (r"\bdefense\b", "defence"),
        (r"\blabor\b", "labour"),
        (r"\bfinances\b", "finance"),
        (r"\bpetroleum\b", "oil"),
        (r"\b(premier|pm)\b", "prime minister"),
        (r"\bking\b", "monarch"),
        # What newspapers leave out.
        (r"\bfederal (?=(minister|chancellor|president) )", ""),
        (r"\bnational (?=defence\b)", ""),
        (r"\b(foreign (and commonwealth|commonwealth and development|and european)|europe and foreign) affairs\b", "foreign"),
        (r"\b(foreign|external) affairs\b", "foreign"),
        (r"\bforeign and (cooperation|diaspora|emigrants|expatriates|international cooperation|trade)\b", "foreign"),
        (r"\b(internal|interior) affairs\b(?! and)", "interior"),
        (r"\bhome affairs\b", "home"),
        (r"\binterior and (local government|municipalities|public security|safety)\b", "interior"),
        (r"\bdefence and (armed forces logistics|veterans affairs)\b", "defence"),
        (r"\bfinance and (economic planning|economy)\b|\btreasury and finance\b", "finance"),
        # One order of the words.
        (rf"\b({_SUBJECTS}) (minister|secretary)\b", r"\2 of \1"),
        (rf"\bsecretary of state of (?=({_SUBJECTS})\b)", "secretary of "),
    )
)  # fmt: skip


@lru_cache(maxsize=CACHE)
def office(title: str) -> str:
    """The normal form of a title; empty if nothing is left.

    >>> office("Minister of Foreign Affairs of Iraq"), office("the foreign minister of Iraq")
    ('minister of foreign of iraq', 'minister of foreign of iraq')
    """
    text = key(title).casefold()
    for pattern, wording in _WORDINGS:
        text = pattern.sub(wording, text)
    return text
