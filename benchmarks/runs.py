"""What the runs of `python -m benchmarks` before this one measured, in runs.json.

The turns of one run lie within minutes. An hour later the same machine may be kinder to another of the peers,
in all turns of a table. So the spread that is reported is that of the last runs on this machine, not of one.
"""

import json
from pathlib import Path
from statistics import median

FILE = Path(__file__).with_name("runs.json")
KEEP = 8  # runs, this one among them
DRIFT = 1.2  # a run at another hour may lie beyond all turns of those before it by this factor

Numbers = dict[str, list[float]]  # name of a row -> a number for each turn
EARLIER: list[dict[str, Numbers]] = []  # for each run the tables, by title
THIS: dict[str, Numbers] = {}
AGREEMENT: list[tuple[str, float, float, float]] = []  # row, median of this run, lowest and highest before it


def load(setup: dict[str, str]) -> None:
    """Take up the runs before this one, if they had the same setup: machine and versions."""
    if FILE.exists():
        kept = json.loads(FILE.read_text(encoding="utf-8"))
        EARLIER.extend(kept["runs"][1 - KEEP :] if kept["setup"] == setup else [])


def save(setup: dict[str, str]) -> None:
    FILE.write_text(json.dumps({"setup": setup, "runs": [*EARLIER, THIS]}, indent=1) + "\n", encoding="utf-8")


def all_turns(title: str, numbers: Numbers) -> Numbers:
    """The numbers of a table in all runs, this one's last."""
    THIS[title] = {name: [float(f"{number:.4g}") for number in turns] for name, turns in numbers.items()}
    runs = [run[title] for run in [*EARLIER, THIS] if run.get(title, {}).keys() == numbers.keys()]
    return {name: [number for run in runs for number in run[name]] for name in numbers}


def compare(row: str, ratios: list[float], n: int) -> None:
    """Note where the median of the last `n` of `ratios`, those of this run, lies among the earlier ones."""
    if earlier := ratios[:-n]:
        AGREEMENT.append((row, median(ratios[-n:]), min(earlier), max(earlier)))


def agreement() -> str:
    if not AGREEMENT:
        return "There is no earlier run on this machine with these versions to hold this one to."
    beyond = {row: max(low / middle, middle / high) for row, middle, low, high in AGREEMENT}
    inside = sum(factor <= 1 for factor in beyond.values())
    lines = [f"- {row}: by a factor of {factor:.2f}" for row, factor in beyond.items() if factor > DRIFT]
    return "\n".join(
        [
            f"The medians of this run alone, held to the {len(EARLIER)} runs before it: of {len(beyond)}, "
            f"{inside} lie between the lowest and the highest turn, and {len(beyond) - len(lines)} at most a "
            f"factor of {DRIFT} beyond." + (" The others:\n" if lines else ""),
            *lines,
        ]
    )
