"""Posts without a name: titles, who is in office, which phrases mean that person, and what is said of them in RDF."""

import functools
import json
import lzma
from collections import defaultdict
from dataclasses import replace

import pyoxigraph as ox
import pytest

from kb import build, checks, model, rdf, terms, wikidata
from kb.errors import QueryError
from kb.gazetteer import MAX_HOLDERS, Gazetteer, load_gazetteer
from kb.linking import link_offices
from kb.linking.offices import SCORE, incumbents
from kb.linking.table import Row, names_of
from kb.linking.titles import office
from kb.queries import resolve
from kb.store import EmbeddedStore
from tests import tables
from tests.test_table import FACTS, needs_facts

PRESIDENT, MINISTER = "President of Utopia@Q1", "Minister of Foreign Affairs@Q1"
ERE = "Prime Minister of Erewhon@Q2"


def person(qid: str, *posts: str) -> Row:
    return Row(qid, f"Holder {qid}", "Person", [], [], "Q1", 30, list(posts), "", "", [""] * len(posts))


#: Two states, and one whose head is no president; terms that end, that do not, and that overlap.
ROWS = (
    Row("Q1", "Utopia", "Country", ["Republic of Utopia"], ["Utopian", "Utopians"], "", 95),
    Row("Q2", "Erewhon", "Country", ["E.R."], ["Erewhonian"], "", 95),
    Row("Q3", "Utopia", "Region", [], [], "Q2", 40),
    Row("Q4", "North Utopia", "Country", [], ["North Utopian"], "", 40),
    person("Q10", f"{PRESIDENT}:2000-01-01..2010-06-30", f"{MINISTER}:1996..1999"),
    person("Q11", f"{PRESIDENT}:2010-06-30..2014", f"{PRESIDENT}:2016-05..2018-05"),
    person("Q12", f"{PRESIDENT}:2014-03-01..2016-05", "Vice President@Q1:2010..2013"),
    person("Q13", "head of state@Q1:2018-05-01..", f"{MINISTER}:2008-01-01..2009-01-01"),
    person("Q14", f"{MINISTER}:2009-01-01.."),
    person("Q15", "Foreign Minister of Utopia@Q1:2015-02-01.."),
    person("Q16", "Deputy Minister of Foreign Affairs@Q1:2015-01-01..2020-01-01", "Mayor@:2015..", f"{MINISTER}:.."),
    person("Q20", f"{ERE}:2001..2005", "Member of the Senate@Q2:1999..2000"),
    person("Q21", f"{ERE}:2006.."),
    person("Q22", "head of state@Q2:1990..", "monarch of Erewhon@Q2:1995.."),
    person("Q23", "President of Erewhon@Q2:2002..2006"),
    person("Q24", "Vice President of Erewhon@Q2:2000..2006"),
    person("Q25", "Vice President of Erewhon@Q2:2000..2004"),
    person("Q26", "Vice President of Erewhon@Q2:2006..2010"),
    person("Q30", "President of Utopia@Q1:1970..1980"),
)


def table(*more: Row) -> Gazetteer:
    return tables.gazetteer((*ROWS, *more))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("President", "the president"),
        ("Minister of Foreign Affairs of Iraq", "foreign minister of Iraq"),
        ("Minister for Foreign Affairs", "Foreign Affairs Minister"),
        ("Secretary of State for Foreign and Commonwealth Affairs", "foreign secretary"),
        ("Secretary of State for Defence", "defense secretary"),
        ("United States Secretary of Defense", "United States Defense Secretary"),
        ("Ukrainian Minister of Foreign Affairs", "Ukrainian foreign minister"),
        ("Premier of North Korea", "prime minister of North Korea"),
        ("Minister of the Interior", "Interior minister"),
        ("Minister of Internal Affairs of Russia", "interior minister of Russia"),
        ("Federal Chancellor of Germany", "chancellor of Germany"),
        ("King of Jordan", "monarch of Jordan"),
        ("Deputy Minister of Foreign Affairs", "deputy foreign minister"),
    ],
)
def test_titles_of_one_post(one: str, other: str) -> None:
    assert office(one) == office(other) != ""


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("president", "vice president"),
        ("president", "former president"),
        ("president", "acting president"),
        ("president", "president-elect"),
        ("president", "presidents"),
        ("president", "President of the National Assembly"),
        ("foreign minister", "Minister of State for Foreign Affairs"),
        ("foreign minister", "Minister of Foreign Trade"),
        ("secretary of state", "Secretary of State of Texas"),
        ("king", "queen"),
    ],
)
def test_titles_of_two_posts(one: str, other: str) -> None:
    assert office(one) != office(other)


def test_offices_are_listed_under_the_countrys_item() -> None:
    names = names_of(ROWS)

    assert names["^Q1 president of utopia"] == ["Q10", "Q11", "Q12"]
    assert names["^Q1 minister of foreign"] == ["Q10", "Q13", "Q14"]
    assert [key for key in names if key.startswith("^") and ("member" in key or "mayor" in key)] == []


@pytest.mark.parametrize(
    ("title", "date", "found"),
    [
        ("president", "2005-03-01", "Q10"),
        ("president", "1999-12-31", ""),
        ("president", "2000-01-01", "Q10"),
        ("president", "2010-06-29", "Q10"),
        ("president", "2010-06-30", "Q10 Q11"),
        ("president", "2010-07-01", "Q11"),
        ("president", "2010", "Q10 Q11"),
        ("president", "2010-07", "Q11"),
        ("president", "2014-02-28", "Q11"),
        ("president", "2014-04-01", "Q11 Q12"),
        ("president", "2015-01-01", "Q12"),
        ("president", "2016-05-20", "Q11 Q12"),
        ("president", "2017-01-01", "Q11"),
        # Nobody is known to be president, but who heads the state then.
        ("president", "2019-01-01", "Q13"),
        ("president", "2025-10-31", "Q13"),
        # Later than what the table knows.
        ("president", "2025-11-01", ""),
        ("president of Utopia", "2005-03-01", "Q10"),
        ("foreign minister", "2008-06-01", "Q13"),
        # No end is known: in office until the next begins.
        ("foreign minister", "2012-01-01", "Q14"),
        ("foreign minister", "2015-01-31", "Q14"),
        ("foreign minister", "2015-02-01", "Q15"),
        ("foreign minister", "2022-07-31", "Q15"),
        ("foreign minister", "2022-08-01", ""),
        ("foreign minister", "1998", "Q10"),
        ("deputy foreign minister", "2017-01-01", "Q16"),
        ("vice president", "2011-01-01", "Q12"),
        ("mayor", "2016-01-01", ""),
        ("", "2016-01-01", ""),
    ],
)
def test_who_is_in_office(title: str, date: str, found: str) -> None:
    gazetteer = table()
    country = gazetteer.item("Q1")
    assert country
    assert " ".join(sorted(incumbents(country, title, date, gazetteer))) == found


@pytest.mark.parametrize(
    ("title", "date", "found"),
    [
        ("premier", "2003-01-01", "Q20"),
        ("prime minister", "2010-01-01", "Q21"),
        ("king", "2010-01-01", "Q22"),
        # The head of this state is no president: another became that meanwhile.
        ("president", "2010-01-01", ""),
        ("president", "2003-01-01", "Q23"),
        # A post that two hold at once, of whom the table may lack one.
        ("vice president", "2008-01-01", ""),
        ("sultan", "2010-01-01", ""),
    ],
)
def test_who_is_in_office_where_the_head_of_state_is_a_king(title: str, date: str, found: str) -> None:
    gazetteer = table()
    country = gazetteer.item("Q2")
    assert country
    assert " ".join(sorted(incumbents(country, title, date, gazetteer))) == found


@pytest.mark.parametrize(
    ("more", "found"),
    [
        # A rival who came and went may have left the other in office; a successor who is there has not.
        (("Mayor of Utopia@Q1:2013..2014",), "Q50 Q51"),
        (("Mayor of Utopia@Q1:2013..",), "Q51"),
        (("Mayor of Utopia@Q1:2013..2014", "Mayor of Utopia@Q1:2013-02..2015"), "Q51 Q52"),
    ],
)
def test_a_term_without_an_end(more: tuple[str, ...], found: str) -> None:
    rivals = [person(f"Q{51 + n}", post) for n, post in enumerate(more)]
    gazetteer = table(person("Q50", "Mayor of Utopia@Q1:2010.."), *rivals)
    country = gazetteer.item("Q1")
    assert country
    assert " ".join(sorted(incumbents(country, "mayor", "2013-06-01", gazetteer))) == found


def test_a_post_with_too_many_holders_has_none() -> None:
    crowd = [person(f"Q{1000 + n}", f"Envoy@Q1:{1995 + n % 9}..{1996 + n % 9}") for n in range(MAX_HOLDERS + 5)]
    gazetteer = table(*crowd)

    assert gazetteer.holders("Q1", "envoy") == ()
    assert len(table(*crowd[:5]).holders("Q1", "envoy")) == 5


# Phrases --------------------------------------------------------------------------------------------------------------


def entity(key: str, cls: str, name: str, text: str, qid: str, *, sure: bool = True) -> model.Entity:
    at = text.index(name)
    link = model.Link(qid=qid, score=0.9, confident=sure)
    return model.Entity(key=key, cls=cls, label=name, names=(), mentions=(model.Span(at, at + len(name)),), link=link)


def extraction(label: str, published: str | None = "2012-02-03", owner: str | None = None) -> model.Extraction:
    text = f"Erewhon met Utopia. Then {label} spoke."
    at = text.index(label)
    part = model.Participant(key="p1", label=label, mentions=(model.Span(at, at + len(label)),), owner=owner)
    named = (entity("e1", "Country", "Erewhon", text, "Q2"), entity("e2", "Country", "Utopia", text, "Q1"))
    article = model.Article(name="a", title=None, body=text, published=published)
    return model.Extraction(article=article, entities=named, participants=(part,))


def linked(found: model.Extraction) -> model.Link | None:
    (part,) = link_offices(found, gazetteer=table())
    return part.link


@pytest.mark.parametrize(
    ("label", "qid"),
    [
        ("Utopia's president", "Q11"),
        ("the Utopian president", "Q11"),
        ("The Utopian President", "Q11"),
        ("the president of Utopia", "Q11"),
        ("president of the Republic of Utopia", "Q11"),
        ("the foreign minister of Utopia", "Q14"),
        ("the Utopian minister of foreign affairs", "Q14"),
        ("the E.R. prime minister", "Q21"),
        ("Erewhon\u2019s premier", "Q21"),
        ("Utopia's vice president", "Q12"),
        # None of these says that one person holds the post now, or where.
        ("Utopia's former president", None),
        ("the ex-Utopian president", None),
        ("Utopia's then-president", None),
        ("the late Utopian president", None),
        ("Utopia's acting president", None),
        ("Utopia's president-elect", None),
        ("Utopia's next president", None),
        ("Utopian presidents", None),
        ("Utopian ministers", None),
        ("a Utopian president", None),
        ("every Utopian president", None),
        ("Utopia's president and prime minister", None),
        ("Utopia's president, a colonel", None),
        ("an aide to the Utopian president", None),
        ("the Utopian president's office", None),
        ("the president", None),
        ("president", None),
        ("its president", None),
        ("the North Utopian president", None),
        ("the president of the Utopian parliament", None),
        ("the president of Atlantis", None),
        ("the Utopian", None),
        ("Utopia", None),
        ("of Utopia", None),
        ("", None),
        ("the president of " * 9 + "Utopia", None),
    ],
)
def test_phrases(label: str, qid: str | None) -> None:
    assert linked(extraction(label)) == (model.Link(qid=qid, score=SCORE, confident=False) if qid else None)


def test_without_a_date_nothing_is_known() -> None:
    assert linked(extraction("Utopia's president", published=None)) is None


def test_its_is_the_country_that_it_surely_means() -> None:
    said = [linked(extraction("its president", owner=owner)) for owner in ("e2", "e1", None)]

    assert [link and link.qid for link in said] == ["Q11", None, None]


@pytest.mark.parametrize(("qid", "sure"), [("Q3", True), ("Q1", False)])
def test_a_name_that_is_another_place_or_not_sure_gives_nothing(qid: str, sure: bool) -> None:
    found = extraction("Utopia's president")
    text = found.article.text[20:]
    other = entity("e3", "Region", "Utopia", text, qid, sure=sure)
    there = replace(other, mentions=tuple(model.Span(s.begin + 20, s.end + 20) for s in other.mentions))

    assert linked(replace(found, entities=(there,))) is None
    assert linked(replace(found, entities=(replace(there, link=None),))) is None


@pytest.mark.parametrize(
    ("date", "qid"), [("2012-02-02", "Q11"), ("2012", "Q11"), ("2005", None), ("1985-01-01", None)]
)
def test_whoever_acted_at_another_time_has_to_be_the_same(date: str, qid: str | None) -> None:
    where = model.Provenance(quote=model.Span(0, 5), mentions=(), rule="lex:say", confidence=0.9)
    found = extraction("Utopia's president")
    event = model.Event(
        key="m1",
        cls="Event",
        roles=(("agent", "p1"),),
        values=(("date", date),),
        factuality="Actual",
        attributed_to=(),
        provenance=where,
    )
    statement = model.Statement(
        key="s1", speakers=("p1",), text="No.", attitude="Denies", about=(), date=date, provenance=where
    )
    for told in (replace(found, events=(event,)), replace(found, statements=(statement,))):
        link = linked(told)
        assert (link and link.qid) == qid


# The whole flow -------------------------------------------------------------------------------------------------------

TEXT = (
    "Iraq's president said on Monday that two bridges were destroyed. "
    "Turkey also reacted angrily, with its president saying that the attack was an insult. "
    "The former Iraqi president said nothing."
)


@functools.cache
def read() -> model.Extraction:
    article = model.Article(name="a", title=None, body=TEXT, published="2017-08-31")
    (found,) = build.extract([article])
    return found


def test_an_article_gives_near_matches_and_never_the_same() -> None:
    found = read()
    qids = {part.label: part.link.qid for part in found.participants if part.link}
    quads = rdf.quads(found)
    near = {q.subject for q in quads if q.predicate.value.endswith("#closeMatch")}
    same = {q.subject for q in quads if q.predicate.value.endswith("#sameAs")}
    described = {q.subject for q in quads if q.object == ox.NamedNode(terms.expand("kb:Participant"))}

    assert qids == {"Iraq's president": "Q17410819", "its president": "Q39259"}
    assert len(near & described) == 2
    assert not same & described
    assert {str(q.object) for q in quads if q.subject in near & described and q.predicate.value.endswith("Match")} == {
        f"<{terms.WIKIDATA}Q17410819>",
        f"<{terms.WIKIDATA}Q39259>",
    }


def test_a_near_match_is_no_identity_for_questions_and_checks() -> None:
    quads = build.to_quads(read(), build.Options())
    store = EmbeddedStore()
    store.add(quads)
    (described,) = resolve(store, "Iraq's president")
    same = ox.Quad(described, ox.NamedNode(terms.expand("owl:sameAs")), ox.NamedNode(terms.WIKIDATA + "Q17410819"))

    with pytest.raises(QueryError, match="no entity is linked to Q17410819"):
        resolve(store, "Q17410819")
    assert "Q17410819" not in wikidata.linked(quads)
    assert checks.shape_findings(quads) == []
    assert [finding.path for finding in checks.shape_findings({*quads, same})] == [same.predicate.value]


# The table of the package ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("country", "title", "date", "name"),
    [
        ("Iraq", "president", "2017-08-31", "Fuad Masum"),
        ("Iraq", "prime minister", "2017-08-31", "Haider Al-Abadi"),
        ("United States", "secretary of state", "2010-01-15", "Hillary Clinton"),
        ("Russia", "foreign minister", "2017-08-31", "Sergey Lavrov"),
        ("Israel", "prime minister", "2017-08-31", "Benjamin Netanyahu"),
        ("United Kingdom", "foreign secretary", "2017-08-31", "Boris Johnson"),
        ("Iran", "president", "2017-08-31", "Hassan Rouhani"),
        ("Iran", "president", "1995-08-31", ""),
        ("Syria", "president", "2025-08-31", "Ahmed al-Sharaa"),
        ("South Korea", "prime minister", "2025-08-31", ""),
        ("Spain", "president", "2005-08-31", ""),
        ("United Kingdom", "chancellor", "2017-08-31", ""),
        ("Iraq", "vice president", "2010-08-31", ""),
    ],
)
def test_known_holders(country: str, title: str, date: str, name: str) -> None:
    gazetteer = load_gazetteer()
    (item,) = gazetteer.countries(country)
    found = [known.label for qid in incumbents(item, title, date, gazetteer) if (known := gazetteer.item(qid))]
    assert found == ([name] if name else [])


@needs_facts
@pytest.mark.parametrize("date", ["2003-03-01", "2008-03-01", "2017-08-31"])
def test_presidents_head_their_states(date: str) -> None:
    """Whoever the table knows as the one president is, by the facts, head of state or government then."""
    heads: defaultdict[str, set[str]] = defaultdict(set)
    with lzma.open(FACTS / "positions.jsonl.xz", "rt", encoding="utf-8") as lines:
        for term in map(json.loads, lines):
            heading = "role" in term or str(term.get("position", "")).startswith("head of")
            if heading and term.get("start", "9") <= date <= term.get("end", "9"):
                heads[term["country_qid"]].add(term["qid"])
    gazetteer = load_gazetteer()
    countries = [item for qid in heads if (item := gazetteer.item(qid)) and item.cls == "Country"]
    found = {item.qid: incumbents(item, "president", date, gazetteer) for item in countries}
    single = {country: qids for country, qids in found.items() if len(qids) == 1}

    assert len(single) > 100
    assert {country for country, qids in single.items() if not qids <= heads[country]} == set()
