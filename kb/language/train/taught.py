"""A trained network as the teacher of the next: its trees for sentences that no treebank has (noisy student, Xie et al. 2020).

The teacher reads whole sentences in their context; the student learns the same trees with words hidden, without context, and
with dropout.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate, pairwise

from kb.language.runtime import Analysis, Encoded, Network
from kb.language.train.sentences import Sentence, Tree, documents

#: Sentences read together.
STEP = 40


def runs(sentences: Sequence[Sentence]) -> Iterable[list[Sentence]]:
    """Sentences of one document, as many as are read together."""
    for run in documents(sentences):
        yield from (run[begin : begin + STEP] for begin in range(0, len(run), STEP))


def analysed(network: Network, run: Sequence[Sentence]) -> tuple[Encoded, list[tuple[int, int]], list[Analysis]]:
    """Sentences encoded as context for each other, where each stands among their words, and their analyses."""
    spans = list(pairwise(accumulate((len(s.words) for s in run), initial=0)))
    encoded = network.encode([s.words for s in run])
    return encoded, spans, network.analyse(encoded, spans, [word for s in run for word in s.words])


def taught(network: Network, sentences: Sequence[Sentence]) -> list[Sentence]:
    """The sentences with the network's trees; those that have one keep it."""
    return [
        s if s.tree else replace(s, tree=_tree(network, s.words, analysis))
        for run in runs(sentences)
        for s, analysis in zip(run, analysed(network, run)[2], strict=True)
    ]


def _tree(network: Network, words: Sequence[str], analysis: Analysis) -> Tree:
    upos, xpos, feats = (
        tuple(network.labels[name][i] for i in analysis.tags[name].tolist()) for name in ("upos", "xpos", "feats")
    )
    deprels = tuple(network.labels["deprel"][i] for i in analysis.deprels.tolist())
    lemmas = tuple(network.lemmatise(words, analysis.tags))
    return Tree(upos, xpos, feats, lemmas, tuple(int(head) for head in analysis.heads), deprels)
