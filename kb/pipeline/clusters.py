"""Which names of an article mean the same: mentions in, clusters with a class and a label out.

A name's normal form, the gazetteer's item, acronyms, surnames, words of one sense and shorter forms bring mentions together,
in that order, each only where nothing else fits as well. What is of different coarse classes stays apart.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from kb.gazetteer import Gazetteer, Item, key
from kb.pipeline.lexicon import Lexicon
from kb.pipeline.names import acronym
from kb.pipeline.texts import COARSE

#: Classes that say little, and what a thing is taken for if nothing says more.
_VAGUE = {"Organization": "Organization", "Place": "City"}
_SMALL = frozenset("of the for and in on to a an al el".split())
#: Occurrences of one kind of evidence beyond this add nothing.
_ENOUGH = 2


@dataclass(slots=True)
class Mention:
    """A chosen name: tokens [begin, end), its words, and what was said of it.

    Attributes:
        votes: (class, weight, rule) of each piece of evidence.
        senses: senses of the patterns it matches.
        bare: tokens of the name without its common noun.
        short: words of these tokens.
    """

    begin: int
    end: int
    words: str
    votes: list[tuple[str, float, str]]
    senses: set[str] = field(default_factory=set)
    bare: tuple[int, int] | None = None
    short: str = ""


@dataclass(slots=True)
class Cluster:
    """Mentions of one entity."""

    mentions: list[Mention]
    cls: str = ""
    item: Item | None = None

    @property
    def names(self) -> dict[str, None]:
        """Every name as written, in text order."""
        return dict.fromkeys(m.words for m in self.mentions)

    @property
    def keys(self) -> dict[str, None]:
        """The normal forms of its names."""
        return dict.fromkeys(_normal(words) for words in self.names)

    @property
    def coarse(self) -> str:
        """Coarse class."""
        return COARSE[self.cls]


@lru_cache(maxsize=1 << 14)
def _normal(words: str) -> str:
    return key(words)


def clusters(mentions: Iterable[Mention], lexicon: Lexicon, gazetteer: Gazetteer) -> list[Cluster]:
    """The entities of an article, in the order of their first mention."""
    found = [Cluster(group) for group in _by_key(mentions)]
    _classify(found, lexicon, gazetteer)
    for same in (_same_item, _same_sense, _expands, _surname, _shorter, _bare):
        found = _merged(found, same)
        _classify(found, lexicon, gazetteer)
    return sorted(found, key=lambda c: min((m.begin, m.end) for m in c.mentions))


def _by_key(mentions: Iterable[Mention]) -> list[list[Mention]]:
    groups: dict[str, list[Mention]] = {}
    for mention in mentions:
        groups.setdefault(_normal(mention.words) or mention.words, []).append(mention)
    return list(groups.values())


# classes ---------------------------------------------------------------------------------------------------------------


def _classify(found: Iterable[Cluster], lexicon: Lexicon, gazetteer: Gazetteer) -> None:
    for cluster in found:
        cluster.cls = decide((vote for m in cluster.mentions for vote in m.votes), lexicon)
        cluster.item = _item(cluster, gazetteer)


def decide(votes: Iterable[tuple[str, float, str]], lexicon: Lexicon) -> str:
    """The most specific class that the evidence speaks for; equal pieces of evidence count twice at most."""
    tally: Counter[str] = Counter()
    for (cls, weight, _), count in Counter(votes).items():
        tally[cls] += weight * min(count, _ENOUGH)  # type: ignore[assignment]
    known = {cls: weight for cls, weight in tally.items() if cls in COARSE}
    fine = {cls: weight for cls, weight in known.items() if cls not in _VAGUE}
    if known.get("Place") and fine.get("Country", 0.0) >= max(
        (w for c, w in fine.items() if COARSE[c] == "Place"), default=0.1
    ):
        known["Country"] += known.pop("Place")
    coarse: dict[str, float] = {}
    for cls, weight in known.items():
        coarse[COARSE[cls]] = coarse.get(COARSE[cls], 0.0) + weight
    best = min(coarse, key=lambda c: (-coarse[c], c), default="Organization")
    fine = {cls: weight for cls, weight in fine.items() if COARSE[cls] == best}
    return min(fine, key=lambda c: (-fine[c], -len(lexicon.superclasses(c)), c)) if fine else _VAGUE.get(best, best)


def _item(cluster: Cluster, gazetteer: Gazetteer) -> Item | None:
    """The gazetteer's item for the longest name that has one of this class."""
    for words in sorted(cluster.names, key=lambda w: (acronym(w), -len(w), w)):
        items = [i for i in gazetteer.lookup(words) if i.cls == cluster.cls] or gazetteer.lookup(words)
        fitting = [i for i in items if COARSE.get(i.cls) == cluster.coarse]
        if fitting and (fitting[0].cls != "Person" or " " in words):
            return fitting[0]
    return None


# merging ---------------------------------------------------------------------------------------------------------------

Same = Callable[[Cluster, Sequence[Cluster]], "Cluster | None"]


def _merged(found: list[Cluster], same: Same) -> list[Cluster]:
    """Each cluster joined to the one that the rule finds for it, if it finds one."""
    for cluster in sorted(found, key=lambda c: (min(len(w) for w in c.names), c.mentions[0].begin)):
        others = [other for other in found if other is not cluster and other.mentions]
        home = same(cluster, others)
        if home is not None:
            if home.coarse != cluster.coarse:
                _mute(cluster)
            home.mentions.extend(cluster.mentions)
            home.mentions.sort(key=lambda m: (m.begin, m.end))
            cluster.mentions = []
            found = [c for c in found if c.mentions]
    return found


def _mute(cluster: Cluster) -> None:
    """Forget what was thought of names that turn out to be another's."""
    for mention in cluster.mentions:
        mention.votes = []


def _only(fitting: list[Cluster]) -> Cluster | None:
    return fitting[0] if len(fitting) == 1 else None


def _same_item(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    item = cluster.item
    return _only([o for o in others if item and o.item and o.item.qid == item.qid and o.coarse == cluster.coarse])


def _senses(cluster: Cluster) -> set[str]:
    return {sense for m in cluster.mentions for sense in m.senses}


def _same_sense(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    """Words of one sense, of one nation; a border named by one side goes to the only border with that side."""
    senses = _senses(cluster)
    fitting = [o for o in others if senses & _senses(o)]
    return (
        fitting[0] if fitting else _only([o for o in others if any(_within(a, b) for a in senses for b in _senses(o))])
    )


def _within(sense: str, other: str) -> bool:
    (word, _, sides), (same, _, more) = sense.partition(":"), other.partition(":")
    return word == same and bool(sides) and set(sides.split("+")) < set(more.split("+"))


def _expands(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    """An acronym goes to the only name whose initials it has."""
    if cluster.coarse != "Organization" and cluster.item:
        return None
    short = {w.replace(".", "") for w in cluster.names if acronym(w)}
    return _only([o for o in others if any(initials(w) & short for w in o.names if not acronym(w))]) if short else None


def initials(words: str) -> set[str]:
    """The acronyms that a name of several words may have.

    >>> sorted(initials("Islamic State of Iraq and Levant"))
    ['ISIL', 'ISIaL', 'ISoIL', 'ISoIaL']
    """
    parts = [p for p in words.replace("\u2013", " ").replace("-", " ").split() if p[0].isalnum()]
    if len(parts) < 2:
        return set()
    found = [""]
    for part in parts:
        small = part.lower() in _SMALL
        tails = [part[0].lower(), ""] if small else [part[0].upper()]
        found = [head + tail for head in found for tail in tails][:64]
    return set(found)


def _surname(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    """A person's short name goes to the only longer name that ends in it; so does a word that the model took for one."""
    votes = Counter(cls for m in cluster.mentions for cls, weight, rule in m.votes if rule == "model")
    taken = votes["Person"] and votes["Person"] >= max(votes.values())
    if not (cluster.cls == "Person" or taken or cluster.item is None or cluster.item.prior < 0.5):
        return None
    return _only(
        [o for o in others if o.cls == "Person" and any(_ends(k, long) for k in cluster.keys for long in o.keys)]
    )


def _ends(short: str, long: str) -> bool:
    """Whether the words of a short name are the last of a longer one, Arabic articles aside."""
    a, b = _plain(short), _plain(long)
    return 0 < len(a) < len(b) and (b[-len(a) :] == a or (len(a) > 1 and a[-1] == b[-1] and set(a) < set(b)))


@lru_cache(maxsize=1 << 12)
def _plain(normal: str) -> tuple[str, ...]:
    words = normal.casefold().split()
    return tuple(w for w in words if w not in {"al", "el"}) or tuple(words)


def _shorter(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    """Thus "State Department" goes to "U.S. State Department": the end of the only longer name of its class."""
    if cluster.coarse == "Person" or all(" " not in k and cluster.coarse == "Place" for k in cluster.keys):
        return None
    same = [o for o in others if o.cls == cluster.cls]
    fitting = [o for o in same if any(_part(k, long) for k in cluster.keys for long in o.keys)]
    hyphened = [o for o in same if any(acronym(w) and w.split("-")[0] in cluster.names for w in o.names if "-" in w)]
    return _only(fitting) or _only(hyphened)


def _part(short: str, long: str) -> bool:
    a, b = short.casefold().split(), long.casefold().split()
    return len(a) < len(b) and (b[-len(a) :] == a or (len(a) > 1 and b[: len(a)] == a))


def _bare(cluster: Cluster, others: Sequence[Cluster]) -> Cluster | None:
    """Thus "Bamyan" goes to "Bamyan province"."""
    same = [o for o in others if o.coarse == cluster.coarse]
    return _only([o for o in same if any(m.short and _normal(m.short) in cluster.keys for m in o.mentions)])


def label(cluster: Cluster) -> str:
    """The fullest of the names: no acronym, no possessive, no capitals throughout, then the longest.

    Of a person's names of more than one word the most frequent.
    """
    counts = Counter(m.words for m in cluster.mentions)
    owned = {w for w in counts if "'s " in w or "\u2019s " in w}

    def rank(words: str) -> tuple[object, ...]:
        short, size = " " not in words, len(words.split())
        usual = -counts[words] if cluster.cls == "Person" and not short else 0
        return words in owned, acronym(words), words.isupper(), short, usual, -size, -counts[words], -len(words), words

    return min(counts, key=rank)
