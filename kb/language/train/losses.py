"""What each part of the network should say of a batch, and how far it is from it."""

import torch
from torch import Tensor
from torch.nn import functional as F

from kb.language.train.batches import BUCKET, TAGS
from kb.language.train.network import EVENT, PROPOSITION, Network

#: How much each task counts.
WEIGHTS = {
    "upos": 0.5, "xpos": 0.5, "feats": 0.4, "lemma": 0.4, "start": 0.5, "arc": 1.0, "deprel": 0.8, "names": 1.5, "mentions": 0.3,
    "predicate": 0.4, "trigger": 0.6, "roleset": 0.3, "roles": 1.0, "event_roles": 0.6, "antecedent": 0.4,
}  # fmt: skip


def losses_of(network: Network, a: dict[str, Tensor]) -> dict[str, Tensor]:
    """The loss of each task that the batch has targets for."""
    pieces = network.encoder(a["ids"], a["cases"]).flatten(0, 1)
    words, marks = network.drop(pieces[a["firsts"]]), network.drop(pieces[a["marks"]])
    found = {name: _cross_entropy(network.tags[name](words), a[name]) for name in TAGS}
    found["start"] = _binary(network.start(pieces[a["firsts"]])[:, 0], a["starts"])
    found["predicate"] = _cross_entropy(network.predicate(words), a["proposition_mark"])
    found["trigger"] = _cross_entropy(network.trigger(words), a["event_mark"])
    found |= _tree(network, a, words, marks) | _spans(network, a, words) | _roles(network, a, words)
    if "pair_later" in a:
        found["antecedent"] = _antecedents(network, a, words)
    return {name: loss for name, loss in found.items() if loss is not None}


def total(losses: dict[str, Tensor]) -> Tensor:
    """The weighted sum."""
    return torch.stack([WEIGHTS[name] * loss for name, loss in losses.items()]).sum()


def _cross_entropy(scores: Tensor, target: Tensor) -> Tensor | None:
    known = target >= 0
    return F.cross_entropy(scores[known].float(), target[known]) if known.any() else None


def _binary(scores: Tensor, target: Tensor) -> Tensor | None:
    known = target >= 0
    return F.binary_cross_entropy_with_logits(scores[known].float(), target[known].float()) if known.any() else None


def _tree(network: Network, a: dict[str, Tensor], words: Tensor, marks: Tensor) -> dict[str, Tensor]:
    """Heads and labels; the root of a sentence is the mark before it."""
    rows = a["arc"][a["grid"][:, 0]] >= 0
    if not rows.any():
        return {}
    grid, lengths, roots = a["grid"][rows], a["lengths"][rows], marks[rows]
    inside = torch.arange(grid.shape[1])[None, :] < lengths[:, None]
    target = a["arc"][grid].masked_fill(~inside, -100)
    scores = _pairs(network.arcs, words, roots, grid)[:, :, 0].float()
    every = F.pad(inside, (1, 0), value=True)
    scores = scores.masked_fill(~every[:, None, :], -1e4)
    arc = F.cross_entropy(scores[inside], target[inside])
    sentence = inside.nonzero()[:, 0]
    heads = target[inside]
    both = torch.cat([roots[:, None], words[grid]], 1)
    left = network.deprels.project(words[grid[inside]], network.deprels.left)
    right = network.deprels.project(both[sentence, heads], network.deprels.right)
    mixed = network.deprels.mix(left).view(len(left), -1, right.shape[-1])
    labels = (mixed @ right[:, :, None])[:, :, 0].float()
    deprel = F.cross_entropy(labels, a["deprel"][grid[inside]], ignore_index=-100)
    return {"arc": arc, "deprel": deprel}


def _pairs(biaffine: torch.nn.Module, words: Tensor, roots: Tensor, grid: Tensor) -> Tensor:
    """Scores (S, W, labels, 1 + W) of words and roots as right sides; projected before padding, to save work."""
    left = biaffine.mix(biaffine.project(words, biaffine.left))  # type: ignore[operator]
    right = biaffine.project(words, biaffine.right)  # type: ignore[operator]
    root = biaffine.project(roots, biaffine.right)  # type: ignore[operator]
    scores: Tensor = biaffine.scores(left[grid], torch.cat([root[:, None], right[grid]], 1))  # type: ignore[operator]
    return scores


def _spans(network: Network, a: dict[str, Tensor], words: Tensor) -> dict[str, Tensor]:
    names, found = network.sizes.names, {}
    if "name_row" not in a and "mention_row" not in a:
        return {}
    spans = network.spans
    left, right = spans.mix(spans.project(words, spans.left)), spans.project(words, spans.right)
    scores = spans.scores(left[a["grid"]], right[a["grid"]])
    if "name_row" in a:
        cells = scores[a["name_row"], a["name_begin"], :names, a["name_end"]].float()
        told = cells.masked_fill(~a["name_allowed"], -1e4)
        lost = (cells.logsumexp(-1) - told.logsumexp(-1)).sum()
        found["names"] = lost / _words(a, "name_row")
    if "mention_row" in a:
        cells = scores[a["mention_row"], a["mention_begin"], names:, a["mention_end"]].float()
        lost = F.cross_entropy(cells, a["mention_label"], reduction="sum")
        found["mentions"] = lost / _words(a, "mention_row")
    return found


def _words(a: dict[str, Tensor], rows: str) -> Tensor:
    """How many words the sentences have that are named in a column."""
    return a["lengths"][torch.unique(a[rows])].sum()


def _roles(network: Network, a: dict[str, Tensor], words: Tensor) -> dict[str, Tensor]:
    if "row_at" not in a:
        return {}
    heads = {PROPOSITION: network.roles.roles, EVENT: network.roles.event_roles}
    own = words[a["grid"][a["row_sentence"], a["row_at"]]]
    projected, rows = network.roles.word(words), network.roles.row(own)
    sums = {kind: words.new_zeros((), dtype=torch.float32) for kind in heads}
    counts = dict.fromkeys(heads, 0)
    for begin in range(0, len(a["row_at"]), BUCKET):
        part = slice(begin, begin + BUCKET)
        sentence, at, kind = a["row_sentence"][part], a["row_at"][part], a["row_kind"][part]
        length = a["lengths"][sentence]
        grid = a["grid"][sentence, : int(length.max())]
        seen = network.roles(projected[grid], rows[part], at, kind, length)
        bio = a["row_bio"][part, : grid.shape[1]]
        for which, head in heads.items():
            known = (bio >= 0) & (kind == which)[:, None]
            if known.any():
                sums[which] = sums[which] + F.cross_entropy(head(seen[known]).float(), bio[known], reduction="sum")
                counts[which] += int(known.sum())
    names = {PROPOSITION: "roles", EVENT: "event_roles"}
    found = {names[kind]: sums[kind] / counts[kind] for kind in heads if counts[kind]}
    mine = a["row_kind"] == PROPOSITION
    if (a["row_label"][mine] >= 0).any():
        found["roleset"] = F.cross_entropy(network.rolesets(own[mine]).float(), a["row_label"][mine], ignore_index=-100)
    return found


def _antecedents(network: Network, a: dict[str, Tensor], words: Tensor) -> Tensor:
    """The marginal likelihood of the right antecedents of each phrase, or of being new (Lee et al. 2017)."""
    model = network.coreference
    phrases = model.phrases(words[a["phrase_first"]], words[a["phrase_last"]], words[a["phrase_head"]])
    pairs, new = model(phrases, a["pair_later"], a["pair_earlier"], a["pair_features"])
    count = len(new)
    pairs, new, later = pairs.float(), new.float(), a["pair_later"]
    right = torch.where(a["pair_same"], pairs, torch.full_like(pairs, -1e4))
    known = torch.zeros(count, dtype=torch.bool).index_put((later[a["pair_same"]],), torch.tensor(True))
    everything = _logsumexp(torch.cat([pairs, new]), torch.cat([later, torch.arange(count)]), count)
    told = _logsumexp(torch.cat([right, new.masked_fill(known, -1e4)]), torch.cat([later, torch.arange(count)]), count)
    return (everything - told).mean()


def _logsumexp(values: Tensor, groups: Tensor, count: int) -> Tensor:
    most = torch.full((count,), -1e9).scatter_reduce(0, groups, values.detach(), "amax")
    return torch.zeros(count).index_add(0, groups, (values - most[groups]).exp()).clamp_min(1e-30).log() + most
