"""A byte-level BPE tokenizer that gives the ids of tiktoken and of Hugging Face's tokenizers (notebook 03).

A regex cuts the text into pre-tokens (`patterns.py`), and merges work on the UTF-8 bytes inside each
(`merging.py`), as in GPT-2 (Radford et al., 2019). `tokenizer.py` puts the two together, `formats.py` reads
what others have trained, and `arrays.py` makes long texts fast (deeper/03_encode_fast).
"""

from helpers.bpe.patterns import GPT2_PATTERN, GPT4_PATTERN, O200K_PATTERN
from helpers.bpe.tokenizer import BPETokenizer

__all__ = ["GPT2_PATTERN", "GPT4_PATTERN", "O200K_PATTERN", "BPETokenizer"]
