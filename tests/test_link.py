"""``kb link …`` and ``--index`` as a person meets them: what is said, exit codes, and whose ids an export has."""

import bz2
import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

from kb import cli
from kb.gazetteer import INDEX, load_gazetteer
from tests.serving import index, serving
from tests.wikidata import claims, entity, lines

ROOT = Path(__file__).resolve().parents[1]
#: Ids that are not those of the package's table.
WORLD = (
    entity("Q900001", "Syria", pages=300, claims=claims(P31="Q6256", P1549="Syrian")),
    entity("Q900002", "Aleppo", pages=150, claims=claims(P31="Q515", P17="Q900001")),
)
TEXT = "Army Bombs Camp\n\nThe Syrian army bombed a rebel camp near Aleppo in Syria on Monday, officials said.\n"


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A dump with a broken line."""
    file = tmp_path / "dump.json.bz2"
    file.write_bytes(bz2.compress(lines(WORLD) + b'{"id": "Q3", "labels": {"en"\n'))
    return file


def said(captured: pytest.CaptureFixture[str]) -> list[str]:
    return captured.readouterr().err.splitlines()


def test_build_says_what_it_did(dump: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["link", "build", str(dump), "-o", str(tmp_path / "index")])
    broken, summary = said(capsys)

    assert code == 0
    assert broken.startswith(f"{dump}:5: not JSON, or cut off (")
    assert broken.endswith("; left out")
    assert summary.startswith("read 2 items, left out 1 broken line; 2 items, 4 names → ")


def test_build_reads_standard_input(dump: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "kb", "link", "build", "-", "-o", str(tmp_path / "index"), "--class", "Q515"]
    done = subprocess.run(command, cwd=ROOT, input=dump.read_bytes(), capture_output=True, check=False)

    assert done.returncode == 0, done.stderr
    card = json.loads((tmp_path / "index" / INDEX).read_bytes())
    assert (card["items"], card["source"], card["filters"]["classes"]) == (
        1,
        {"dump": "-", "items": 2, "broken": 1},
        ["Q515"],
    )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["nothing.json", "-o", "index"], "nothing.json: cannot be read (No such file or directory); name a dump"),
        (["text.txt", "-o", "index"], "text.txt: no item of Wikidata in it; name a dump in JSON or truthy N-Triples"),
        (["dump.json.bz2", "-o", "text.txt"], "text.txt: cannot be written (Not a directory); make room or name"),
        (["dump.json.bz2", "-o", "index", "--class", "city"], "'city' is no item of Wikidata; write Q515"),
        (["dump.json.bz2", "-o", "index", "--limit", "0"], "Invalid value for '--limit'"),
        (["dump.json.bz2"], "Missing option"),
    ],
)
def test_what_cannot_be_done_is_exit_code_2(
    arguments: list[str], what: str, dump: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(dump.parent)
    Path("text.txt").write_text("no dump\n" * 3)
    code = cli.run(["link", "build", *arguments])

    assert code == 2
    assert what in said(capsys)[-1]


@pytest.mark.parametrize("command", [["export", "text.txt", "-o", "kb.nt"], ["evaluate", "gold"]])
def test_an_index_that_is_none_is_said_before_the_work(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(TEXT)
    Path("gold", "articles").mkdir(parents=True)
    Path("gold", "text.gold.json").write_text(json.dumps({"entities": {}}))
    code = cli.run([*command, "--index", "nowhere"])

    assert code == 2
    assert said(capsys) == ["nowhere: no linking table here; build one with kb link build, or name another folder"]
    assert not Path("kb.nt").exists()


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_export_links_with_the_index(processes: str, dump: Path, tmp_path: Path) -> None:
    text, output, index = (tmp_path / name for name in ("text.txt", "kb.nt", "index"))
    text.write_text(TEXT)
    assert cli.run(["link", "build", str(dump), "-o", str(index)]) == 0
    load_gazetteer.cache_clear()
    arguments = ["--published", "2014-05-05", "--index", str(index), "--processes", processes]

    assert cli.run(["export", str(text), "-o", str(output), *arguments]) == 0
    assert "<http://www.wikidata.org/entity/Q900002>" in output.read_text()
    assert "<http://www.wikidata.org/entity/Q41183>" not in output.read_text()


# Reasons --------------------------------------------------------------------------------------------------------------

#: Arguments of ``kb link explain`` on the table of `tests.serving`; id and verdict of each row of the answer.
EXPLAINED: list[tuple[list[str], list[tuple[str, str]]]] = [
    (["Utopia"], [("Q1", "owl:sameAs")]),
    (["Utopians"], [("Q1", "owl:sameAs")]),
    (["Springfield"], [("Q3", "no link"), ("Q4", "no link")]),
    (["Springfield", "--limit", "1"], [("Q3", "no link")]),
    (["Springfield", "--class", "City"], [("Q3", "no link"), ("Q4", "no link")]),
    (["Springfield", "--class", "Person"], []),
    (["Nowhere"], []),
    (["x" * 10_000], []),
    (["'; DROP TABLE names; --"], []),
    ([".*+?[](){}|\\^$"], []),
    ([""], []),
]


@pytest.mark.parametrize(("arguments", "found"), EXPLAINED, ids=lambda value: str(value)[:40])
def test_explain(
    arguments: list[str], found: list[tuple[str, str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = cli.run(["link", "explain", *arguments, "--index", str(index(tmp_path / "index")), "-f", "csv"])
    out, err = capsys.readouterr()
    rows = list(csv.DictReader(out.splitlines()))

    assert code == 0
    assert [(row["item"].rpartition("/")[2], row["verdict"]) for row in rows] == found
    assert all(0 <= float(row["probability"]) <= 1 and row["why"].startswith("the name is ") for row in rows)
    assert bool(err) is not bool(found)
    assert len(err) < 200


def test_explain_as_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["link", "explain", "Utopia", "--index", str(index(tmp_path / "index"))])
    heading, _, row = capsys.readouterr().out.splitlines()

    assert code == 0
    assert heading.split() == ["item", "label", "class", "description", "probability", "verdict", "why"]
    assert row.split()[:3] == ["wd:Q1", "Utopia", "Country"]
    assert "land of <b>Nowhere</b>" in row


def test_explain_a_name_that_nothing_has(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["link", "explain", "Nowhere", "--index", str(index(tmp_path / "index"))])

    assert code == 0
    assert tuple(capsys.readouterr()) == ("", "nothing known has the name 'Nowhere'\n")


def test_explain_in_an_article(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = tmp_path / "text.txt"
    text.write_text(
        "Army Bombs Camp\n\nThe Erewhonian army bombed a camp near Springfield on Monday, officials said.\n"
    )
    arguments = ["--context", str(text), "--index", str(index(tmp_path / "index")), "-f", "csv"]
    code = cli.run(["link", "explain", "Springfield", *arguments])
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))

    assert code == 0
    assert [row["item"].rpartition("/")[2] for row in rows] == ["Q4", "Q3"]
    assert "it is of Erewhon, which the article names once" in rows[0]["why"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "kb link explain: Missing argument 'NAME'"),
        (["Utopia", "--class", "Unheard"], 'no class of entities "Unheard"; write one of Agent, ArmedForce, '),
        (["Utopia", "--class", ""], 'no class of entities ""; write one of Agent, '),
        (["Utopia", "-f", "turtle"], 'no format "turtle" for a table; choose one of '),
        (["Nowhere", "-f", "unheard"], 'no format "unheard" for a table; choose one of '),
        (["Utopia", "--limit", "0"], "Invalid value for '--limit'"),
        (["Utopia", "--context", "nothing.txt"], "nothing.txt: no such file or folder"),
        (["Utopia", "--context", "empty.txt"], "empty.txt: empty"),
        (["Utopia", "--context", "."], ".: 2 articles; name a file with one"),
        (["Utopia", "--index", "."], ".: no linking table here; build one"),
    ],
)
def test_what_cannot_be_explained_is_exit_code_2(
    arguments: list[str],
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("one.txt", "two.txt"):
        Path(name).write_text(TEXT)
    if "empty.txt" in arguments:
        Path("empty.txt").write_bytes(b"")
    code = cli.run(["link", "explain", *arguments])
    out, err = capsys.readouterr()

    assert (code, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert what in err


# Whom the option asks -------------------------------------------------------------------------------------------------

DATA = """@prefix kb: <https://w3id.org/newskb/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
<http://e.org/utopia> a kb:Country ; rdfs:label "Utopia"@en .
"""


@pytest.mark.parametrize("words", [["online", "DATA"], ["--online", "DATA"], ["DATA", "--online"]], ids=" ".join)
def test_the_option_is_the_command(words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, output = tmp_path / "data.ttl", tmp_path / "links.nq"
    data.write_text(DATA)
    named = [str(data) if word == "DATA" else word for word in words]
    with serving() as address:
        options = ["-o", str(output), "--endpoint", f"{address}/reconcile", "--cache", str(tmp_path / "cache")]
        code = cli.run(["link", *named, *options])

    assert code == 0
    assert said(capsys) == [f"1 unlinked name asked: 1 linked, 0 near matches → {output}"]
    assert "<http://e.org/utopia> <http://www.w3.org/2002/07/owl#sameAs>" in output.read_text()


@pytest.mark.parametrize("command", ["build", "extract", "explain"])
def test_the_option_is_of_no_other_command(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.run(["link", command, "--online"]) == 2
    assert said(capsys)[0].startswith(f"kb link {command}: No such option: --online")


def test_without_a_command_the_commands_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.run(["link"])
    out, err = capsys.readouterr()

    assert (code, err) == (0, "")
    assert all(command in out for command in ("build", "explain", "extract", "online"))


@pytest.mark.parametrize("command", ["online", "extract"])
def test_the_data_are_not_replaced(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = tmp_path / "data.ttl"
    data.write_text(DATA)
    code = cli.run(["link", command, str(data), "-o", str(tmp_path / "." / "data.ttl")])

    assert (code, said(capsys)) == (2, [f"{data}: would replace the data; name another output file"])
    assert data.read_text() == DATA


@pytest.mark.parametrize("command", ["online", "extract"])
@pytest.mark.parametrize(("output", "what"), [("x.qs", "x.qs: no RDF in this format; "), ("x.xyz", "no format known")])
def test_links_and_facts_are_rdf(
    command: str,
    output: str,
    what: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("data.ttl").write_text(DATA)

    assert cli.run(["link", command, "data.ttl", "-o", output]) == 2
    assert what in said(capsys)[-1]
    assert not Path(output).exists()
