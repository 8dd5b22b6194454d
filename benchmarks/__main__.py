"""`python -m benchmarks` runs all benchmarks, `python -m benchmarks NAME ...` one; `--list` lists them."""

import importlib
import pkgutil
import sys

import benchmarks


def main(arguments: list[str]) -> None:
    known = [module.name for module in pkgutil.iter_modules(benchmarks.__path__) if module.name != "__main__"]
    if arguments == ["--list"]:
        print("\n".join(known))
        return
    if arguments and arguments[0] not in known:
        sys.exit(f"there is no benchmark {arguments[0]!r}, only {', '.join(known)}")
    for name in arguments[:1] or known:
        print(f"\n## {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main(arguments[1:])


if __name__ == "__main__":
    main(sys.argv[1:])
