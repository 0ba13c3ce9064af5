"""What a description says that an item lies in or belongs to: tables over a few places and bodies."""

from dataclasses import replace
from itertools import permutations

import pytest

from kb.linking.descriptions import belong
from kb.linking.table import Row

#: Two countries, and in each what may be named.
KNOWN = (
    Row("Q1", "Utopia", "Country", ["Republic of Utopia"], ["Utopian"], "", 95),
    Row("Q2", "Erewhon and Nowhere", "Country", [], [], "", 95),
    Row("Q3", "North Province", "Region", ["North"], [], "Q1", 40),
    Row("Q4", "North", "Region", [], [], "Q2", 40),
    Row("Q5", "Hill County", "Region", [], [], "Q1", 20),
    Row("Q6", "Seaport", "City", [], [], "Q2", 50),
    Row("Q7", "Twin", "City", [], [], "Q1", 20),
    Row("Q8", "Twin", "City", [], [], "Q1", 20),
    Row("Q9", "Hill Brigade", "ArmedGroup", ["HB"], [], "Q1", 40),
    Row("Q10", "League", "InternationalOrganization", [], [], "", 40),
    Row("Q11", "League", "PoliticalParty", [], [], "Q1", 40),
    Row("Q12", "Seaport", "MediaOrganization", [], [], "Q2", 40),
)
CASES: tuple[tuple[str, str, str, str, list[str]], ...] = (
    ("City", "", "city in Hill County, North Province, Utopia", "Q1", ["Q5", "Q3"]),
    ("City", "", "city in North, Utopia", "Q1", ["Q3"]),
    ("City", "Q2", "city in North", "Q2", ["Q4"]),
    ("City", "", "city in North", "", []),
    ("City", "", "village in the Hill County of the Republic of Utopia", "Q1", ["Q5"]),
    ("City", "", "village in Erewhon and Nowhere", "Q2", []),
    ("City", "Q1", "village in Erewhon and Nowhere", "Q1", []),
    ("City", "", "village near Twin, Utopia", "Q1", []),
    ("City", "", "Twin", "", []),
    ("Facility", "", "hospital in Seaport", "Q2", ["Q6"]),
    ("Organization", "", "company in Seaport", "", ["Q6"]),
    ("Organization", "", "wing of the Hill Brigade in Hill County, Utopia", "", ["Q5", "Q9"]),
    ("Person", "Q1", "commander of HB", "Q1", ["Q9"]),
    ("Person", "", "member of the League", "", []),
    ("Person", "", "editor of Seaport", "", []),
    ("Country", "", "country in North, Utopia", "", []),
    ("Person", "", "", "", []),
)


@pytest.mark.parametrize(("cls", "country", "description", "expected", "belongs_to"), CASES)
def test_belong(cls: str, country: str, description: str, expected: str, belongs_to: list[str]) -> None:
    row = Row("Q99", "Thing", cls, country=country, description=description)
    belong([*KNOWN, row])

    assert (row.country, row.belongs_to) == (expected, belongs_to)


def test_nothing_lies_in_itself() -> None:
    row = Row("Q99", "Hilltown", "City", country="Q1", description="city in Hilltown, Utopia")
    belong([*KNOWN, row])

    assert row.belongs_to == []


def test_the_order_of_rows_does_not_matter() -> None:
    told = (
        Row("Q20", "Lakeside", "Region", description="state of Utopia"),
        Row("Q21", "Milltown", "City", description="city in Deep County, Lakeside"),
        Row("Q22", "Deep County", "Region", description="county in Lakeside"),
    )

    def belonging(rows: list[Row]) -> dict[str, tuple[str, list[str]]]:
        belong([*KNOWN, *rows])
        return {row.qid: (row.country, row.belongs_to) for row in rows}

    found = {"Q20": ("Q1", []), "Q21": ("Q1", ["Q22", "Q20"]), "Q22": ("Q1", ["Q20"])}
    for order in permutations(told):
        rows = [replace(row) for row in order]
        assert belonging(rows) == found
        # Nor that it is done again.
        assert belonging(rows) == found


def test_a_state_is_not_taken_for_a_hamlet_of_its_name() -> None:
    row = Row("Q99", "Milltown", "City", description="city in Deep County, Lakeside, Utopia")
    state, hamlet = (
        Row(q, "Lakeside", c, country="Q1", prior=p) for q, c, p in (("Q20", "Region", 70), ("Q21", "City", 12))
    )
    belong([*KNOWN, hamlet, state, row])

    assert row.belongs_to == ["Q20"]
