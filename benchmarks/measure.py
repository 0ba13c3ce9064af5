"""What one process takes: loading, then articles to Turtle. Run by itself, so that its peak memory is its own.

Prints one JSON object: seconds to import and load, seconds from text to Turtle and through the language model alone
(each the best of some runs), peak MB.
"""

import json
import resource
import sys
import time

RUNS = 3
#: The components of the language model.
LANGUAGE = ["kb_neural"]


def main() -> None:
    """Measure on the words given on standard input."""
    start = time.perf_counter()
    from kb import build, rdf
    from kb.model import Article

    nlp = build.loaded(build.Setup())
    loaded = time.perf_counter() - start
    title, _, body = sys.stdin.read().partition("\n\n")
    article = Article(name="benchmark", title=title, body=body)
    times, alone = [], []
    for _ in range(RUNS):
        start = time.perf_counter()
        rdf.serialize(build.to_quads(build.extract_one(article, nlp), build.Options()), "turtle")
        times.append(time.perf_counter() - start)
        start = time.perf_counter()
        with nlp.select_pipes(enable=LANGUAGE):
            nlp(article.text)
        alone.append(time.perf_counter() - start)
    figures = {"load": loaded, "first": times[0], "seconds": min(times), "language": min(alone), "peak": peak()}
    print(json.dumps(figures))


def peak() -> float:
    """The most memory that this process has had, in MB; Linux counts in KB, macOS in bytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1_000_000 if sys.platform == "darwin" else 1_000)


if __name__ == "__main__":
    main()
