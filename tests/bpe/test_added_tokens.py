"""Special and other added tokens against tiktoken and tokenizers."""

import itertools
import json

from hypothesis import given, settings
from hypothesis import strategies as st
from referees import END, file_of, tiktoken_with
from tokenizers import Tokenizer

from helpers.bpe import GPT2_PATTERN, BPETokenizer

OVERLAPPING = ["<|a|>", "|><|b", "<|b|>", "aa", "a<|"]  # none is the beginning of another
OURS = BPETokenizer([(b"<", b"|"), (b"|", b">"), (b"<|", b"b")], OVERLAPPING)
THEIRS = tiktoken_with(OURS, GPT2_PATTERN)
PARTS = [*OVERLAPPING, "a", "<", "|", ">", "b", " the", "<|a"]


@given(st.lists(st.sampled_from(PARTS), max_size=8).map("".join), st.sets(st.sampled_from(OVERLAPPING)))
@settings(max_examples=400, deadline=None, derandomize=True)
def test_special_tokens_allowed_disallowed_or_in_part_are_those_of_tiktoken(text, allowed):
    for names in (allowed, "all", set()):
        ids = OURS.encode(text, allowed_special=names)
        assert ids == THEIRS.encode(text, allowed_special=names, disallowed_special=())
        assert OURS.decode(ids) == text
        assert OURS.encode_to_numpy(text, allowed_special=names).tolist() == ids


PREFIXES = ["<|a|>", "<|a|><|b|>", "<|b|>", "yy", "yyy"]


def test_of_special_tokens_that_start_together_the_longest_counts_as_in_tokenizers(tmp_path):
    ours = BPETokenizer([(b"<", b"|"), (b"x", b"x"), (b"|", b">")], PREFIXES)
    data = json.loads(file_of(ours, tmp_path).read_text(encoding="utf-8"))
    data["model"]["vocab"] |= ours.special_tokens  # so that tokenizers leaves the ids as they are
    texts = ["".join(parts) for parts in itertools.product(["<|a|>", "<|b|>", "y", "yy", " <|"], repeat=4)]
    for allowed in itertools.chain.from_iterable(itertools.combinations(PREFIXES, n) for n in range(6)):
        kept = [token for token in data["added_tokens"] if token["content"] in allowed]
        theirs = Tokenizer.from_str(json.dumps(data | {"added_tokens": kept}))
        for text in texts:
            assert ours.encode(text, allowed_special=set(allowed)) == theirs.encode(text).ids


def test_text_from_a_stranger_cannot_make_a_special_token(small):
    ids = small.encode(f"a {END} b")
    assert small.special_tokens[END] not in ids
    assert small.decode(ids) == f"a {END} b"
    assert small.special_tokens[END] in small.encode(f"a {END} b", allowed_special={END})
