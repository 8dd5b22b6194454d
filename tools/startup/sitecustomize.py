"""Python runs this when it starts, in each process of a test run that is spread (see `conftest.py`)."""

import sys

# Jupyter imports jsonschema everywhere. With this package it makes 38 parsers, for addresses no test has,
# and that takes longer than all its other imports.
sys.modules["rfc3987_syntax"] = None
