"""Prints a Markdown table: how fast an index of Wikidata items is built and asked, at what memory.

    python -m benchmarks.linking_index [N]

N lines (a million by default) as in Wikidata's JSON dump are generated, the same each time: people, towns and bodies of
made-up names with 1 to 2 KB of statements. Each measurement runs in a process of its own, so that its peak memory is
its own.
"""

import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

from srsly import ujson

from benchmarks.measure import peak

N, QUERIES, SEED = 1_000_000, 10_000, 20_240_501
#: Class, how many in ten, and the number of sitelinks that most have.
KINDS = (("Q5", 6, 4), ("Q515", 2, 9), ("Q7278", 1, 3), ("Q891723", 1, 2))
LANGUAGES = "de fr es it nl pt pl sv ca uk".split()
SYLLABLES = "al ba cor da el fa gor ha il ja kor la mar na or pa ra sa tel u va wi ya zu\u00e9 \u017ea kh sh".split()


def main() -> None:
    """Measure and print."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else N
    with tempfile.TemporaryDirectory() as folder:
        dump, index = Path(folder, "dump.json"), Path(folder, "index")
        size = write(dump, number)
        parsed = run("parse", dump)
        built = run("build", dump, index)
        asked = run("ask", dump, index)
    rows = (
        ("lines", f"{number:,} of {size / number:,.0f} bytes"),
        ("entities a second", f"{number / built['seconds']:,.0f}"),
        ("building, in times of only parsing the lines", f"{built['seconds'] / parsed['seconds']:.1f}"),
        ("peak memory of building", f"{built['peak']:,.0f} MB"),
        ("size of the index, in times of the dump", f"{built['bytes'] / size:.2f}"),
        ("candidates of a name, exact and folded, median", f"{asked['median'] * 1000:.3f} ms"),
        ("the same, 99th percentile", f"{asked['slow'] * 1000:.3f} ms"),
        ("opening the index", f"{asked['open'] * 1000:.1f} ms"),
    )
    print("| what | figure |\n| --- | --- |")
    print("\n".join(f"| {what} | {figure} |" for what, figure in rows))


def run(*words: object) -> dict[str, float]:
    """What a measurement found."""
    command = [sys.executable, "-m", "benchmarks.linking_index", "--", *map(str, words)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


# The dump -------------------------------------------------------------------------------------------------------------


def write(dump: Path, number: int) -> int:
    """Write a dump; its size in bytes."""
    with dump.open("w", encoding="utf-8") as stream:
        stream.write("[\n")
        stream.writelines(line + ",\n" for line in lines(number))
        stream.write("]\n")
    return dump.stat().st_size


def lines(number: int) -> Iterator[str]:
    """Items as Wikidata writes them."""
    chance = random.Random(SEED)
    kinds = [kind for kind in KINDS for _ in range(kind[1])]
    for qid in range(1, number + 1):
        cls, _, links = chance.choice(kinds)
        yield json.dumps(item(chance, 1_000_000 + qid, cls, links), ensure_ascii=False, separators=(",", ":"))


def item(chance: random.Random, qid: int, cls: str, links: int) -> dict[str, object]:
    """An item with label, aliases, class, country and sitelinks."""
    label = name(chance)
    aliases = [text("en", name(chance)) for _ in range(chance.randint(2, 4))]
    languages = LANGUAGES[: chance.randint(1, len(LANGUAGES))]
    pages = (f"{language}wiki" for language in ["en", *languages][: int(chance.expovariate(1 / links))])
    claims = {"P31": [statement("P31", cls)], "P17": [statement("P17", f"Q{chance.randint(1, 200)}")]}
    if cls == "Q5":
        claims["P27"] = [statement("P27", f"Q{chance.randint(1, 200)}")]
    return {
        "type": "item",
        "id": f"Q{qid}",
        "labels": {language: text(language, label) for language in ["en", *languages]},
        "descriptions": {"en": text("en", f"something called {label}")},
        "aliases": {"en": aliases},
        "claims": claims,
        "sitelinks": {page: {"site": page, "title": label, "badges": []} for page in pages},
        "lastrevid": qid,
    }


def name(chance: random.Random) -> str:
    """Two or three words."""
    return " ".join(
        "".join(chance.choices(SYLLABLES, k=chance.randint(1, 3))).title() for _ in range(chance.randint(2, 3))
    )


def text(language: str, value: str) -> dict[str, str]:
    """A label, an alias or a description."""
    return {"language": language, "value": value}


def statement(property: str, qid: str) -> dict[str, object]:
    """A statement whose value is an item."""
    value = {"entity-type": "item", "numeric-id": int(qid[1:]), "id": qid}
    snak = {"snaktype": "value", "property": property, "datavalue": {"value": value, "type": "wikibase-entityid"}}
    return {"mainsnak": snak, "type": "statement", "id": f"{qid}$1", "rank": "normal", "references": []}


# The measurements -----------------------------------------------------------------------------------------------------


def parse(dump: Path) -> dict[str, float]:
    """Seconds to parse the lines and do nothing else."""
    start = time.perf_counter()
    with dump.open("rb") as stream:
        for line in stream:
            if len(line) > 2:
                ujson.loads(line.rstrip(b",\n"))
    return {"seconds": time.perf_counter() - start}


def build(dump: Path, folder: Path) -> dict[str, float]:
    """Seconds to build, peak MB, and bytes of the index."""
    from kb.linking import index

    start = time.perf_counter()
    index.build(str(dump), folder)
    seconds = time.perf_counter() - start
    return {"seconds": seconds, "peak": peak(), "bytes": sum(file.stat().st_size for file in folder.iterdir())}


def ask(dump: Path, folder: Path) -> dict[str, float]:
    """Seconds for the candidates of a name, half of the names known, each asked once."""
    from kb.gazetteer import load_gazetteer

    start = time.perf_counter()
    gazetteer = load_gazetteer(folder)
    opened = time.perf_counter() - start
    known = [json.loads(line.rstrip(",\n"))["labels"]["en"]["value"] for line in sample(dump)]
    chance = random.Random(SEED)
    names = [label if chance.random() < 0.5 else name(chance) for label in known]
    times = []
    for wanted in names:
        start = time.perf_counter()
        gazetteer.lookup(wanted)
        gazetteer.folded(wanted)
        times.append(time.perf_counter() - start)
    return {"median": median(times), "slow": quantiles(times, n=100)[-1], "open": opened}


def sample(dump: Path) -> list[str]:
    """Lines from all over the dump."""
    with dump.open(encoding="utf-8") as stream:
        found = [line for line in stream if len(line) > 2]
    return random.Random(SEED).choices(found, k=QUERIES)


MEASUREMENTS = {"parse": parse, "build": build, "ask": ask}

if __name__ == "__main__":
    if "--" in sys.argv:
        _, measurement, *paths = sys.argv[1:]
        print(json.dumps(MEASUREMENTS[measurement](*map(Path, paths))))
    else:
        main()
