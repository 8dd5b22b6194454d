"""What lesson 07 draws: which tokens are targets, and what a training step costs."""

import time
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from lessons.plots import AMBER, COLOURS, GREY, show, visible


def draw_coverage(pieces: Sequence[str], max_length: int, stride: int, batch_size: int) -> Figure:
    """Each window of a text as a bar over its targets, and below how often each token is a target.

    Windows that do not fill a batch are grey and do not count.
    """
    n = len(pieces)
    starts = range(0, n - max_length, stride)
    kept, counts = len(starts) // batch_size * batch_size, np.zeros(n, dtype=int)
    fig, (top, bottom) = plt.subplots(2, sharex=True, figsize=(11, 5))
    for row, start in enumerate(starts):
        colour = COLOURS["target"] if row < kept else GREY
        top.barh(-row, max_length, left=start + 0.5, height=0.75, color=colour)
        counts[start + 1 : start + max_length + 1] += row < kept
    bottom.bar(range(n), counts, width=0.85, color=COLOURS["target"])
    never = np.flatnonzero(counts[1:] == 0) + 1
    for p in never:
        bottom.axvspan(p - 0.5, p + 0.5, color=AMBER, alpha=0.35, lw=0)
    settings = f"max_length {max_length}, stride {stride}, batches of {batch_size}"
    top.set_title(f"{settings}: {len(never)} of {n - 1} targets are never predicted")
    top.set(ylabel="windows", yticks=[], ylim=(-max(len(starts), 5), 1), xlim=(-0.5, n - 0.5))
    bottom.set_xticks(range(n), map(visible, pieces), rotation=90, family="monospace", size=9)
    bottom.set(ylabel="times a target", ylim=(0, max(counts.max(), 2) + 0.3))
    bottom.yaxis.get_major_locator().set_params(integer=True)
    return fig


def training_step(max_length: int, kernel: str) -> tuple[float, float]:
    """One step of notebook 10's model on 2,048 tokens: the MB kept for the backward pass, and the seconds.

    `kernel` is "scores stored" or "flash".
    """
    import torch  # here, as the first figure of the lesson needs none of it
    from torch.nn.attention import SDPBackend, sdpa_kernel

    from helpers.model import TinyGPT

    backend = {"scores stored": SDPBackend.MATH, "flash": SDPBackend.FLASH_ATTENTION}[kernel]
    model, held = TinyGPT(1000, max_length), {}
    x = torch.randint(1000, (2048 // max_length, max_length))

    def note(tensor):
        memory = tensor.untyped_storage()
        held[memory.data_ptr()] = memory.nbytes()
        return tensor

    start = time.perf_counter()
    saved = torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor)
    with sdpa_kernel(backend), saved:
        torch.nn.functional.cross_entropy(model(x).flatten(0, 1), x.flatten()).backward()
    return sum(held.values()) / 1e6, time.perf_counter() - start


def draw_cost(cost: Mapping[tuple[str, int], tuple[float, float]]) -> None:
    """Memory and time of a step against max_length, a line for each kernel.

    `cost` maps (kernel, max_length) to what `training_step` gives.
    """
    fig, axes = plt.subplots(1, 2, figsize=(10, 3.4), sharex=True)
    lengths = sorted({length for _, length in cost})
    for part, unit in enumerate(["memory kept (MB)", "one step (s)"]):
        ax = axes[part]
        for name in dict.fromkeys(kernel for kernel, _ in cost):
            ax.loglog(lengths, [cost[name, length][part] for length in lengths], "o-", label=name)
        ax.set(xlabel="max_length (2,048 tokens a step)", ylabel=unit)
        ax.set_xticks(lengths, lengths)
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.minorticks_off()
    axes[0].set_title("Flash attention stores no scores,")
    axes[1].set_title("but it still compares all pairs")
    axes[0].legend()
    show(fig, alt="Memory grows with max_length where scores are stored, else it does not.")
