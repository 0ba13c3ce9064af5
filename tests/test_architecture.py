"""The shape of the code, measured: layers, length of functions, types, contracts, public names."""

import ast
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import pytest

import kb

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted((ROOT / "kb").rglob("*.py"))

#: A module's contract: what lives there, what it must not know.
DOCSTRING_LINES = range(1, 13)
MEDIAN, NINE_IN_TEN, LONGEST = 5, 24, 60

#: Who may know a library: package → modules of kb that import it.
KNOWN_TO = {
    "spacy": {"language", "pipeline", "assertions", "build"},
    "owlready2": {"ontology"},
    "pyshacl": {"checks"},
    "typer": {"cli"},
    "rich": {"cli"},
    "onnxruntime": {"language"},
    "trafilatura": {"articles"},
    "dateparser": {"pipeline"},
    "scipy": {"evaluation", "language"},
    "fastapi": {"web"},
    "starlette": {"web"},
    "uvicorn": {"web"},
    "urllib3": {"linking"},
    "rdflib": {"terms", "rdf", "store", "ontology", "build", "checks", "queries", "evaluation", "cli"},
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"), str(module))


def functions() -> Iterator[tuple[str, Function]]:
    for module in MODULES:
        for node in ast.walk(tree(module)):
            if isinstance(node, Function):
                yield f"{module.relative_to(ROOT)}:{node.lineno} {node.name}", node


def length(function: Function) -> int:
    """Lines of the body without the docstring."""
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    return body[-1].end_lineno - body[0].lineno + 1 if body and body[-1].end_lineno else 0


def untyped(function: Function) -> list[str]:
    """Names of the parameters, and "return", that say no type."""
    given = function.args
    parameters = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, [given.vararg, given.kwarg])]
    bare = [
        p.arg for i, p in enumerate(parameters) if p.annotation is None and not (i == 0 and p.arg in ("self", "cls"))
    ]
    return bare + ([] if function.returns is not None or function.name == "__init__" else ["return"])


def test_functions_are_short() -> None:
    lengths = {name: length(function) for name, function in functions()}

    assert {name: n for name, n in lengths.items() if n > LONGEST} == {}
    assert median(lengths.values()) <= MEDIAN
    assert quantiles(lengths.values(), n=10)[-1] <= NINE_IN_TEN


def test_everything_is_typed() -> None:
    assert {name: bare for name, function in functions() if (bare := untyped(function))} == {}


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_opens_with_its_contract(module: Path) -> None:
    assert len((ast.get_docstring(tree(module)) or "").splitlines()) in DOCSTRING_LINES


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("library", KNOWN_TO)
def test_a_library_is_known_to_few(library: str) -> None:
    knowing = {
        m.relative_to(ROOT / "kb").parts[0].removesuffix(".py")
        for m in MODULES
        for i in imports(m)
        if i.split(".")[0] == library
    }

    assert knowing <= KNOWN_TO[library]


def test_only_the_command_line_prints() -> None:
    printing = [
        name
        for name, function in functions()
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]

    assert [
        name for name in printing if not name.startswith(("kb/cli/", "kb/language/train/", "kb/linking/build"))
    ] == []


def test_layers() -> None:
    command = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([str(command)], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_public_names_are_listed_sorted_and_there() -> None:
    assert kb.__all__ == sorted(kb.__all__)
    assert set(kb.__all__) == {*kb._HOME, "__version__"}
    assert dir(kb) == kb.__all__
    for name in kb.__all__:
        assert getattr(kb, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        kb.nothing  # noqa: B018


def test_importing_the_package_and_the_command_is_cheap() -> None:
    heavy = "spacy rdflib pyoxigraph onnxruntime numpy owlready2 pyshacl rich trafilatura".split()
    code = f"import sys, kb, kb.cli; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")

    assert kb.__version__ == project["version"]
    assert f"\nversion: {project['version']}\n" in citation
