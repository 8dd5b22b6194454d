"""Imported last by the server that forks: children that collect garbage need not go over its imports."""

import gc

gc.collect()
gc.freeze()
