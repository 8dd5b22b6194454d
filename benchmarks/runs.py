"""What `python -m benchmarks` measured before, in runs.json: for each machine by itself.

The turns of one run lie within minutes. An hour later the same machine may be kinder to another of the peers,
in all turns of a table. So the spread that is reported is that of the last runs on this machine, not of one.
Runs with other versions, or of other code, do not count together with this one.
"""

import json
import re
from pathlib import Path
from statistics import median

FILE = Path(__file__).with_name("runs.json")
KEEP = 8  # runs of a machine, this one among them
NEAR = 1.2  # a run at another hour may lie beyond all turns of those before it by this factor, mostly,
DRIFT = 1.8  # and by this one at most

Numbers = dict[str, list[float]]  # name of a row -> a number for each turn
EARLIER: list[dict[str, Numbers]] = []  # for each run the tables, by title
THIS: dict[str, Numbers] = {}
AGREEMENT: list[tuple[str, float, float, float]] = []  # row, median of this run, lowest and highest before it


def read() -> dict[str, dict]:
    """For each machine: its "setup" (versions and code), its "runs", and the "report" of the last of them."""
    return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def load(machine: str, setup: dict[str, str]) -> None:
    """Take up the runs of this machine before this one, if they had the same setup."""
    kept = read().get(machine, {})
    EARLIER.extend(kept["runs"][1 - KEEP :] if kept.get("setup") == setup else [])


def save(machine: str, setup: dict[str, str], report: list[str]) -> dict[str, dict]:
    """Keep this run beside the earlier ones of its machine; what other machines have stays as it is."""
    machines = read() | {machine: {"setup": setup, "report": report, "runs": [*EARLIER, THIS]}}
    text = json.dumps(machines, indent=1)
    text = re.sub(r"\[\n[\d.e,\s-]+\]", lambda numbers: re.sub(r"\s+", " ", numbers[0]), text)
    FILE.write_text(text + "\n", encoding="utf-8")
    return machines


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
        return "There is no earlier run on this machine, with these versions and this code, to hold it to."
    beyond = {row: max(low / middle, middle / high) for row, middle, low, high in AGREEMENT}
    inside, near = (sum(factor <= most for factor in beyond.values()) for most in (1, NEAR))
    lines = [f"- {row}: by a factor of {factor:.2f}" for row, factor in beyond.items() if factor > DRIFT]
    return "\n".join(
        [
            f"The medians of this run alone, held to the {len(EARLIER)} runs before it: of {len(beyond)}, "
            f"{inside} lie between the lowest and the highest turn, {near} at most a factor of {NEAR} off, "
            f"and {len(beyond) - len(lines)} at most {DRIFT}." + (" The others:\n" if lines else ""),
            *lines,
        ]
    )
