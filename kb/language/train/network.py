"""The joint network: one encoder, and heads for tags, trees, names, mentions, predicates, roles, events, coreference.

Encoder: BERT as in Devlin et al. 2019, here 6 layers of 384 (all-MiniLM-L6-v2), with an embedding of each word's letter
case added to its word pieces; a word is read at its first piece. Trees: deep biaffine attention, Dozat and Manning 2017.
Names and mentions: biaffine spans, Yu et al. 2020. Roles: a transformer layer over the sentence as one predicate sees it.
Coreference: mention ranking, Lee et al. 2017, without spans of its own.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from kb.language.coreference import SIZES
from kb.language.pieces import CASES

#: Words between a predicate and another word, as far as they are told apart.
REACH = 12
#: How much more likely than a class it is at first that a span is nothing, in nats.
RARITY = 5.0
#: What a row of roles is about.
PROPOSITION, EVENT = 0, 1


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of the network, and its numbers of labels: ``tags`` by head, the others by name."""

    tags: dict[str, int]
    deprels: int
    names: int
    mentions: int
    rolesets: int
    roles: int
    triggers: int
    event_roles: int
    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    attention: int = 12
    inner: int = 1536
    positions: int = 512
    arc: int = 384
    label: int = 128
    span: int = 160
    role: int = 256
    phrase: int = 256
    pair: int = 128
    dropout: float = 0.3


class Dropout(nn.Module):
    """Dropout with masks cut from one pool of random bits, which costs a tenth of drawing them anew on a CPU."""

    SIZE = 1 << 24
    pools: ClassVar[dict[tuple[float, torch.dtype], Tensor]] = {}

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        """Any shape, with a share of the values set to zero and the others scaled up, while training."""
        if not self.training or not self.share:
            return x
        count = x.numel()
        pool = self.pools.get((self.share, x.dtype))
        if pool is None or len(pool) < count:
            kept = torch.rand(max(self.SIZE, 2 * count), device=x.device) >= self.share
            pool = self.pools[self.share, x.dtype] = kept.to(x.dtype) / (1 - self.share)
        begin = int(torch.randint(len(pool) - count + 1, ()))
        return x * pool[begin : begin + count].view(x.shape)


class Layer(nn.Module):
    """One transformer layer, post-norm."""

    def __init__(self, width: int, attention: int, inner: int) -> None:
        super().__init__()
        self.attention = attention
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.norm1 = nn.LayerNorm(width, eps=1e-12)
        self.up = nn.Linear(width, inner)
        self.down = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-12)
        self.drop = Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, width), additive mask (B, 1, 1, T) to (B, T, width)."""
        b, t, w = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.attention, w // self.attention).permute(2, 0, 3, 1, 4)
        scores = (q * (w // self.attention) ** -0.5) @ k.transpose(2, 3) + mask.to(q.dtype)
        mixed = scores.softmax(-1).to(v.dtype) @ v
        x = self.norm1(x + self.drop(self.out(mixed.transpose(1, 2).reshape(b, t, w))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Encoder(nn.Module):
    """Word pieces to vectors."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.pieces = nn.Embedding(sizes.vocabulary, sizes.width)
        self.places = nn.Embedding(sizes.positions, sizes.width)
        self.cases = nn.Embedding(len(CASES), sizes.width)
        self.norm = nn.LayerNorm(sizes.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(sizes.width, sizes.attention, sizes.inner) for _ in range(sizes.layers))
        self.drop = Dropout(0.1)
        self.pieces.weight.requires_grad_(False)
        nn.init.normal_(self.cases.weight, std=0.02)

    def forward(self, ids: Tensor, cases: Tensor) -> Tensor:
        """(B, T) ids, 0 where padded, and letter cases to (B, T, width)."""
        mask = torch.zeros(ids.shape, device=ids.device).masked_fill(ids == 0, -1e4)[:, None, None, :]
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.drop(self.norm(self.pieces(ids) + self.places(places) + self.cases(cases)))
        for layer in self.layers:
            x = layer(x, mask)
        return x


class Biaffine(nn.Module):
    """Scores of labels for pairs of words: (…, A, width), (…, B, width) to (…, A, labels, B)."""

    def __init__(self, width: int, inner: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(width, inner), nn.Linear(width, inner)
        self.weight = nn.Parameter(torch.zeros(inner + 1, labels, inner + 1))
        nn.init.xavier_uniform_(self.weight.view(inner + 1, -1))
        self.drop = Dropout(dropout)

    def project(self, x: Tensor, side: nn.Linear) -> Tensor:
        """Words (…, width) as one side of a pair (…, inner + 1), the last a constant."""
        found: Tensor = F.pad(self.drop(F.gelu(side(x))), (0, 1), value=1.0)
        return found

    def mix(self, left: Tensor) -> Tensor:
        """Left sides times the weights: (…, inner + 1) to (…, labels * (inner + 1))."""
        return left @ self.weight.flatten(1).to(left.dtype)

    def scores(self, mixed: Tensor, right: Tensor) -> Tensor:
        """(S, A, labels * (inner + 1)) and (S, B, inner + 1) to (S, A, labels, B)."""
        s, a, _ = mixed.shape
        inner, labels, _ = self.weight.shape
        found = mixed.reshape(s, a * labels, inner) @ right.transpose(1, 2)
        return found.reshape(s, a, labels, right.shape[1])


class Roles(nn.Module):
    """The sentence as a predicate or trigger sees it, to a role label for each word."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.word, self.row = nn.Linear(sizes.width, sizes.role), nn.Linear(sizes.width, sizes.role)
        self.far = nn.Embedding(2 * REACH + 1, sizes.role)
        self.kind = nn.Embedding(2, sizes.role)
        self.norm = nn.LayerNorm(sizes.role)
        self.layer = Layer(sizes.role, 8, 2 * sizes.role)
        self.drop = Dropout(sizes.dropout)
        self.roles = nn.Linear(sizes.role, sizes.roles)
        self.event_roles = nn.Linear(sizes.role, sizes.event_roles)
        nn.init.normal_(self.far.weight, std=0.1)
        nn.init.normal_(self.kind.weight, std=0.1)

    def forward(self, words: Tensor, own: Tensor, at: Tensor, kind: Tensor, length: Tensor) -> Tensor:
        """What a predicate makes of its sentence.

        Args:
            words: (P, W, role), the sentence's words, projected by ``word``.
            own: (P, role), the predicate, projected by ``row``.
            at: (P,) the predicate's index.
            kind: (P,) what it is, PROPOSITION or EVENT.
            length: (P,) how many words count.

        Returns:
            (P, W, role).
        """
        steps = torch.arange(words.shape[1], device=words.device)
        far = (steps[None, :] - at[:, None]).clamp(-REACH, REACH) + REACH
        x = words + (own + self.kind(kind))[:, None, :] + self.far(far)
        mask = torch.zeros(far.shape, device=words.device).masked_fill(steps[None, :] >= length[:, None], -1e4)
        found: Tensor = self.drop(self.layer(self.drop(self.norm(x)), mask[:, None, None, :]))
        return found


class Coreference(nn.Module):
    """Scores of antecedents from phrases and the features of pairs."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.phrase = nn.Linear(3 * sizes.width, sizes.phrase)
        self.later, self.earlier = nn.Linear(sizes.phrase, sizes.pair), nn.Linear(sizes.phrase, sizes.pair)
        self.query, self.key = nn.Linear(sizes.phrase, 64), nn.Linear(sizes.phrase, 64)
        self.product = nn.Linear(64, sizes.pair)
        self.tables = nn.ModuleList(nn.Embedding(n, sizes.pair) for n in SIZES)
        self.score, self.new = nn.Linear(sizes.pair, 1), nn.Linear(sizes.phrase, 1)
        self.drop = Dropout(sizes.dropout)
        for table in self.tables:
            nn.init.normal_(table.weight, std=0.1)  # type: ignore[arg-type]

    def phrases(self, first: Tensor, last: Tensor, head: Tensor) -> Tensor:
        """(M, width) each to (M, phrase)."""
        found: Tensor = self.drop(F.gelu(self.phrase(torch.cat([first, last, head], -1))))
        return found

    def forward(self, phrases: Tensor, later: Tensor, earlier: Tensor, features: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of N pairs and of M phrases for being new."""
        product = self.query(phrases)[later] * self.key(phrases)[earlier]
        x = self.later(phrases)[later] + self.earlier(phrases)[earlier] + self.product(product)
        for column, table in enumerate(self.tables):
            x = x + table(features[:, column])
        return self.score(self.drop(F.gelu(x)))[:, 0], self.new(phrases)[:, 0]


class Network(nn.Module):
    """All parts; training and export call them in their own ways."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder = Encoder(sizes)
        self.start = nn.Linear(sizes.width, 1)
        self.tags = nn.ModuleDict({name: nn.Linear(sizes.width, n) for name, n in sizes.tags.items()})
        self.predicate, self.trigger = nn.Linear(sizes.width, 2), nn.Linear(sizes.width, sizes.triggers)
        self.arcs = Biaffine(sizes.width, sizes.arc, 1, sizes.dropout)
        self.deprels = Biaffine(sizes.width, sizes.label, sizes.deprels, sizes.dropout)
        self.spans = Biaffine(sizes.width, sizes.span, sizes.names + sizes.mentions, sizes.dropout)
        # Nearly every span is neither a name nor a mention; to begin with that keeps the first gradients small.
        self.spans.weight.data[-1, [0, sizes.names], -1] = RARITY
        self.rolesets = nn.Linear(sizes.width, sizes.rolesets)
        self.roles = Roles(sizes)
        self.coreference = Coreference(sizes)
        self.drop = Dropout(sizes.dropout)


def load_encoder(encoder: Encoder, folder: Path) -> None:
    """Put a BERT checkpoint's weights (``model.safetensors``) into the encoder."""
    weights = load_file(folder / "model.safetensors")
    encoder.pieces.weight.data.copy_(weights["embeddings.word_embeddings.weight"])
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    encoder.places.weight.data.copy_(weights["embeddings.position_embeddings.weight"] + kind)
    _copy(encoder.norm, weights, "embeddings.LayerNorm")
    layers: list[Any] = list(encoder.layers)
    for i, layer in enumerate(layers):
        at = f"encoder.layer.{i}."
        for part in ("weight", "bias"):
            qkv = [weights[f"{at}attention.self.{name}.{part}"] for name in ("query", "key", "value")]
            getattr(layer.qkv, part).data.copy_(torch.cat(qkv))
        _copy(layer.out, weights, at + "attention.output.dense")
        _copy(layer.norm1, weights, at + "attention.output.LayerNorm")
        _copy(layer.up, weights, at + "intermediate.dense")
        _copy(layer.down, weights, at + "output.dense")
        _copy(layer.norm2, weights, at + "output.LayerNorm")


def _copy(module: Any, weights: dict[str, Tensor], name: str) -> None:
    module.weight.data.copy_(weights[f"{name}.weight"])
    module.bias.data.copy_(weights[f"{name}.bias"])
