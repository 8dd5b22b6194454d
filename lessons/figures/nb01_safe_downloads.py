"""What deeper/01_safe_downloads draws: which bytes of a download are right, and the bits of two hashes."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np

from lessons.plots import BLUE, GREY, ORANGE, PASTELS, show


def draw_downloads(files: Mapping[str, bytes], right: bytes) -> None:
    """A bar for each file, as long as it has bytes, with the bytes marked that are not those of `right`."""
    fig, ax = plt.subplots(figsize=(9, 2.6))
    for row, data in enumerate(files.values()):
        ax.barh(row, len(right), color="none", edgecolor=GREY, height=0.6)
        ax.barh(row, len(data), color=PASTELS[0], height=0.6)
        wrong = [at for at, byte in enumerate(data) if right[at] != byte]
        ax.barh([row] * len(wrong), 60, left=wrong, color=ORANGE, height=0.6)  # wide enough to be seen
        ax.text(len(right) * 1.02, row, f"200 OK, {len(data):,} bytes", va="center", size=10)
    ax.set(
        yticks=range(len(files)),
        yticklabels=files,
        xlabel="position in the file (bytes)",
        xlim=(0, len(right) * 1.3),
    )
    ax.invert_yaxis()
    ax.grid(False)
    ax.set_title("A server sends four files with status 200, and only the first is right")
    show(fig, alt="Bars for four downloads: whole, whole with one wrong byte, half, and a few wrong bytes.")


def draw_hash_bits(first: str, second: str) -> None:
    """The 256 bits of two SHA-256 hashes in hexadecimal digits, those that differ in another colour."""
    changed = int(first, 16) ^ int(second, 16)
    bits = np.array([int(bit) for bit in f"{changed:0256b}"]).reshape(8, 32)
    fig, ax = plt.subplots(figsize=(8, 2.5))
    ax.imshow(bits, cmap=plt.matplotlib.colors.ListedColormap([PASTELS[0], BLUE]), aspect="equal")
    ax.set_xticks(np.arange(0.5, 31), minor=True)
    ax.set_yticks(np.arange(0.5, 7), minor=True)
    ax.grid(False)
    ax.grid(which="minor", color="white", lw=2, alpha=1)
    ax.tick_params(which="both", length=0)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    ax.set_title(f"One bit of the text changes {bits.sum()} of the 256 bits of its hash (dark)")
    show(fig, alt=f"A grid of 8 times 32 bits; the {bits.sum()} that differ are scattered all over it.")
