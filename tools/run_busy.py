"""Run the tests while other programs keep the processor busy, several times in a row.

usage: python tools/run_busy.py [--loops 4] [--times 3] [--] PYTEST_ARGUMENTS...

Nothing may fail because the machine has other work: no output and no test may depend on a time.
"""

import argparse
import subprocess
import sys


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--loops", type=int, default=4, help="busy loops beside the tests")
    parser.add_argument("--times", type=int, default=3, help="how often the tests run")
    parser.add_argument("arguments", nargs="*", help="for pytest")
    options = parser.parse_args()
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.loops)]
    try:
        codes = [
            subprocess.run([sys.executable, "-m", "pytest", *options.arguments], check=False).returncode
            for _ in range(options.times)
        ]
    finally:
        for loop in busy:
            loop.kill()
    print(f"{codes.count(0)} of {options.times} runs passed beside {options.loops} busy loops")
    return int(any(codes))


if __name__ == "__main__":
    sys.exit(main())
