"""The README names every command, option and format, and nothing that does not exist."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from kb import cli, queries
from kb.rdf import FORMATS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = typer.main.get_command(cli.app).commands  # type: ignore[attr-defined]
QUESTIONS = {question.name: question for question in queries.questions()}


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


def used() -> Iterator[list[str]]:
    """The words of each command line that the README or the Makefile shows."""
    for line in re.findall(
        r"(?:\$ |\t)(?:\.venv/bin/|\$\(KB\) ?)?(?:kb )?(.+)", README + (ROOT / "Makefile").read_text()
    ):
        words = shlex.split(line.replace("$<", "kb.nq"), comments=True)
        if words and words[0] in COMMANDS:
            yield words


@pytest.mark.parametrize("words", list(used()), ids=" ".join)
def test_the_commands_that_are_shown_exist(words: list[str]) -> None:
    known = {option for command, option in options() if command == words[0]} | {"-o", "-f"}
    if words[0] == "ask" and len(words) > 1:
        known |= {f"--{parameter.name}" for parameter in QUESTIONS[words[1]].parameters}

    assert [word for word in words[1:] if word.startswith("-") and word.split("=")[0] not in known] == []


def test_the_extras_that_are_named_exist() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")

    assert all(f"\n{extra} = [" in project for extra in re.findall(r"newskb\[(\w+)\]", README))


def test_the_changelog_has_an_entry_for_what_comes_next() -> None:
    assert (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").count("\n## Unreleased\n") == 1
