"""The pages of the reconciliation service for people: the first one with a search, previews of items, refusals.

Plain HTML that needs no script and loads nothing. Whatever comes from the table or from a client is escaped here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from urllib.parse import quote

#: What was found of an item or a term: a word that says what follows, or nothing, and the text.
Facts = Sequence[tuple[str, str]]

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 13px/1.4 system-ui, sans-serif; margin: 8px; max-width: 46em; overflow-wrap: anywhere; }}
h1 {{ font-size: 15px; line-height: 1.3; margin: 0; }}
p {{ margin: 2px 0; }}
small {{ font-size: inherit; font-weight: normal; opacity: .75; }}
/* In the frame of a preview, of which the height is given, each fact gets its share. */
@media (max-height: 240px) {{
  .facts p {{ display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden; }}
}}
/* In a window of its own. */
@media (min-width: 500px) {{ body {{ font-size: 16px; margin: 2em auto; padding: 0 1em; }} h1 {{ font-size: 1.3em; }} }}
.welcome {{ font-size: 16px; margin: 2em auto; padding: 0 1em; }}
.welcome h1 {{ font-size: 1.5em; }}
.welcome h2 {{ font-size: 1.1em; margin: 1.5em 0 .3em; }}
.welcome p, .welcome li {{ margin: .4em 0; }}
.welcome ol, .welcome ul {{ margin: .3em 0; padding-left: 1.3em; }}
form {{ display: flex; flex-wrap: wrap; gap: .5em; align-items: center; margin: 1em 0; }}
input {{ flex: 1 1 12em; min-width: 0; }}
input, button {{ font: inherit; padding: .3em .6em; }}
code {{ font: .9em/1.4 ui-monospace, monospace; padding: .1em .3em; border: 1px solid #8888; border-radius: 3px; }}
</style>
</head>
<body{attributes}>
{body}
</body>
</html>
"""
_SEARCH = """<form role="search" action="./">
<label for="q">Name or item</label>
<input id="q" name="q" type="search" maxlength="{longest}" value="{text}" autofocus>
<button>Look up</button>
</form>"""
_WELCOME = """<h1>{name}</h1>
<p>This server says which Wikidata item a name of a person, an organization or a place means. It asks nobody: all that it
knows is in the index of this computer.</p>
{search}
{results}
<h2>In OpenRefine</h2>
<ol>
<li>In the menu of a column choose <em>Reconcile → Start reconciling → Add standard service</em>.</li>
<li>Give the address <code>{endpoint}</code></li>
<li>To tell namesakes apart, add a column of countries as the property P17, of persons as P27.</li>
<li>Of what is matched, <em>Edit column → Add columns from reconciled values</em> gets country, kind, posts, coordinates and
other names.</li>
</ol>
<h2>In programs</h2>
<p>Send what the <a href="{standard}">Reconciliation Service API</a> says to the same address. Here are the
<a href="reconcile">manifest</a> and <a href="reconcile?queries={example}">an example</a>.</p>"""
_EXAMPLE = '{"q0": {"query": "Georgia", "type": "Q6256"}}'


@dataclass(frozen=True, slots=True)
class Found:
    """An item in the answer to a search.

    Attributes:
        qid: "Q…".
        label: its name.
        notes: a few words each: its class, how well it fits.
        description: what it is; may be empty.
    """

    qid: str
    label: str
    notes: tuple[str, ...]
    description: str


@dataclass(frozen=True, slots=True)
class Search:
    """What somebody looked for on the first page, and what there is.

    Attributes:
        text: what was typed; empty if nothing was.
        candidates: what a client is offered for this name, best first.
        others: further items with a name that begins so.
    """

    text: str = ""
    candidates: tuple[Found, ...] = ()
    others: tuple[Found, ...] = ()


def welcome(name: str, endpoint: str, standard: str, search: Search, *, longest: int) -> str:
    """The first page.

    Args:
        name: of the service.
        endpoint: the address that clients are given.
        standard: address of the specification.
        search: what was looked for.
        longest: most characters of a name.
    """
    body = _WELCOME.format(
        name=escape(name),
        search=_SEARCH.format(longest=longest, text=escape(search.text)),
        results=_results(search),
        endpoint=escape(endpoint),
        standard=escape(standard),
        example=quote(_EXAMPLE),
    )
    return _page(f"{search.text} – {name}" if search.text else name, body, welcome=True)


def _results(search: Search) -> str:
    if not search.text:
        return ""
    if not search.candidates and not search.others:
        return "<p>No item has this name.</p>"
    lists = (("Candidates", search.candidates), ("Other items with a name that begins so", search.others))
    return "\n".join(f"<h2>{heading}</h2>\n<ul>\n{_list(found)}\n</ul>" for heading, found in lists if found)


def _list(found: Iterable[Found]) -> str:
    return "\n".join(
        f'<li><a href="preview?id={escape(one.qid)}">{escape(one.label)}</a> '
        f"<small>{escape(' · '.join((one.qid, *one.notes)))}</small>"
        f"{'<br>' if one.description else ''}{escape(one.description)}</li>"
        for one in found
    )


def preview(label: str, qid: str, iri: str, facts: Facts) -> str:
    """A page on an item that fits a small frame.

    Args:
        label: its name.
        qid: "Q…".
        iri: where more is said of it.
        facts: the most telling first.
    """
    link = f'<a href="{escape(iri)}" target="_blank" rel="noopener">{escape(label)}</a>'
    return _page(f"{label} ({qid})", f'<h1>{link} <small>{qid}</small></h1>\n<div class="facts">{_facts(facts)}</div>')


def flyout(label: str, identifier: str, facts: Facts) -> str:
    """A piece of HTML on an item, a class or a property, to be put into a page of somebody else."""
    return f"<p><strong>{escape(label)}</strong> {escape(identifier)}</p>{_facts(facts)}"


def refusal(status: int, message: str) -> str:
    """A page that says why there is no other.

    Args:
        status: HTTP's code, 404.
        message: what was wrong.
    """
    heading = HTTPStatus(status).phrase
    said = f"<p>{escape(message)}</p>\n" if message != heading else ""
    about = '<p><a href="/" target="_blank" rel="noopener">What this server offers</a></p>'
    return _page(heading, f"<h1>{heading}</h1>\n{said}{about}")


def _facts(facts: Facts) -> str:
    return "\n".join(f"<p>{escape(f'{word}: {text}' if word else text)}</p>" for word, text in facts if text)


def _page(title: str, body: str, *, welcome: bool = False) -> str:
    return _PAGE.format(title=escape(title), attributes=' class="welcome"' if welcome else "", body=body)
