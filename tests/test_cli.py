"""The command as a person or a script meets it: exit codes, one line for each error, data apart from talk."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kb import cli
from kb.build import LONGEST
from kb.cli import run, terminal

ROOT = Path(__file__).resolve().parents[1]
GOOD = "Army Bombs Camp\n\nThe Dorvian army bombed a rebel camp near Aleppo in Syria on Monday, officials said.\n"
LINE = json.dumps({"headline": "Truce in Homs", "articleBody": "Rebels and the army agreed on a truce in Homs."})

DATA = """@prefix kb: <https://w3id.org/newskb/ontology#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix gaf: <http://groundedannotationframework.org/gaf#> .
<http://e.org/s> a kb:Airstrike , kb:MilitaryAction , kb:Event ; rdfs:label "Airstrike" ; kb:factuality kb:Actual ;
    kb:agent <http://e.org/d> ; kb:date "2031-05-02"^^<http://www.w3.org/2001/XMLSchema#date> .
<http://e.org/d> a kb:Country ; rdfs:label "Dorvia"@en ; gaf:denotedBy <http://e.org/m> .
"""


@dataclass(frozen=True)
class Result:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What it said, line by line."""
        return self.err.splitlines()


class Shell:
    """Runs the command in this process, in a folder of its own."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self.captured = captured

    def __call__(self, *arguments: str | Path) -> Result:
        """Run it."""
        self.captured.readouterr()
        code = run([str(argument) for argument in arguments])
        out, err = self.captured.readouterr()
        return Result(code, out, err)


@pytest.fixture
def kb(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(capsys)


def process(*arguments: str | Path, stdin: str = "", cwd: Path | None = None) -> Result:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "kb", *map(str, arguments)]
    done = subprocess.run(
        command, input=stdin, cwd=cwd, capture_output=True, encoding="utf-8", check=False, timeout=300
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    file = tmp_path / "good.txt"
    file.write_text(GOOD, encoding="utf-8")
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "data.ttl"
    file.write_text(DATA, encoding="utf-8")
    return file


# Bad input ------------------------------------------------------------------------------------------------------------

#: Name of a file, what is in it, and words of the line that says what is wrong.
BAD_ARTICLES: list[tuple[str, bytes, str]] = [
    ("empty.txt", b"", "empty"),
    ("blank.txt", b" \n\t\n", "white space"),
    ("binary.txt", bytes(range(256)) * 9, "binary"),
    ("latin.txt", "Zürich\n\nÜber den Fluß".encode("latin-1"), "UTF-8"),
    ("textless.html", b"<html><body><script>let a = 1</script></body></html>", "no text"),
    ("broken.json", b'{"headline": "x", ', "malformed JSON"),
    ("other.json", b'{"name": 3}', "headline"),
    ("unknown.xyz", b"hello", "unknown extension"),
    ("extensionless", b"hello", "no extension"),
    ("packed.txt.gz", b"not gzip", "gzip"),
    ("cut.txt.gz", gzip.compress(GOOD.encode())[:-9], "ends too early"),
    ("long.txt", b"A Book\n\n" + b"The army bombed a camp. " * (1_000_000 // 24), "too long"),
]


@pytest.mark.parametrize(("name", "content", "said"), BAD_ARTICLES, ids=[name for name, _, _ in BAD_ARTICLES])
def test_a_bad_article_is_one_line_and_the_rest_is_exported(
    kb: Shell, good: Path, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    bad = tmp_path / name
    bad.write_bytes(content)
    result = kb("export", bad, good, "-o", tmp_path / "kb.nq")

    assert result.code == 2
    assert len(result.lines) == 2
    assert bad.name.split(".")[0] in result.lines[0]
    assert said in result.lines[0]
    assert result.lines[1].startswith("1 article, ")
    assert result.lines[1].endswith("; 1 error, see above")
    assert "army-bombs-camp" in (tmp_path / "kb.nq").read_text(encoding="utf-8")


def test_a_bad_line_of_json_lines_does_not_lose_the_others(kb: Shell, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(f"{LINE}\n{{broken\n{LINE.replace('Truce', 'Calm')}\n", encoding="utf-8")
    result = kb("export", "news.jsonl", "-o", "kb.nq")

    assert result.code == 2
    assert result.lines[0].startswith("news.jsonl:2: malformed JSON")
    assert result.lines[1].startswith("2 articles, ")


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["missing.txt"], "missing.txt: no such file or folder; "),
        (["hollow"], "hollow: no articles in this folder; "),
        (["*.html"], "*.html: no article matches; "),
    ],
)
def test_nothing_to_read_writes_nothing(kb: Shell, tmp_path: Path, paths: list[str], said: str) -> None:
    (tmp_path / "hollow").mkdir()
    result = kb("export", *paths, "-o", "kb.ttl")

    assert result.code == 2
    assert result.lines[0].startswith(said)
    assert result.lines[1] == "nothing to write; 1 error, see above"
    assert not (tmp_path / "kb.ttl").exists()


#: Arguments, and words of the one line.
BAD_COMMANDS: list[tuple[list[str], str]] = [
    (["export", "good.txt", "-o", "kb.unknown"], "kb.unknown: no format known by this extension; "),
    (["export", "good.txt", "-o", "nowhere/kb.ttl"], "nowhere: no such folder; "),
    (["export", "good.txt", "-o", "good.txt"], "good.txt: would replace an article; "),
    (["export", "good.txt", "--output-dir", "good.txt"], "good.txt: cannot be made "),
    (["export", "good.txt", "-o", "kb.ttl", "--output-dir", "out"], "exclude each other; "),
    (["export", "good.txt", "--format", "morse"], "unknown format 'morse'; "),
    (["export", "good.txt", "--base", "here"], "here: not a base IRI; "),
    (["export", "good.txt", "--published", "yesterday"], "published: no date: 'yesterday'; "),
    (["export", "good.txt", "--ontology", "nowhere"], "nowhere: no *.ttl in this folder; "),
    (["export", "good.txt", "--ontology", "broken"], "broken.ttl: not readable as Turtle "),
    (["export", "good.txt", "--model", "xx_none"], "xx_none: no such spaCy pipeline is installed; "),
    (["export", "good.txt", "--min-confidence", "2"], "kb export: Invalid value for '--min-confidence'"),
    (["export", "good.txt", "--processes", "0"], "kb export: Invalid value for '--processes'"),
    (["export", "good.txt", "--evidence", "none"], "kb export: Invalid value for '--evidence'"),
    (["export", "good.txt", "--nonsense"], "kb export: No such option"),
    (["export"], "kb export: Missing argument"),
    (["destroy"], "kb: No such command"),
    (["ask", "who-is-who", "data.ttl"], 'no question "who-is-who"; '),
    (["ask", "military-actions", "--colour", "red", "data.ttl"], 'military-actions: no parameter "colour"; '),
    (["ask", "military-actions", "data.ttl", "--actor"], "kb ask: --actor has no value; "),
    (
        ["ask", "military-actions", "--actor", "Dorbia", "data.ttl"],
        'nothing is called "Dorbia"; did you mean "Dorvia"?',
    ),
    (["ask", "military-actions", "--actor", "Q1", "data.ttl"], "no entity is linked to Q1; "),
    (["ask", "military-actions", "--from", "May", "data.ttl"], '"May" does not fit the parameter "from"; '),
    (["ask", "military-actions", "--format", "morse", "data.ttl"], 'no format "morse"'),
    (["ask", "military-actions", "nowhere.ttl"], "nowhere.ttl: no such file or folder; "),
    (["ask", "military-actions", "good.txt"], "good.txt: no RDF syntax has the extension"),
    (["ask", "military-actions"], "no data; name an RDF file, "),
    (["query", "SELECT * WHERE {", "data.ttl"], "not valid SPARQL"),
    (["query", "SELECT * { ?s none:such ?o }", "data.ttl"], "declare PREFIX none: <…>"),
    (["query", "nowhere.rq", "data.ttl"], "nowhere.rq: cannot be read "),
    (["query", "ASK {}", "broken/broken.ttl"], "broken.ttl, line 1: not readable as RDF"),
    (["validate", "nowhere.ttl"], "nowhere.ttl: no such file or folder; "),
    (["validate", "data.ttl", "--ontology", "broken"], "broken.ttl: not readable as Turtle "),
    (["evaluate", "nowhere"], "nowhere: no *.gold.json here; "),
]


@pytest.mark.parametrize(
    ("arguments", "said"), BAD_COMMANDS, ids=[" ".join(arguments) for arguments, _ in BAD_COMMANDS]
)
def test_a_bad_command_is_one_line(
    kb: Shell, good: Path, data: Path, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "broken.ttl").write_text("this is no Turtle", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    result = kb(*arguments)

    assert result.code == 2
    assert result.out == ""
    assert len(result.lines) == 1
    assert said in result.lines[0]
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ['quo"te', "new\nline", "tab\tbell\a", "angle<b>", "bidi\u202eevil", "esc\x1b[31m"])
def test_a_name_with_odd_characters_stays_on_its_line(kb: Shell, name: str) -> None:
    result = kb("export", f"{name}.txt", "-o", "kb.ttl")

    assert result.code == 2
    assert len(result.lines) == 2
    assert all(line.isprintable() for line in result.lines)


def test_odd_characters_in_an_article_reach_no_terminal(kb: Shell, tmp_path: Path) -> None:
    text = 'The "Army"\x1b[31m of <b>Syria</b>\u202e strikes\n\nThe Syrian\x07 army bombed Aleppo.\n'
    (tmp_path / "odd.txt").write_text(text, encoding="utf-8")
    kb("export", "odd.txt", "-o", "kb.nq")
    result = kb("query", "SELECT * { ?s rdfs:label ?label }", "kb.nq")

    assert result.code == 0
    assert all(line.isprintable() for line in result.out.splitlines())


def test_an_inconsistent_ontology_is_an_error_or_a_finding(kb: Shell, data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    clash = "@prefix kb: <https://w3id.org/newskb/ontology#> . @prefix owl: <http://www.w3.org/2002/07/owl#> ."
    clash += " <http://e.org/x> a kb:Person , kb:City . kb:Person owl:disjointWith kb:City ."
    (tmp_path / "mine" / "mine.ttl").write_text(clash, encoding="utf-8")
    result = kb("validate", data, "--ontology", "mine")

    assert result.code in (1, 2)


def test_debug_shows_the_traceback_too(kb: Shell) -> None:
    result = kb("export", "--debug", "a.txt", "-o", "kb.unknown")

    assert result.code == 2
    assert "Traceback" in result.err
    assert result.lines[-1].startswith("kb.unknown: ")


# Export ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "opening"),
    [
        ("kb.ttl", b"@prefix"),
        ("kb.trig", b"@prefix"),
        ("kb.nt", b"<"),
        ("kb.nq", b"<"),
        ("kb.jsonld", b"{"),
        ("kb.rdf", b"<?xml"),
        ("kb.nq.gz", b"\x1f\x8b"),
    ],
)
def test_the_extension_decides_the_format(kb: Shell, good: Path, tmp_path: Path, target: str, opening: bytes) -> None:
    result = kb("export", good, "-o", target)

    assert (result.code, result.out) == (0, "")
    assert result.lines[0].startswith("1 article, ")
    assert f"→ {target} in " in result.lines[0]
    assert (tmp_path / target).read_bytes().startswith(opening)


def test_two_runs_and_two_processes_write_the_same_bytes(kb: Shell, good: Path, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(
        "\n".join(LINE.replace("Truce", f"Truce {i}") for i in range(9)), encoding="utf-8"
    )
    for target, processes in (("a.nq", "1"), ("b.nq", "1"), ("c.nq", "2")):
        assert kb("export", good, "news.jsonl", "-o", target, "--processes", processes).code == 0
    contents = {(tmp_path / target).read_bytes() for target in ("a.nq", "b.nq", "c.nq")}

    assert len(contents) == 1


def test_standard_output_is_data_only(kb: Shell, good: Path) -> None:
    result = kb("export", good, "--format", "ntriples")

    assert result.code == 0
    assert all(line.endswith(" .") for line in result.out.splitlines())
    assert len(result.lines) == 1


def test_a_file_for_each_article(kb: Shell, good: Path, tmp_path: Path) -> None:
    (tmp_path / "news.jsonl").write_text(LINE, encoding="utf-8")
    result = kb("export", good, "news.jsonl", "--output-dir", "out", "--format", "trig")

    assert result.code == 0
    assert len(list((tmp_path / "out").glob("*.trig"))) == 2
    assert (tmp_path / "out" / "good.trig").is_file()


def test_options_reach_the_rdf(kb: Shell, good: Path, tmp_path: Path) -> None:
    options = ["--base", "https://e.org/", "--published", "2031-05-03", "--source", "The Wire", "--with-text"]
    kb("export", good, "-o", "kb.nq", *options)
    text = (tmp_path / "kb.nq").read_text(encoding="utf-8")

    assert "<https://e.org/article/" in text
    assert '"2031-05-03"' in text
    assert '"The Wire"' in text
    assert "isString" in text


def test_standard_input(tmp_path: Path) -> None:
    result = process("export", "-", "--format", "nquads", stdin=GOOD, cwd=tmp_path)

    assert result.code == 0
    assert "army-bombs-camp" in result.out


# Ask, query, validate -------------------------------------------------------------------------------------------------


def test_ask_lists_the_questions(kb: Shell) -> None:
    result = kb("ask")

    assert result.code == 0
    assert "military-actions" in result.out


@pytest.mark.parametrize(
    "arguments",
    [
        ["military-actions", "--actor", "Dorvia", "data.ttl"],
        ["military-actions", "data.ttl", "--actor=dorvia"],
        ["--actor", "http://e.org/d", "military-actions", "data.ttl"],
        ["military-actions", "data.ttl", "--from", "2031", "--to", "2031-05", "--class", "airstrike"],
    ],
    ids=" ".join,
)
def test_parameters_and_data_may_stand_anywhere(kb: Shell, data: Path, arguments: list[str]) -> None:
    result = kb("ask", *arguments, "--format", "json")

    assert result.code == 0
    assert len(json.loads(result.out)["results"]["bindings"]) == 1


def test_ask_help_shows_the_parameters(kb: Shell) -> None:
    result = kb("ask", "military-actions", "--help")

    assert result.code == 0
    assert "--actor ENTITY" in result.out


def test_kb_nq_is_asked_where_nothing_is_named(kb: Shell, good: Path) -> None:
    kb("export", good, "-o", "kb.nq")

    assert kb("query", "ASK { ?s a kb:Article }").out == "yes\n"


def test_query_from_a_file_and_from_standard_input(kb: Shell, data: Path, tmp_path: Path) -> None:
    text = "SELECT ?s WHERE { ?s a kb:Airstrike }"
    (tmp_path / "q.rq").write_text(text, encoding="utf-8")
    expected = "s\nhttp://e.org/s\n"

    assert kb("query", "q.rq", "data.ttl", "--format", "csv").out == expected
    assert kb("query", text, "data.ttl", "-f", "csv").out == expected
    assert process("query", "-", data, "--format", "csv", stdin=text).out == expected


def test_construct_gives_turtle(kb: Shell, data: Path) -> None:
    assert "kb:Airstrike" in kb("query", "CONSTRUCT WHERE { ?s a kb:Airstrike }", "data.ttl").out


def test_findings_are_exit_code_1(kb: Shell, data: Path) -> None:
    result = kb("validate", "data.ttl", "--no-reason", "--format", "csv")

    assert result.code == 1
    assert result.out.startswith("kind,focus,path,message,value\n")


def test_an_export_has_no_findings(kb: Shell, good: Path) -> None:
    kb("export", good, "-o", "kb.ttl")
    result = kb("validate", "kb.ttl", "--no-reason")

    assert (result.code, result.out) == (0, "")
    assert result.lines[-1].startswith("0 findings in ")


# Evaluate, info, help -------------------------------------------------------------------------------------------------


@pytest.fixture
def gold(tmp_path: Path) -> Path:
    folder = tmp_path / "gold"
    (folder / "articles").mkdir(parents=True)
    (folder / "articles" / "camp.txt").write_text(GOOD, encoding="utf-8")
    said = {"entities": {"syria": {"class": "Country", "names": ["Syria"], "wikidata": "Q858"}}}
    (folder / "camp.gold.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


def test_evaluate_prints_the_figures(kb: Shell, gold: Path) -> None:
    result = kb("evaluate", "gold")

    assert result.code == 0
    assert result.out.startswith("1 articles\n")
    assert "entities" in result.out


def test_evaluate_for_programs_and_of_an_export(kb: Shell, gold: Path) -> None:
    kb("export", "gold/articles", "--output-dir", "out")

    assert json.loads(kb("evaluate", "gold", "--json").out)["entities"]["recall"] == 1.0
    assert kb("evaluate", "gold", "--rdf", "out", "--json").out == kb("evaluate", "gold", "--json").out


def test_evaluate_says_what_has_no_export(kb: Shell, gold: Path, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    result = kb("evaluate", "gold", "--rdf", "none", "--errors")

    assert result.err == "no export of camp\n"
    assert "camp missing entity syria Country" in result.out


def test_evaluate_writes_the_error_browser(kb: Shell, gold: Path, tmp_path: Path) -> None:
    figures = kb("evaluate", "gold").out
    result = kb("evaluate", "gold", "--html", "errors.html")
    page = (tmp_path / "errors.html").read_text(encoding="utf-8")
    kb("export", "gold/articles", "--output-dir", "out")
    kb("evaluate", "gold", "--rdf", "out", "--html", "again.html")

    assert (result.code, result.out, result.err) == (0, figures, "")
    assert 'data-article="camp"' in page
    assert "rebel camp" in page
    assert (tmp_path / "again.html").read_text(encoding="utf-8") == page


def test_evaluate_fails_before_the_work_where_the_page_cannot_be(kb: Shell, gold: Path) -> None:
    result = kb("evaluate", "gold", "--html", "nowhere/errors.html")

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith("nowhere: no such folder; ")


def test_info(kb: Shell) -> None:
    assert "newskb" in kb("info").out
    assert json.loads(kb("info", "--json").out)["lexicon entries"] > 0


def test_version(kb: Shell) -> None:
    assert kb("--version").out.startswith("newskb 0.")


@pytest.mark.parametrize("command", ["", "export", "ask", "query", "validate", "evaluate", "info"])
def test_every_command_has_help(command: str) -> None:
    result = CliRunner().invoke(cli.app, [*command.split(), "--help"])

    assert result.exit_code == 0
    assert "Usage:" in result.output


# The process ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--version"], 0), (["ask"], 0), (["nonsense"], 2), (["ask", "nonsense"], 2), (["export", "missing.txt"], 2)],
    ids=lambda value: str(value),
)
def test_exit_codes_of_the_process(tmp_path: Path, arguments: Sequence[str], code: int) -> None:
    assert process(*arguments, cwd=tmp_path).code == code


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with subprocess.Popen([sys.executable, "-m", "kb", "ask"], stdout=writing, stderr=subprocess.PIPE) as running:
        os.close(writing)
        _, err = running.communicate(timeout=60)

    assert (running.returncode, err) == (terminal.NO_READER, b"")


@pytest.mark.parametrize("processes", ["1", "2"])
def test_an_interrupt_is_exit_code_130_and_leaves_no_file(tmp_path: Path, processes: str) -> None:
    (tmp_path / "news.jsonl").write_text(
        "\n".join(LINE.replace("Truce", f"Truce {i}") for i in range(5000)), encoding="utf-8"
    )
    command = [sys.executable, "-m", "kb", "export", "news.jsonl", "-o", "kb.nq", "--processes", processes]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL) as running:
        time.sleep(3)
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=60)

    assert (running.returncode, err) == (130, b"")
    assert [file.name for file in tmp_path.iterdir()] == ["news.jsonl"]


def test_the_longest_article_is_longer_than_any_news() -> None:
    assert LONGEST > 100_000
