"""Reading: every format and every bad input, as tables over small files."""

import gzip
import io
import json
import os
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kb.articles import LIMIT, files, read
from kb.articles.texts import address, iso_date, normalise, one_line
from kb.errors import InputError
from kb.model import Article

ROOT = Path(__file__).resolve().parents[1]
FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)

Write = Callable[[str, "str | bytes"], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def put(name: str, data: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
        return path

    return put


def collect(*paths: str | Path, **options: str) -> tuple[list[Article], list[InputError]]:
    errors: list[InputError] = []
    return list(read(paths, on_error=errors.append, **options)), errors


def only(path: Path) -> Article:
    [article] = read([path])
    return article


def news(**more: Any) -> dict[str, Any]:
    return {"@context": "https://schema.org", "@type": "NewsArticle", "headline": "H", "articleBody": "B.", **more}


# Plain text

TEXTS = [
    ("Head\n\nBody.", "Head", "Body."),
    ("Head\nBody.\nMore.", "Head", "Body.\nMore."),
    ("\n\n  Head  line \n\n\nOne.\n\nTwo.\n\n", "Head line", "One.\n\nTwo."),
    ("One line alone.", None, "One line alone."),
    ("\n One line alone. \n\n", None, "One line alone."),
    ("Head\r\n\r\nBody.\r\nMore.", "Head", "Body.\nMore."),
    ("Head\rBody.", "Head", "Body."),
    ("\ufeffHead\n\nBody.", "Head", "Body."),
    ("Head\n \t \nBody. \nMore.", "Head", "Body.\nMore."),
    ("Bogota\u0301\n\nBody.", "Bogot\u00e1", "Body."),
    ("A\x07B\u202eC\u00adD\n\nE\u00a0F\x1b[0m\u200b", "A BCD", "E F [0m"),
    ("Head\u2028Body.\u0085More.\x0cEnd.", "Head", "Body.\nMore. End."),
    ("Quote \"<a href='x'>\" &amp;\n\nB\tC", "Quote \"<a href='x'>\" &amp;", "B\tC"),
]


@pytest.mark.parametrize(("text", "title", "body"), TEXTS)
def test_plain_text(write: Write, text: str, title: str | None, body: str) -> None:
    article = only(write("a.txt", text))
    assert (article.name, article.title, article.body) == ("a", title, body)
    assert (article.published, article.source, article.url) == (None, None, None)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_byte_order_marks(write: Write, codec: str) -> None:
    mark = "" if codec in ("utf-8", "utf-8-sig", "utf-16") else "\ufeff"
    assert only(write("a.txt", (mark + "Tête\n\nBögen.").encode(codec))).text == "Tête\n\nBögen."


@pytest.mark.parametrize("name", ["a.txt", "a.text", "a.TXT", "a.Text"])
def test_extensions_of_text(write: Write, name: str) -> None:
    assert only(write(name, "H\n\nB")).name == "a"


# JSON

RECORDS: list[tuple[dict[str, Any], dict[str, str | None]]] = [
    (news(), {"title": "H", "body": "B.", "published": None, "source": None, "url": None}),
    (news(datePublished="2017-08-30T22:15:00+02:00"), {"published": "2017-08-30"}),
    (news(datePublished="2017-08"), {"published": "2017-08"}),
    (news(datePublished=2017), {"published": "2017"}),
    (news(datePublished="2017-02-30"), {"published": None}),
    (news(datePublished="Aug. 30"), {"published": None}),
    (news(publisher="AFP"), {"source": "AFP"}),
    (news(publisher={"@type": "Organization", "name": " The\nAP "}), {"source": "The AP"}),
    (news(publisher=[{"name": "AP"}, {"name": "AFP"}]), {"source": "AP"}),
    (news(publisher={"@id": "https://example.org/#org"}), {"source": None}),
    (news(url="https://example.org/a?b=c#d"), {"url": "https://example.org/a?b=c#d"}),
    (news(url={"@id": "https://example.org/a"}), {"url": "https://example.org/a"}),
    (news(**{"@id": "https://example.org/a"}), {"url": "https://example.org/a"}),
    (news(url="javascript:alert(1)"), {"url": None}),
    (news(url="https://example.org/<b>"), {"url": None}),
    (news(headline={"@value": "V", "@language": "en"}), {"title": "V"}),
    (news(headline=["One", "Two"]), {"title": "One"}),
    (news(headline="  A\n B ", articleBody="\n\nC\r\nD\n"), {"title": "A B", "body": "C\nD"}),
    (news(headline=None), {"title": None}),
    (news(articleBody=["P1.", "P2."]), {"body": "P1.\n\nP2."}),
    (news(articleBody="A\u0000B \ud800 \u202eC"), {"body": "A B \ufffd C"}),
    ({"@type": ["Thing", "ReportageNewsArticle"], "name": "N", "text": "T"}, {"title": "N", "body": "T"}),
    ({"@type": "schema:NewsArticle", "schema:headline": "N", "https://schema.org/articleBody": "T"}, {"title": "N"}),
    ({"title": "T", "text": "X", "published": "2020-01-02", "source": "S"}, {"published": "2020-01-02", "source": "S"}),
]


@pytest.mark.parametrize(("record", "expected"), RECORDS)
def test_json_fields(write: Write, record: dict[str, Any], expected: dict[str, str | None]) -> None:
    for path in (write("a.json", json.dumps(record)), write("b.jsonl", json.dumps(record) + "\n")):
        article = only(path)
        assert {field: getattr(article, field) for field in expected} == expected


CONTAINERS: list[tuple[Any, list[str]]] = [
    (news(), ["a"]),
    (news(identifier="x1"), ["a"]),
    ([news()], ["a"]),
    ([news(), news()], ["a-1", "a-2"]),
    ([news(identifier="x/1 é"), news(id="y.2")], ["x-1", "y.2"]),
    ([news(identifier={"@type": "PropertyValue", "value": 7}), news(identifier="..")], ["7", "a-2"]),
    ([news(identifier="n"), news(identifier="N"), news(identifier="n")], ["n", "N-2", "n-3"]),
    ({"@graph": [{"@type": "WebPage", "name": "W"}, news(), {"@type": "Organization"}]}, ["a"]),
    ({"@context": "x", "@graph": [news(), news()]}, ["a-1", "a-2"]),
]


@pytest.mark.parametrize(("value", "names"), CONTAINERS)
def test_json_containers_and_names(write: Write, value: Any, names: list[str]) -> None:
    assert [article.name for article in read([write("a.json", json.dumps(value))])] == names


def test_a_reference_within_the_graph_is_followed(write: Write) -> None:
    graph = [news(publisher={"@id": "#org"}), {"@type": "Organization", "@id": "#org", "name": "AP"}]
    assert only(write("a.json", json.dumps({"@graph": graph}))).source == "AP"


def test_json_lines_report_the_bad_line_and_read_the_others(write: Write) -> None:
    rows = [
        '{"id": "one", "text": "A."}',
        "",
        '{"text": ',
        "[1]",
        '{"title": "T"}',
        '{"text": "B."}\r',
        '{"text": "C."}',
    ]
    path = write("many.jsonl", "\ufeff" + "\n".join(rows))
    articles, errors = collect(path)
    assert [(article.name, article.body) for article in articles] == [("one", "A."), ("many-6", "B."), ("many-7", "C.")]
    assert [error.where for error in errors] == [f"{path}:{line}" for line in (3, 4, 5)]
    assert "malformed JSON" in errors[0].what and "column 9" in errors[0].what
    assert errors[2].what == "no text"


def test_json_lines_report_a_line_in_another_encoding(write: Write) -> None:
    path = write("a.ndjson", b'{"text": "A."}\n{"text": "\xe9."}\n{"text": "B\x00."}\n{"text": "C."}\n')
    articles, errors = collect(path)
    assert [article.body for article in articles] == ["A.", "C."]
    assert [error.where for error in errors] == [f"{path}:2", f"{path}:3"]


# HTML

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="{charset}"><title>{title} | Daily</title>{head}</head>
<body><nav><ul><li><a href="/">Home</a></li><li><a href="/world">World</a></li></ul></nav>
<article><h1>{title}</h1><p>The two armies agreed to a truce on Monday.</p>
<p>A spokesman said that the café near the border would reopen.</p></article>
<footer>Copyright 2024 Daily. Updated 2025-01-01.</footer></body></html>"""
BODY = "The two armies agreed to a truce on Monday.\n\nA spokesman said that the café near the border would reopen."
LINKED = '<script type="application/ld+json">%s</script>'


def page(head: str = "", *, title: str = "Truce Agreed", charset: str = "utf-8") -> str:
    return PAGE.format(head=head, title=title, charset=charset)


HEADS = [
    ("", None, None, None),
    ('<meta name="date" content="2019-03-04">', "2019-03-04", None, None),
    ('<meta name="date" content="4 March 2019">', None, None, None),
    ('<meta name="DC.Date" content="2019-03"><meta name="pubdate" content="2020">', "2020", None, None),
    ('<meta property="og:site_name" content="eNews"><meta name="publisher" content="X">', None, "eNews", None),
    ('<meta property="article:published_time" content="1988-03-04T01:02:03Z">', "1988-03-04", None, None),
    ('<meta property="og:site_name" content="The Daily">', None, "The Daily", None),
    ('<link rel="canonical" href="https://daily.example/a">', None, None, "https://daily.example/a"),
    ('<meta property="og:url" content="https://daily.example/b">', None, None, "https://daily.example/b"),
    (LINKED % json.dumps(news(publisher={"name": "eNews"}, datePublished="2001-02-03")), "2001-02-03", "eNews", None),
    (LINKED % "{broken", None, None, None),
    (LINKED % '{"@type": "WebSite", "name": "W"}', None, None, None),
]


@pytest.mark.parametrize(("head", "published", "source", "url"), HEADS)
def test_html(write: Write, head: str, published: str | None, source: str | None, url: str | None) -> None:
    article = only(write("a.html", page(head)))
    assert article.body == BODY
    assert (article.published, article.source, article.url) == (published, source, url)


TIMES = [
    ('<time datetime="2019-03-04T10:00">Monday</time>', "2019-03-04"),
    ('<time datetime="2019-03-04T10:00">Monday</time> <time datetime="2019-03-04">4 March</time>', "2019-03-04"),
    ('<time datetime="2019-03-04">Monday</time> <time datetime="2019-03-05">updated</time>', None),
    (
        '<time datetime="2019-03-04" itemprop="datePublished">M</time> <time datetime="2019-03-05">u</time>',
        "2019-03-04",
    ),
    ("<time>4 March 2019</time>", None),
]


@pytest.mark.parametrize(("times", "published"), TIMES)
def test_html_dates_in_the_text(write: Write, times: str, published: str | None) -> None:
    inside = page().replace("</h1>", f"</h1><div>{times}</div>")
    assert only(write("a.html", inside)).published == published
    assert only(write("b.html", page().replace("<footer>", f"<footer>{times}"))).published in (
        published if "itemprop" in times else None,
    )


def test_html_headline(write: Write) -> None:
    assert only(write("a.htm", page())).title == "Truce Agreed"
    assert only(write("b.htm", page(LINKED % json.dumps(news(headline="A &amp; B"))))).title == "A & B"


@pytest.mark.parametrize(
    ("codec", "charset"),
    [("utf-8", "utf-8"), ("cp1252", "windows-1252"), ("cp1252", "iso-8859-1"), ("latin-1", "latin1"), ("utf-16", "x")],
)
def test_html_encodings(write: Write, codec: str, charset: str) -> None:
    assert only(write("a.html", page(charset=charset).encode(codec))).body == BODY


def test_html_with_an_xml_declaration(write: Write) -> None:
    text = '<?xml version="1.0" encoding="iso-8859-1"?>\n' + page(charset="iso-8859-1")
    assert only(write("a.html", text.encode("latin-1"))).body == BODY


def test_html_is_read_in_silence(write: Write, capfd: pytest.CaptureFixture[str]) -> None:
    collect(write("a.html", "x"), write("b.html", "<div>" * 5000 + "x"), write("c.html", page()))
    assert capfd.readouterr() == ("", "")


def test_importing_does_not_load_trafilatura() -> None:
    code = "import kb.articles.formats, sys; sys.exit('trafilatura' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


# Bad input: file name, content, what the error says

BAD: list[tuple[str, str | bytes, str]] = [
    ("a.txt", "", "empty"),
    ("a.txt", " \n\t\r\n", "nothing but white space"),
    ("a.txt", "\ufeff", "nothing but white space"),
    ("a.txt", b"ab\x00cd", "binary, not text (a NUL byte at 2)"),
    ("a.txt", b"\xff\xfea\x00\x00\x00", "binary, not text (a NUL character)"),
    ("a.txt", b"%PDF-1.7 ...", "a PDF document"),
    ("a.txt", b"PK\x03\x04...", "a ZIP archive"),
    ("a.txt", gzip.compress(b"H\n\nB", mtime=0), "gzip data"),
    ("a.txt", "Café\n\nB".encode("cp1252"), "not UTF-8, byte 3 does not decode"),
    ("a.txt", b"\xff\xfea", "not UTF-16-LE"),
    ("a.html", "", "empty"),
    ("a.html", "plain", "no text in this HTML"),
    ("a.html", "<html><body><div></div></body></html>", "no text in this HTML"),
    ("a.html", "<html><head><title>T</title></head><body></body></html>", "no text in this HTML"),
    ("a.html", b"\x89PNG\r\n\x1a\n\x00", "binary"),
    ("a.html", b"<p>caf\xe9</p>", "not UTF-8"),
    ("a.html", b'<meta charset="utf-7"><p>caf\xe9</p>', "not UTF-8"),
    ("a.html", b'<meta charset="windows-1259"><p>caf\xe9</p>', "not UTF-8"),
    ("a.html", b'<meta charset="windows-1252"><p>caf\x81</p>', "not CP1252"),
    ("a.json", "", "empty"),
    ("a.json", " \n", "nothing but white space"),
    ("a.json", '{"headline": "H",}', "malformed JSON"),
    ("a.json", "[" * 100_000, "nested too deep"),
    ("a.json", "9" * 10_000, "number too long"),
    ("a.json", "{}", "neither headline nor text"),
    ("a.json", '"text"', "not an object"),
    ("a.json", "[]", "no article"),
    ("a.json", '{"@type": "Organization", "name": "N"}', "no article"),
    ("a.json", '{"@type": "NewsArticle", "headline": "H"}', "no text"),
    ("a.json", '{"@type": "NewsArticle", "headline": "H", "articleBody": " "}', "no text"),
    ("a.json", '{"headline": "H", "articleBody": {"a": {}}}', "no text"),
    ("a.json", b'{"text": "\xe9"}', "not UTF-8"),
    ("a.jsonl", "", "empty"),
    ("a.jsonl", "\n \n", "empty"),
    ("a.jsonl", "null\n", "not an object"),
    ("a.md", "# H", "unknown extension '.md'"),
    ("a", "H\n\nB", "no extension"),
    ("a.gz", gzip.compress(b"H\n\nB", mtime=0), "no extension"),
    ("a.md.gz", gzip.compress(b"H\n\nB", mtime=0), "unknown extension '.md'"),
    ("a.txt.gz", b"", "empty"),
    ("a.txt.gz", gzip.compress(b"", mtime=0), "empty"),
    ("a.txt.gz", b"H\n\nB", "not gzip"),
    ("a.txt.gz", gzip.compress(b"H\n\nB", mtime=0)[:-9], "gzip data ends too early"),
    ("a.txt.gz", gzip.compress(b"H\n\nB", mtime=0)[:-8] + bytes(8), "not gzip"),
    ("a.txt.gz", gzip.compress(bytes(LIMIT + 1), mtime=0), "over 20 MB"),
    ("a.jsonl.gz", gzip.compress(bytes(LIMIT + 1), mtime=0), "over 20 MB"),
    ("a.txt", b"a" * (LIMIT + 1), "over 20 MB"),
]


@pytest.mark.parametrize(("name", "data", "what"), BAD, ids=lambda value: str(value)[:30])
def test_bad_input(write: Write, name: str, data: str | bytes, what: str) -> None:
    bad, good = write(f"bad/{name}", data), write("good.txt", "H\n\nB")
    articles, errors = collect(bad, good)
    assert [article.name for article in articles] == ["good"]
    [error] = errors
    assert what in error.what
    assert error.where == str(bad) or error.where.startswith(f"{bad}:")
    assert error.hint and error.line().isprintable()
    with pytest.raises(InputError) as raised:
        list(read([bad, good]))
    assert raised.value.line() == error.line()


def test_malformed_json_names_line_and_column(write: Write) -> None:
    path = write("a.json", '{\n "headline": "H",\n "articleBody" "B"}')
    [error] = collect(path)[1]
    assert (error.where, "column 16" in error.what) == (f"{path}:3", True)


def test_one_bad_article_of_a_list(write: Write) -> None:
    articles, errors = collect(write("a.json", json.dumps([news(), {"headline": "H"}, 3, news()])))
    assert [article.name for article in articles] == ["a-1", "a-4"]
    assert [error.what for error in errors] == ["article 2: no text", "article 3: not an object"]


def test_the_readable_extensions_are_said(write: Write) -> None:
    [error] = collect(write("a.doc", "x"))[1]
    assert ".html, .json, .jsonl, .ndjson, .text, .txt" in error.hint


@pytest.mark.parametrize("path", ["", "nowhere", "nowhere.txt", "nowhere/", "no\0where.txt", "a\nb\u202ec.txt"])
def test_missing_path(path: str) -> None:
    [error] = collect(path)[1]
    assert error.what == "no such file or folder"
    assert error.line().isprintable()


def test_unreadable_file(write: Write, tmp_path: Path) -> None:
    link = tmp_path / "dangling.txt"
    link.symlink_to(tmp_path / "nowhere.txt")
    [error] = collect(link)[1]
    assert error.what.startswith("cannot be read (No such file")
    if os.geteuid() != 0:
        path = write("a.txt", "H\n\nB")
        path.chmod(0)
        assert collect(path)[1][0].what == "cannot be read (Permission denied)"


def test_an_article_of_one_megabyte(write: Write) -> None:
    paragraph = "The army said on Monday that its troops had taken the town.\n\n"
    article = only(write("a.txt", "Head\n\n" + paragraph * 17_000))
    assert len(article.body) == len(paragraph) * 17_000 - 2


def test_the_limit_of_json_lines_is_of_a_line(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LIMIT", 100)
    row = json.dumps({"text": "x" * 60}) + "\n"
    assert len(list(read([write("a.jsonl", row * 50)]))) == 50
    articles, errors = collect(write("b.jsonl", row + '{"text": "' + "x" * 100 + '"}\n' + row))
    assert (len(articles), len(errors)) == (1, 1)


def test_without_on_error_the_first_error_is_raised_where_it_stands(write: Write) -> None:
    found = read([write("a.txt", "H\n\nB"), write("b.txt", ""), write("c.txt", "H\n\nB")])
    assert next(found).name == "a"
    with pytest.raises(InputError):
        next(found)


# Options

OPTIONS = [
    (None, None, None, None),
    ("2020-05-06", "AFP", "2020-05-06", "AFP"),
    ("2020-05-06T07:08", " A\u202eP\n ", "2020-05-06", "AP"),
    ("2020", " ", "2020", None),
]


@pytest.mark.parametrize(("published", "source", "date", "name"), OPTIONS)
def test_options_fill_what_the_article_does_not_say(
    write: Write, published: str | None, source: str | None, date: str | None, name: str | None
) -> None:
    silent, broken = write("a.txt", "H\n\nB"), write("b.json", json.dumps(news(datePublished="soon")))
    saying = write("c.json", json.dumps(news(datePublished="1999-01-02", publisher="AP")))
    articles = list(read([silent, broken, saying], published=published, source=source))
    assert [(a.published, a.source) for a in articles] == [(date, name), (date, name), ("1999-01-02", "AP")]


@pytest.mark.parametrize("published", ["", "yesterday", "2020-13", "2020-02-30", "30.08.2017", "20170830", "99"])
def test_an_option_that_is_no_date(published: str) -> None:
    with pytest.raises(InputError, match="YYYY-MM-DD"):
        read([], published=published)  # at once, before anything is read


DATES = [
    ("2017", "2017"),
    ("2017-08", "2017-08"),
    (" 2017-08-31 ", "2017-08-31"),
    ("2016-02-29", "2016-02-29"),
    ("2017-08-31T23:59:59.9-11:00", "2017-08-31"),
    ("2017-08-31 10:00", "2017-08-31"),
    ("2017-08-31T1000Z", "2017-08-31"),
    *((bad, None) for bad in (None, "", "0000", "2017-00", "2017-8-31", "2017-02-29", "2017-08-31 to 2017-09-02")),
    *((bad, None) for bad in ("٢٠١٧", "2017T10:00", "2017-08T10:00", "12017-01-01", "-2017")),
]


@pytest.mark.parametrize(("text", "date"), DATES)
def test_dates(text: str | None, date: str | None) -> None:
    assert iso_date(text) == date


ADDRESSES = [
    ("https://example.org/é?q=1", "https://example.org/é?q=1"),
    (" HTTP://EXAMPLE.org ", "HTTP://EXAMPLE.org"),
    *(
        (bad, None)
        for bad in (None, "", "example.org", "ftp://example.org/", "https://", "https://a/\u202e", "https://a/ b")
    ),
    *((bad, None) for bad in ("https://a/\ud800", "https://a/{b}", 'https://a/"', "https://a/\\", "https://a/\x7f")),
]


@pytest.mark.parametrize(("text", "url"), ADDRESSES)
def test_addresses(text: str | None, url: str | None) -> None:
    assert address(text) == url


# Standard input

STANDARD = [
    ("Head\n\nBody.", [("stdin", "Head", "Body.")]),
    ("[Update] Head\n\nBody.", [("stdin", "[Update] Head", "Body.")]),
    ("{sic} Head\n\nBody.", [("stdin", "{sic} Head", "Body.")]),
    ("<3 Head\n\nBody.", [("stdin", "<3 Head", "Body.")]),
    ("2017\n\nBody.", [("stdin", "2017", "Body.")]),
    (json.dumps(news()), [("stdin-1", "H", "B.")]),
    ("\n\n" + json.dumps(news(), indent=1), [("stdin", "H", "B.")]),
    (json.dumps([news(), news()], indent=1), [("stdin-1", "H", "B."), ("stdin-2", "H", "B.")]),
    ('\n{"text": "A", "id": "x"}\n{"text": "B"}\n', [("x", None, "A"), ("stdin-3", None, "B")]),
    ("\ufeff" + page(), [("stdin", "Truce Agreed", BODY)]),
    ("\n <!-- x -->" + page(), [("stdin", "Truce Agreed", BODY)]),
]


@pytest.mark.parametrize(("text", "expected"), STANDARD)
def test_standard_input(
    monkeypatch: pytest.MonkeyPatch, text: str, expected: list[tuple[str, str | None, str]]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
    assert [(article.name, article.title, article.body) for article in read(["-"])] == expected


@pytest.mark.parametrize(
    "data",
    [b"", b" \n", b"a\0", b"\xe9", b'{"a":\n', b"<html></html>", b"a" * 5001, b"\n" * 5001, b"a\n" * 2501],
    ids=lambda data: repr(data[:9]),
)
def test_bad_standard_input(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(files, "LIMIT", 5000)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))
    articles, errors = collect("-", "-")
    assert (articles, len(errors)) == ([], 1)
    assert errors[0].where.startswith("-")


def test_standard_input_in_utf16(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(page().encode("utf-16"))))
    assert [article.body for article in read(["-"])] == [BODY]


# Folders, globs, names, order

TREE = ["b.txt", "a.txt", "sub/c.json", "sub/deep/d.txt.gz", ".hidden.txt", ".git/e.txt", "NOTICE.md", "sub/x.bin"]


@pytest.fixture
def tree(write: Write, tmp_path: Path) -> Path:
    for name in TREE:
        data = json.dumps(news()).encode() if name.endswith(".json") else b"H\n\nB"
        write(name, gzip.compress(data) if name.endswith(".gz") else data)
    return tmp_path


@pytest.mark.parametrize(
    ("paths", "names"),
    [
        ([""], "a b c d"),
        (["b.txt", "a.txt"], "b a"),
        (["b.txt", "", "a.txt"], "b a c d"),
        (["*.txt"], "a b"),
        (["*"], "a b c d"),
        (["**/*.txt*"], "a b d"),
        (["sub"], "c d"),
        (["sub/../b.txt", "b.txt"], "b"),
        (["[ab].txt"], "a b"),
        ([".hidden.txt"], ".hidden"),
    ],
)
def test_folders_and_globs(tree: Path, paths: list[str], names: str) -> None:
    assert " ".join(article.name for article in read([f"{tree}/{path}" for path in paths])) == names


@pytest.mark.parametrize(
    ("path", "what"),
    [("empty", "no articles in this folder"), (".", "no articles in this folder"), ("*.pdf", "no article matches")],
)
def test_where_there_are_no_articles(write: Write, tmp_path: Path, path: str, what: str) -> None:
    write("README.md", "x")
    (tmp_path / "empty").mkdir()
    [error] = collect(f"{tmp_path}/{path}")[1]
    assert (error.what, error.where) == (what, f"{tmp_path}/{path}")


def test_a_file_named_like_a_glob_is_a_file(write: Write) -> None:
    assert only(write("a[1]*.txt", "H\n\nB")).name == "a[1]*"


def test_names_are_unique_in_input_order(write: Write) -> None:
    names = ["1/a.txt", "2/a.txt", "3/a-2.txt", "4/A.text", "5/a.b.txt", "6/x\ny\u202e.txt"]
    found = read([write(name, "H\n\nB") for name in names])
    assert [article.name for article in found] == ["a", "a-2", "a-2-2", "A-3", "a.b", "x-y-"]


def test_order_is_that_of_the_inputs(tree: Path) -> None:
    twice = [[article.name for article in read([tree])] for _ in range(2)]
    assert twice[0] == twice[1] == sorted(twice[0])


@pytest.mark.parametrize("name", ["a.txt", "a.html", "a.json", "a.jsonl"])
def test_gzip_equals_plain(write: Write, name: str) -> None:
    data = {"a.txt": "H\n\nB", "a.html": page()}.get(name, json.dumps(news())).encode()
    assert only(write(name, data)) == only(write(f"{name}.gz", gzip.compress(data)))


# Properties

ANY = st.text(st.characters(codec=None), max_size=200)
LINES = st.text(st.sampled_from("aB é\u0301\n\r\t\x00\x1b\u202e\u00ad\u2028\ud800<>\"'&"), max_size=60)
PLAIN = (LINES | ANY).filter(lambda text: "\0" not in text and not any("\ud800" <= c <= "\udfff" for c in text))


@given(text=LINES | ANY)
def test_normalised_text_is_harmless_and_stays(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert all(c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cs", "Zl", "Zp") for c in once)
    assert not any(unicodedata.bidirectional(c) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI") for c in once)
    assert "\n" not in one_line(text)
    once.encode()


@FIXTURE
@given(text=PLAIN)
def test_any_text_comes_back_with_its_own_characters(write: Write, text: str) -> None:
    articles, errors = collect(write("a.txt", text))
    assert len(articles) + len(errors) == 1
    for article in articles:
        assert set(article.text) <= set(unicodedata.normalize("NFC", text)) | set(normalise(text)) | set(" \n")
        assert article.body == article.body.strip() != ""
        assert article.title is None or (article.title == one_line(article.title) != "")
        assert article.text.split() == normalise(text).split()


@FIXTURE
@given(title=LINES | ANY, body=LINES | ANY, ascii_only=st.booleans())
def test_json_round_trip(write: Write, title: str, body: str, ascii_only: bool) -> None:
    data = json.dumps(news(headline=title, articleBody=body), ensure_ascii=ascii_only).encode("utf-8", "replace")
    articles, errors = collect(write("a.json", data))
    assert len(articles) + len(errors) == 1
    if ascii_only and articles:
        assert (articles[0].title or "", articles[0].body) == (one_line(title), normalise(body).strip())


@FIXTURE
@given(data=st.binary(max_size=80), extension=st.sampled_from(["txt", "json", "jsonl", "txt.gz", "html"]))
def test_any_bytes_are_an_article_or_an_error(write: Write, data: bytes, extension: str) -> None:
    articles, errors = collect(write(f"a.{extension}", data))
    assert articles or errors
    assert all(error.line().isprintable() and error.where and error.hint for error in errors)


# The articles of the project itself


def test_seeds() -> None:
    found = {article.name: article for article in read([ROOT / "seeds"])}
    assert {name: (article.published, article.source) for name, article in found.items()} == {
        "colombia-signs-revised-peace-accord": ("2016-11-24", "newskb"),
        "ethiopia-and-tigray-agree-to-end-war": ("2022-11-02", "newskb"),
        "minsk-ceasefire-for-eastern-ukraine": (None, None),
        "sudan-army-and-paramilitaries-begin-truce": (None, None),
        "us-airstrikes-block-evacuation": (None, None),
    }
    assert all(article.title and 220 <= len(article.body.split()) <= 1100 for article in found.values())
    assert all(article.body.count("\n\n") >= 6 for article in found.values())
    page = found["colombia-signs-revised-peace-accord"].text
    assert not any(word in page for word in ("Weather", "newsletter", "Search"))


def test_cases() -> None:
    found = list(read([ROOT / "tests" / "cases" / "articles"]))
    assert len(found) == 5
    assert all(article.title and 80 <= len(article.text.split()) <= 165 for article in found)
