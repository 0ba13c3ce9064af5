"""The command ``kb``: parses, checks, calls, prints. What it calls is in the modules below, to be called without it.

Data goes to standard output, talk to standard error. Exit codes: 0 all is well, 1 there are findings, 2 an error of the
input, the output or the command, in one line; 130 interrupted, 141 the reader of our output has gone. Modules that take
seconds to import (spaCy, RDF, the model) are imported within the commands, so that ``kb --help`` answers at once.
"""

import json
import re
import sys
import time
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kb.cli import link, serve
from kb.cli.data import data_of, keep_inputs, read_quads
from kb.cli.terminal import ERROR, FINDINGS, INTERRUPTED, Errors, counted, progress, say, show, width
from kb.errors import InputError, KbError, OutputError, QueryError

if TYPE_CHECKING:
    from rdflib import Graph

    from kb.build import Exported, Options, Summary
    from kb.checks import Finding
    from kb.evaluation import Gold, Outcome
    from kb.store import Answer, Store

#: Characters of an argument that make it SPARQL rather than the name of a file.
SPARQL = re.compile(r"[{\n]|^\s*DESCRIBE\s", re.IGNORECASE)
#: Typer carries its own copy of click in some versions; click's usage errors are found through what it exports.
USAGE_ERROR: Any = typer.BadParameter.__mro__[1]

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="News articles in, a knowledge base in RDF out.",
)


class Evidence(StrEnum):
    """How finely evidence is stated."""

    facts = "facts"
    roles = "roles"


# Entry ----------------------------------------------------------------------------------------------------------------


def main() -> None:
    """The entry point of the command."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code."""
    for stream in (sys.stdout, sys.stderr):
        _never_fail_on_letters(stream)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _warn
            return _called([word for word in arguments if word != "--debug"])
    except KbError as error:
        if "--debug" in arguments:
            traceback.print_exc()
        say(error.line())
        return ERROR
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    """A warning as one line, without the place in the code."""
    say(f"warning: {message}")


def _called(words: list[str]) -> int:
    try:
        code = app(words, standalone_mode=False, prog_name="kb")
    except USAGE_ERROR as error:
        say(_usage(error))
        return ERROR
    return code if isinstance(code, int) else 0


def _never_fail_on_letters(stream: Any) -> None:
    """Names from the news have letters that the terminal's encoding may lack: show their code instead of failing."""
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")


def _usage(error: Any) -> str:
    command = error.ctx.command_path if error.ctx else "kb"
    text = " ".join(str(error.format_message()).split()).rstrip(".")
    return f"{command}: {text}; see {command} --help"


def _version(wanted: bool) -> None:
    if wanted:
        import kb

        show(f"newskb {kb.__version__}\n")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error arose.")] = False,
) -> None:
    """News articles in, a knowledge base in RDF out."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


# Export ---------------------------------------------------------------------------------------------------------------

Articles = Annotated[
    list[str],
    typer.Argument(
        metavar="ARTICLES...",
        show_default=False,
        help="Files, folders, globs or - for standard input: text, HTML, JSON or JSON Lines, also with .gz.",
    ),
]
Ontology = Annotated[
    list[Path] | None,
    typer.Option(metavar="DIR", show_default=False, help="Turtle files that extend the ontology; may be repeated."),
]
Model = Annotated[str | None, typer.Option(metavar="NAME", help="A spaCy pipeline to use in place of ours.")]
Processes = Annotated[int, typer.Option(min=1, metavar="N", help="How many to use, each with its own model in memory.")]
Index = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        show_default=False,
        help="Link with this index of Wikidata items, from kb link build, in place of ours.",
    ),
]
MinConfidence = Annotated[float, typer.Option(min=0.0, max=1.0, metavar="X", help="Leave out what is less sure.")]


@app.command()
def export(
    articles: Articles,
    output: Annotated[
        str | None, typer.Option("-o", "--output", metavar="FILE", help="Where to write; - is standard output.")
    ] = None,
    output_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write a file for each article, NAME.ttl for NAME.txt.")
    ] = None,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="turtle, trig, ntriples, nquads, jsonld, rdfxml or quickstatements; else by the extension.",
        ),
    ] = None,
    published: Annotated[
        str | None, typer.Option(metavar="DATE", help="Publication date of articles that state none.")
    ] = None,
    source: Annotated[str | None, typer.Option(metavar="NAME", help="Publisher of articles that state none.")] = None,
    ontology: Ontology = None,
    model: Model = None,
    index: Index = None,
    base: Annotated[str | None, typer.Option(metavar="IRI", help="Where resources are minted.")] = None,
    min_confidence: MinConfidence = 0.0,
    evidence: Annotated[
        Evidence, typer.Option(help="Of each event as a whole, or of each single role too.")
    ] = Evidence.facts,
    with_text: Annotated[
        bool, typer.Option("--with-text", help="Export the text of the articles too; mind their copyright.")
    ] = False,
    processes: Processes = 1,
) -> None:
    """Articles to RDF: one file, a file for each article, or standard output. A file that is there is replaced."""
    if output and output_dir:
        raise OutputError("--output and --output-dir exclude each other", hint="give one of them")
    keep_inputs(articles, output, "an article")
    options = _options(
        published=published,
        source=source,
        ontology=tuple(ontology or ()),
        model=model,
        index=index,
        base=base,
        min_confidence=min_confidence,
        evidence=evidence.value,
        with_text=with_text,
    )
    _export(articles, options, Target(output or "-", output_dir, format), processes)


class Target:
    """Where an export goes."""

    def __init__(self, output: str, folder: Path | None, format: str | None) -> None:
        self.output, self.folder, self.format = output, folder, format

    def __str__(self) -> str:
        return str(self.folder or ("standard output" if self.output == "-" else self.output))


def _options(*, base: str | None = None, **others: Any) -> "Options":
    from kb.build import Options

    return Options(**others) if base is None else Options(base=base, **others)


def _export(articles: Sequence[str], options: "Options", target: Target, processes: int) -> None:
    from kb import build

    errors, start = Errors(), time.monotonic()
    with progress("Reading") as tick:
        found = build.each(articles, options, processes=processes, on_error=errors, progress=tick)
        summary = _write(found, options, target)
    _summarize(summary, str(target), time.monotonic() - start, errors)


def _write(found: "Iterator[Exported]", options: "Options", target: Target) -> "Summary":
    from kb import build, rdf

    if target.folder:
        return build.export_each(found, target.folder, options, format=target.format or "turtle")
    if target.output != "-":
        return build.export_file(found, Path(target.output), options, format=target.format)
    syntax = rdf.format_of("-", target.format or "turtle").name
    quads, summary = build.merged(found)
    if summary.articles:
        show(rdf.serialize(quads, syntax, base=options.base))
    return summary


def _summarize(summary: "Summary", target: str, seconds: float, errors: Errors) -> None:
    written = f"{counted(summary.articles, 'article')}, {counted(summary.triples, 'triple')}"
    done = f"{written} → {target} in {seconds:.1f} s" if summary.articles else "nothing to write"
    say(f"{done}; {counted(errors.count, 'error')}, see above" if errors.count else done)
    if errors.count or not summary.articles:
        raise typer.Exit(ERROR)


# Ask and query --------------------------------------------------------------------------------------------------------

AnswerFormat = Annotated[
    str,
    typer.Option(
        "-f",
        "--format",
        metavar="NAME",
        help="table, markdown, csv, tsv, json or xml; graphs: turtle, nt, jsonld, xml.",
    ),
]


Data = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="DATA", show_default=False, help="RDF files, folders of them or an endpoint; kb.nq if none is named."
    ),
]


@app.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
def ask(
    context: typer.Context,
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="QUESTION|--PARAMETER VALUE|DATA",
            show_default=False,
            help="A stored question, what narrows it, and RDF files, a folder or an endpoint; kb.nq if none is named.",
        ),
    ] = None,
    format: AnswerFormat = "table",
    online: Annotated[
        bool, typer.Option("--online", help="Ask Wikidata for its part of a question, over the network.")
    ] = False,
    help: Annotated[bool, typer.Option("-h", "--help", help="Show this, or the parameters of a question.")] = False,
) -> None:
    """Answer a stored question; without one, list them. `kb ask NAME --help` shows what narrows a question."""
    name, parameters, data = _asked(words or [])
    if help:
        show(_question_help(name) if name else context.get_help() + "\n")
    elif name is None:
        show(_rendered(_listing(), format))
    else:
        _answer(name, parameters, data, format, online=online)


def _asked(words: Sequence[str]) -> tuple[str | None, dict[str, str], list[str]]:
    """The name, the parameters and the data among the words of ``kb ask``."""
    parameters: dict[str, str] = {}
    bare: list[str] = []
    rest = iter(words)
    for word in rest:
        option, equals, value = word.partition("=")
        if option.startswith("-") and len(option) > 1:
            parameters[_parameter(option)] = value if equals else _value_of(option, rest)
        else:
            bare.append(word)
    return (bare[0] if bare else None), parameters, bare[1:]


def _parameter(option: str) -> str:
    """The parameter that an option names: ``--min-killed`` as well as ``--minKilled``."""
    return re.sub(r"-(\w)", lambda match: match[1].upper(), option.lstrip("-"))


def _value_of(option: str, rest: Iterator[str]) -> str:
    value = next(rest, None)
    if value is None:
        raise QueryError(f"{option} has no value", where="kb ask", hint=f"write {option} VALUE")
    return value


def _answer(name: str, parameters: Mapping[str, str], data: Sequence[str], format: str, *, online: bool) -> None:
    from kb import queries

    question = queries.question(name)
    unknown = sorted(parameters.keys() - {parameter.name for parameter in question.parameters})
    if unknown:
        hint = f"kb ask {name} --help shows its parameters"
        raise QueryError(f'no parameter "{unknown[0]}"', where=name, hint=hint)
    if endpoints := ", ".join(queries.services(question.text)):
        at_hand = f"answered from the data at hand; --online asks {endpoints}"
        say(f"asking {endpoints} over the network" if online else at_hand)
    answer = queries.ask_online if online else queries.ask
    show(_rendered(answer(_store(data), question, **parameters), format))


def _listing() -> "Answer":
    from pyoxigraph import Literal

    from kb import queries
    from kb.store import Table

    rows = [(q.name, q.summary, " ".join(f"--{p.name}" for p in q.parameters)) for q in queries.questions()]
    return Table(("question", "answers", "parameters"), tuple(tuple(map(Literal, row)) for row in rows))


def _question_help(name: str) -> str:
    from kb import queries

    question = queries.question(name)
    usage = f"Usage: kb ask {name}{' [--PARAMETER VALUE]...' if question.parameters else ''} [DATA]...\n"
    lines = [usage, question.summary, "", question.description, "", *map(_parameter_help, question.parameters)]
    return "\n".join(lines).rstrip() + "\n"


def _parameter_help(parameter: Any) -> str:
    needed = "" if parameter.optional else " (needed)"
    default = f" [default: {parameter.default}]" if parameter.default is not None else ""
    choices = f" [{'|'.join(parameter.enumerate)}]" if parameter.enumerate else ""
    return f"  --{parameter.name} {parameter.type.upper()}  {parameter.description}{needed}{choices}{default}"


@app.command()
def query(
    sparql: Annotated[str, typer.Argument(metavar="FILE.rq|SPARQL", help="A file, - for standard input, or a query.")],
    data: Data = None,
    format: AnswerFormat = "table",
) -> None:
    """Answer any SPARQL query. The usual prefixes need not be declared; the default graph is the union of all."""
    text = _sparql(sparql)
    show(_rendered(_store(data or []).query(text), format))


def _sparql(source: str) -> str:
    if source != "-" and SPARQL.search(source):
        return source
    try:
        return sys.stdin.read() if source == "-" else Path(source).read_text(encoding="utf-8")
    except OSError as error:
        hint = "name a file, or write a query in quotes"
        raise QueryError(f"cannot be read ({error.strerror})", where=source, hint=hint) from error
    except UnicodeDecodeError as error:
        raise QueryError("not UTF-8", where=source, hint="save it as UTF-8") from error


def _store(data: Sequence[str]) -> "Store":
    from kb.store import open_store

    named = data_of(data)
    return open_store(named[0] if len(named) == 1 else named)


def _rendered(answer: "Answer", format: str) -> str:
    from kb.store import render

    text = render(answer, "text" if format == "table" else format, width=width())
    return text if text.endswith("\n") else text + "\n"


# Validate -------------------------------------------------------------------------------------------------------------


@app.command()
def validate(
    data: Data = None,
    ontology: Ontology = None,
    no_reason: Annotated[
        bool, typer.Option("--no-reason", help="Look at the shapes alone; the reasoner takes some seconds.")
    ] = False,
    format: AnswerFormat = "table",
) -> None:
    """Print what contradicts the SHACL shapes or the ontology; the exit code is 1 if anything does."""
    from kb import checks
    from kb.ontology import NO_JAVA, java

    if not no_reason and java() is None:
        say(NO_JAVA)
    quads = read_quads(data or [])
    findings = checks.check(quads, ontology_dirs=ontology or (), reason=not no_reason)
    if findings or format != "table":
        show(_rendered(_findings(findings), format))
    say(f"{counted(len(findings), 'finding')} in {counted(len({quad.triple for quad in quads}), 'triple')}")
    if findings:
        raise typer.Exit(FINDINGS)


def _findings(findings: "Sequence[Finding]") -> "Answer":
    from pyoxigraph import Literal, NamedNode

    from kb import terms
    from kb.store import Table

    def term(text: str) -> "NamedNode | Literal":
        return NamedNode(text) if terms.legal(text) else Literal(text)

    rows = ((Literal(f.kind), term(f.focus), term(f.path), Literal(f.message), term(f.value)) for f in findings)
    return Table(("kind", "focus", "path", "message", "value"), tuple(rows))


# Evaluate -------------------------------------------------------------------------------------------------------------

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]


@app.command()
def evaluate(
    gold_dir: Annotated[
        Path, typer.Argument(metavar="GOLD_DIR", help="NAME.gold.json of each article, the articles in articles/.")
    ],
    rdf: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Score the NAME.ttl in this folder instead of a new export.")
    ] = None,
    show_errors: Annotated[bool, typer.Option("--errors", help="List what is missing and what is extra.")] = False,
    html: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write a page that shows gold and system side by side in each text."),
    ] = None,
    as_json: AsJson = False,
    ontology: Ontology = None,
    model: Model = None,
    index: Index = None,
    min_confidence: MinConfidence = 0.0,
    processes: Processes = 1,
) -> None:
    """Precision, recall, F1 and number of annotated items of each kind of fact, on articles that are annotated."""
    from kb import evaluation

    if html:
        _check_folder(html.parent)
    golds = evaluation.read_gold(gold_dir)
    options = _options(ontology=tuple(ontology or ()), model=model, index=index, min_confidence=min_confidence)
    exported = _read_graphs(rdf) if rdf else _exported_graphs(gold_dir / "articles", options, processes)
    graphs = {gold.name: _graph(gold.name, exported) for gold in golds}
    found = {gold.name: tuple(evaluation.compare(gold, graphs[gold.name])) for gold in golds}
    if show_errors and not as_json:
        show("".join(f"{name} {o.note}\n" for name, outcomes in found.items() for o in outcomes if o.note))
    if html:
        _browser(html, golds, graphs, found, _texts(gold_dir / "articles", Errors() if rdf else None))
    rows = evaluation.rows(outcome for outcomes in found.values() for outcome in outcomes)
    show(evaluation.as_json(rows) if as_json else evaluation.as_text(rows, len(golds)))


def _check_folder(folder: Path) -> None:
    from kb import build

    build.check_folder(folder)


def _browser(
    file: Path,
    golds: "Sequence[Gold]",
    graphs: "Mapping[str, Graph]",
    found: "Mapping[str, tuple[Outcome, ...]]",
    texts: Mapping[str, str],
) -> None:
    from kb import browser
    from kb.evaluation import Export

    browser.write(
        [browser.Compared(g, Export(graphs[g.name]), texts.get(g.name, ""), found[g.name]) for g in golds], file
    )


def _texts(folder: Path, errors: Errors | None) -> dict[str, str]:
    """The text of each article; without somebody to take the errors they have been told of before."""
    from kb import articles

    return {a.name: a.text for a in articles.read([folder], on_error=errors or (lambda error: None))}


def _graph(name: str, graphs: Mapping[str, bytes]) -> "Graph":
    """The export of an article as a reader of its file sees it; empty, with a word about it, where there is none."""
    from rdflib import Graph

    if not graphs.get(name):
        say(f"no export of {name}")
    return Graph().parse(data=graphs.get(name, b""), format="turtle")


def _read_graphs(folder: Path) -> dict[str, bytes]:
    if not folder.is_dir():
        raise InputError("no such folder", where=str(folder), hint="name a folder of NAME.ttl")
    return {file.stem: file.read_bytes() for file in folder.glob("*.ttl")}


def _exported_graphs(folder: Path, options: "Options", processes: int) -> dict[str, bytes]:
    from kb import build, rdf

    with progress("Reading") as tick:
        found = build.each([folder], options, processes=processes, on_error=Errors(), progress=tick)
        return {article.name: rdf.serialize(quads, "turtle", base=options.base) for article, quads in found}


# Info -----------------------------------------------------------------------------------------------------------------


@app.command()
def info(as_json: AsJson = False) -> None:
    """Versions, and what the model, the ontology and the tables hold."""
    from kb import build

    facts = build.inventory()
    if as_json:
        show(json.dumps(facts, indent=1, ensure_ascii=False) + "\n")
    else:
        show("".join(f"{name:{max(map(len, facts))}}  {value}\n" for name, value in facts.items()))


# Serve ----------------------------------------------------------------------------------------------------------------

app.command()(serve.serve)


# Link -----------------------------------------------------------------------------------------------------------------

app.add_typer(link.app, name="link")
