"""Prints a Markdown table: time to load, an article of 1,000 words from text to Turtle, peak memory, two processes."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kb import articles

SEEDS = Path(__file__).resolve().parents[1] / "seeds"
WORDS = 1000
#: Articles for the comparison of one process with two: enough to outweigh loading the model once more.
MANY = 24


def main() -> None:
    """Measure and print."""
    text = article_of(WORDS)
    figures = json.loads(run([sys.executable, "-m", "benchmarks.measure"], text))
    one, two = (corpus_seconds(text, processes) for processes in (1, 2))
    rows = [
        ("importing and loading the pipeline", f"{figures['load']:.2f} s"),
        ("the first article after that", f"{figures['first']:.2f} s"),
        (f"an article of {WORDS:,} words, text to Turtle", f"{figures['seconds']:.2f} s"),
        ("speed", f"{WORDS / figures['seconds']:,.0f} words/s"),
        ("the same, of the speed of the language model alone", f"{figures['language'] / figures['seconds']:.2f}"),
        ("peak memory", f"{figures['peak']:,.0f} MB"),
        (f"{MANY} such articles, one process, loading included", f"{one:.1f} s"),
        (f"{MANY} such articles, two processes, loading included", f"{two:.1f} s, {one / two:.2f} times as fast"),
    ]
    print("| what | figure |\n| --- | --- |")
    print("\n".join(f"| {what} | {figure} |" for what, figure in rows))


def article_of(words: int) -> str:
    """A headline and a body of that many words in all, from the seed articles' paragraphs."""
    read = list(articles.read([SEEDS]))
    title, paragraphs = read[0].title or "", [p for a in read for p in a.body.splitlines() if p.strip()]
    body: list[str] = []
    left = words - len(title.split())
    while left > 0:
        for paragraph in paragraphs:
            body.append(" ".join(paragraph.split()[: max(left, 0)]))
            left -= len(paragraph.split())
    return title + "\n\n" + "\n".join(filter(None, body))


def corpus_seconds(text: str, processes: int) -> float:
    """Seconds for the command to export many articles, each with a headline of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for i in range(MANY):
            Path(folder, f"{i}.txt").write_text(f"{i} {text}", encoding="utf-8")
        start = time.perf_counter()
        target = str(Path(folder, "kb.nq"))
        run([sys.executable, "-m", "kb", "export", folder, "-o", target, "--processes", str(processes)])
        return time.perf_counter() - start


def run(command: list[str], text: str = "") -> str:
    """The standard output of a command."""
    return subprocess.run(command, input=text, capture_output=True, encoding="utf-8", check=True).stdout


if __name__ == "__main__":
    main()
