"""The joint network: one encoder, heads for tags, lemma rules, entities and the dependency tree.

Encoder: BERT as in Devlin et al. 2019, here 6 layers of 384 (all-MiniLM-L6-v2), with an embedding of each word's letter
case added to its word pieces. Parser: deep biaffine attention, Dozat and Manning 2017. A word is read at its first piece.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor, nn
from torch.nn import functional as F

from kb.language.pieces import CASES


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of the network; ``heads`` names the tag heads with their number of labels."""

    heads: dict[str, int]
    deprels: int
    vocabulary: int = 30522
    width: int = 384
    layers: int = 6
    attention: int = 12
    inner: int = 1536
    positions: int = 512
    arc: int = 300
    label: int = 100
    dropout: float = 0.2


class Layer(nn.Module):
    """One transformer layer, post-norm."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.attention = sizes.attention
        self.qkv = nn.Linear(sizes.width, 3 * sizes.width)
        self.out = nn.Linear(sizes.width, sizes.width)
        self.norm1 = nn.LayerNorm(sizes.width, eps=1e-12)
        self.up = nn.Linear(sizes.width, sizes.inner)
        self.down = nn.Linear(sizes.inner, sizes.width)
        self.norm2 = nn.LayerNorm(sizes.width, eps=1e-12)
        self.drop = nn.Dropout(0.1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        """(B, T, width), additive mask (B, 1, 1, T) to (B, T, width)."""
        b, t, w = x.shape
        q, k, v = self.qkv(x).view(b, t, 3, self.attention, w // self.attention).permute(2, 0, 3, 1, 4)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        x = self.norm1(x + self.drop(self.out(mixed.transpose(1, 2).reshape(b, t, w))))
        return self.norm2(x + self.drop(self.down(F.gelu(self.up(x)))))


class Network(nn.Module):
    """Sentences to label scores; see :meth:`forward`."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.sizes = sizes
        self.pieces = nn.Embedding(sizes.vocabulary, sizes.width)
        self.places = nn.Embedding(sizes.positions, sizes.width)
        self.cases = nn.Embedding(len(CASES), sizes.width)
        self.norm = nn.LayerNorm(sizes.width, eps=1e-12)
        self.layers = nn.ModuleList(Layer(sizes) for _ in range(sizes.layers))
        self.heads = nn.ModuleDict({name: nn.Linear(sizes.width, n) for name, n in sizes.heads.items()})
        self.arc_dep, self.arc_head = nn.Linear(sizes.width, sizes.arc), nn.Linear(sizes.width, sizes.arc)
        self.label_dep, self.label_head = nn.Linear(sizes.width, sizes.label), nn.Linear(sizes.width, sizes.label)
        self.arc = nn.Parameter(torch.zeros(sizes.arc + 1, sizes.arc))
        self.label = nn.Parameter(torch.zeros(sizes.deprels, sizes.label + 1, sizes.label + 1))
        self.drop = nn.Dropout(sizes.dropout)
        nn.init.normal_(self.cases.weight, std=0.02)
        nn.init.xavier_uniform_(self.arc)
        nn.init.xavier_uniform_(self.label)

    def encode(self, ids: Tensor, cases: Tensor, firsts: Tensor) -> Tensor:
        """Word vectors (B, 1 + W, width); word 0 stands for the root."""
        mask = torch.zeros(ids.shape, dtype=torch.float32, device=ids.device).masked_fill(ids == 0, -1e4)[
            :, None, None, :
        ]
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.drop(self.norm(self.pieces(ids) + self.places(places) + self.cases(cases)))
        for layer in self.layers:
            x = layer(x, mask)
        return x.gather(1, firsts[:, :, None].expand(-1, -1, x.shape[2]))

    def forward(self, ids: Tensor, cases: Tensor, firsts: Tensor) -> dict[str, Tensor]:
        """Scores of a batch.

        Returns:
            for each tag head (B, W, labels); ``arcs`` (B, W, 1 + W), score of each head for each word; ``dep`` (B, W, label)
            and ``head`` (B, 1 + W, label), from which :meth:`deprels` scores the labels of chosen arcs.
        """
        every = self.drop(self.encode(ids, cases, firsts))
        words = every[:, 1:]
        found = {name: head(words) for name, head in self.heads.items()}
        dep, head = self.drop(F.gelu(self.arc_dep(words))), self.drop(F.gelu(self.arc_head(every)))
        found["arcs"] = (dep @ self.arc[:-1] + self.arc[-1]) @ head.transpose(1, 2)
        found["dep"] = self.drop(F.gelu(self.label_dep(words)))
        found["head"] = self.drop(F.gelu(self.label_head(every)))
        return found

    def deprels(self, dep: Tensor, head: Tensor) -> Tensor:
        """Label scores (N, deprels) of N arcs from (N, label) and (N, label)."""
        one = torch.ones(len(dep), 1, device=dep.device)
        dep, head = torch.cat([dep, one], 1), torch.cat([head, one], 1)
        return torch.einsum("na,lab,nb->nl", dep, self.label, head)


def load_encoder(network: Network, folder: Path) -> None:
    """Put a BERT checkpoint's weights (``model.safetensors``) into the encoder."""
    weights = load_file(folder / "model.safetensors")
    network.pieces.weight.data.copy_(weights["embeddings.word_embeddings.weight"])
    kind = weights["embeddings.token_type_embeddings.weight"][0]
    network.places.weight.data.copy_(weights["embeddings.position_embeddings.weight"] + kind)
    _copy(network.norm, weights, "embeddings.LayerNorm")
    layers: list[Any] = list(network.layers)
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
