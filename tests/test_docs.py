"""The documentation is true: commands, options, links and files exist, and what is shown is what is printed."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from kb import cli, queries
from kb.rdf import FORMATS
from kb.resources import entries
from tests import pictures, readme

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "CHANGELOG.md", "ontology/README.md", "queries/README.md", "kb/language/train/README.md")
BLOCKS = readme.blocks(README)
GROUPS = {"": typer.main.get_command(cli.app)}
GROUPS |= {f"{name} ": command for name, command in GROUPS[""].commands.items() if hasattr(command, "commands")}  # type: ignore[attr-defined]
#: Every command, also those of a command, by all its words: "link explain".
COMMANDS = {
    group + name: command
    for group, owner in GROUPS.items()
    for name, command in owner.commands.items()  # type: ignore[attr-defined]
}
#: These wait for others: a program that asks, a service on the web. Indexes are built from gigabytes.
NOT_RUN = {"serve", "link online", "link build"}
QUESTIONS = {question.name: question for question in queries.questions()}


# Commands and options -------------------------------------------------------------------------------------------------


def options() -> Iterator[tuple[str, str]]:
    for name, command in COMMANDS.items():
        for parameter in command.params:
            yield from ((name, option) for option in parameter.opts if option.startswith("--"))


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_named(command: str) -> None:
    assert f"`kb {command}" in README
    assert COMMANDS[command].help


@pytest.mark.parametrize(("command", "option"), sorted(options()))
def test_every_option_is_named_and_has_help(command: str, option: str) -> None:
    parameter = next(p for p in COMMANDS[command].params if option in p.opts)

    assert re.search(rf"{option}(?![\w-])", README)
    assert parameter.help


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_named(format: str) -> None:
    assert f"`{format}`" in README


def test_every_question_says_what_it_answers() -> None:
    assert len(QUESTIONS) >= 20
    assert [name for name, q in QUESTIONS.items() if not (q.summary and q.description and q.tags)] == []
    assert [f"{q.name} {p.name}" for q in QUESTIONS.values() for p in q.parameters if not p.description] == []


def test_every_question_is_in_their_list() -> None:
    listed = re.findall(
        r"^\| \[`([\w-]+)`\]", (ROOT / "queries" / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )

    assert listed == list(QUESTIONS)


def shown() -> Iterator[str]:
    """Every command line of ours that the README runs or speaks of, or that the Makefile has."""
    for block in BLOCKS:
        yield from (re.sub(r"^[$>] ", "", command, flags=re.MULTILINE) for command in block.commands)
    yield from re.findall(r"`(kb [^`]+)`", readme.FENCED.sub("", README))
    yield from (
        f"kb {rest}" for rest in re.findall(r"\t\$\(KB\) (.+)", (ROOT / "Makefile").read_text(encoding="utf-8"))
    )


def words(line: str) -> list[str]:
    """The words of the first command of a line, up to what it is piped into."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;")
    lexer.whitespace_split = True
    split = list(lexer)
    return split[: next((i for i, word in enumerate(split) if set(word) <= set("|&;")), len(split))]


@pytest.mark.parametrize("line", sorted({line for line in shown() if line.startswith("kb ")}))
def test_the_commands_that_are_shown_exist(line: str) -> None:
    _, command, *rest = words(line)
    if f"{command} " in GROUPS and rest:
        command += " " + ("online" if rest[0] == "--online" else rest.pop(0))
    name = next((word for word in rest if not word.startswith("-")), "")
    known = {option for owner, option in options() if owner == command} | {"-o", "-f"}
    known |= {"--online"} if command == "link online" else set()
    if command == "ask" and name in QUESTIONS:
        known |= {f"--{parameter.name}" for parameter in QUESTIONS[name].parameters}

    assert command in COMMANDS or command == "--version"
    assert command != "ask" or not rest or name in {*QUESTIONS, "NAME"}
    assert [word for word in rest if word.startswith("-") and word.split("=")[0] not in known | {"--PARAMETER"}] == []


def test_the_extras_that_are_named_exist() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(r"'\.\[(\w+)\]'", README)

    assert named
    assert all(f"\n{extra} = [" in project for extra in named)


def test_the_changelog_has_an_entry_for_what_comes_next() -> None:
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").count("\n## Unreleased\n") == 1


# What is shown --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where a reader who follows the README works."""
    return tmp_path_factory.mktemp("readme")


@pytest.fixture(scope="session")
def told(folder: Path) -> list[str]:
    """What each block of the README is to be: everything in it run once, in order."""
    return list(readme.told(BLOCKS, folder))


@pytest.mark.parametrize(
    "number", [i for i, b in enumerate(BLOCKS) if b.commands], ids=lambda i: BLOCKS[i].commands[-1]
)
def test_the_readme_shows_what_is_printed(told: list[str], number: int) -> None:
    if not BLOCKS[number].runs:
        pytest.skip("no annotated articles beside this checkout")

    shown, printed = BLOCKS[number].text, told[number]
    if BLOCKS[number].needs_annotated:
        assert _apart(shown, printed) < MOST_APART, "python -m tests.readme puts it right"
        shown, printed = _FIGURE.sub("", shown), _FIGURE.sub("", printed)
    assert shown == printed, "python -m tests.readme puts it right"


#: So far may figures lie apart that depend on how a processor rounds, see `tests.quality`.
MOST_APART = 0.1
_FIGURE = re.compile(r"\d\.\d+")


def _apart(shown: str, printed: str) -> float:
    pairs = zip(_FIGURE.findall(shown), _FIGURE.findall(printed), strict=True)
    return max((abs(float(one) - float(other)) for one, other in pairs), default=0.0)


def test_the_readme_shows_enough() -> None:
    commands = " ".join(command for block in BLOCKS for command in block.commands)

    assert [command for command in COMMANDS.keys() - NOT_RUN if f"$ kb {command}" not in commands] == []
    assert all(f"`kb {command}" in README for command in NOT_RUN)


def test_lines_can_be_read_without_scrolling() -> None:
    lines = [line for line in README.splitlines() if not line.startswith("|")]

    assert [line for line in lines if len(line) > 120] == []


def test_terminal_gives_what_a_terminal_shows(tmp_path: Path) -> None:
    assert readme.terminal("$ printf 'a \\nb'; printf c >&2\n", tmp_path) == "a\nb\n"
    assert readme.terminal("$ test -t 1 &&\n> echo yes\n", tmp_path) == "yes\n"
    assert readme.terminal("$ kb --version | cut -c 1-6\n", tmp_path) == "newskb\n"
    with pytest.raises(RuntimeError, match="no such command"):
        readme.terminal("$ echo no such command >&2; exit 3\n", tmp_path)


def test_rewriting_keeps_the_text_and_cuts_what_is_long(tmp_path: Path) -> None:
    text = "One.\n\n```text a.txt\n1\n2\n3\n```\n\n```console lines=2\n$ cat a.txt\nold\n```\n\n```sh\nrm a.txt\n```\nTwo.\n"

    assert readme.rewritten(text, tmp_path) == text.replace("old", "1\n2\n…")


# Links and pictures ---------------------------------------------------------------------------------------------------


def links(page: str) -> Iterator[tuple[str, str]]:
    """File and heading of each link of a page that stays in the repository."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" not in target:
            file, _, heading = target.partition("#")
            yield str((ROOT / page).parent / file) if file else str(ROOT / page), heading


def headings(file: Path) -> set[str]:
    """The anchors of a page, as GitHub makes them."""
    found = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    found = list(links(page))

    assert [file for file, _ in found if not Path(file).exists()] == []
    assert [heading for file, heading in found if heading and heading not in headings(Path(file))] == []


def test_every_file_of_the_ontology_is_described() -> None:
    text = (ROOT / "ontology" / "README.md").read_text(encoding="utf-8")
    files = [file.name for file in (ROOT / "ontology").iterdir() if file.suffix != ".md"]

    assert [name for name in files if name not in text and Path(name).with_suffix(".dot").name not in text] == []


@pytest.mark.usefixtures("told")
def test_pictures_are_of_what_there_is(folder: Path) -> None:
    drawn = pictures.drawings(folder / "kb.nq")
    kept = {name: (pictures.FOLDER / f"{name}.dot").read_text(encoding="utf-8") for name in pictures.NAMES}

    assert drawn == kept, "python -m tests.pictures draws them anew"


def test_the_picture_of_the_ontology_has_every_class() -> None:
    drawing = (pictures.FOLDER / "classes.svg").read_text(encoding="utf-8")
    classes = pictures.Drawing(entries([pictures.FOLDER / "newskb.ttl"])).classes

    assert len(classes) > 30
    assert [name for name in classes if f">{name}</text>" not in drawing] == []


@pytest.mark.skipif(shutil.which("dot") is None, reason="Graphviz is not installed")
@pytest.mark.parametrize("name", pictures.NAMES)
def test_pictures_can_be_drawn(name: str) -> None:
    assert b"<svg" in pictures.svg((pictures.FOLDER / f"{name}.dot").read_text(encoding="utf-8"))
