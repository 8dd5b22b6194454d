"""Answers to the exercises of notebook 10."""

import itertools
import math
from functools import cache, partial
from types import SimpleNamespace

import numpy as np
import torch

from answers import form, later, says
from helpers.bpe import BPETokenizer
from helpers.corpus import load_story, split_train_val
from helpers.model import TinyGPT, train
from helpers.windows import make_loader
from helpers.words import WordTokenizer

# ---- 10.parameters ----


def by_building_it(vocab_size, dim, n_layers, max_length, learned):
    shapes = [(vocab_size, dim)]
    for _ in range(n_layers):
        shapes += [(dim,), (3 * dim, dim), (dim, dim), (dim,), (4 * dim, dim), (dim, 4 * dim)]
    shapes += [(dim,)] + [(max_length, dim)] * bool(learned)
    return sum(math.prod(shape) for shape in shapes)


def with_arrays(v, d, n, m, has_table):
    return np.dot([v, 12 * n, m * has_table], [d, d**2, d]) + np.int64(2 * n + 1) * d


class ParameterCount:
    def __call__(self, *sizes):
        v, d, n, m, learned = sizes
        return float(v * d + n * (12 * d * d + 2 * d) + d + (m * d if learned else 0))


def right_count(v, d, n, m, learned):
    return v * d + n * (12 * d**2 + 2 * d) + d + learned * m * d


def off_by(change):
    return lambda v, d, n, m, learned: right_count(v, d, n, m, learned) + change(v, d, n, m, learned)


# ---- 10.bits ----


def from_perplexity_step_by_step(perplexity, n_tokens, n_bytes):
    nats_per_token = np.log(perplexity)
    return np.float64(nats_per_token * n_tokens / np.log(2) / n_bytes)


def as_tensor(p, t, b):
    return torch.log2(torch.tensor(p, dtype=torch.float64)) * t / b


# ---- 10.leak ----


def changed_after(ids, t, size):
    return torch.cat([ids[:, : t + 1], (ids[:, t + 1 :] + 1) % size], dim=1)


def leaks_with_any(model, ids):
    size = model(ids).shape[-1]
    return any(
        not torch.allclose(model(ids)[:, : t + 1], model(changed_after(ids, t, size))[:, : t + 1], atol=1e-3)
        for t in range(ids.shape[1])
    )


def leaks_by_cutting(model, ids):
    """Logits with and without what comes later."""
    whole = model(ids)
    for t in range(ids.shape[1]):
        if (model(ids[:, : t + 1])[0, t] - whole[0, t]).abs().max() > 1e-3:
            return np.True_
    return np.False_


def leaks_as_tensor(net, tokens):
    logits = net(tokens)
    worst = torch.tensor(0.0)
    for place in range(1, tokens.shape[1]):
        other = tokens.clone()
        other[0, place:] = (tokens[0, place:] + 1) % logits.shape[-1]
        worst = torch.maximum(worst, (net(other) - logits)[0, :place].abs().max())
    return worst > 1e-4


def leak_test(change=None, atol=1e-4, places=None, compared=None, test=torch.allclose):
    """The right test, but for what is given."""

    def leaks(model, ids):
        logits = model(ids)
        size = logits.shape[-1]
        for t in places(ids.shape[1]) if places else range(ids.shape[1] - 1):
            other = ids.clone()
            if change:
                change(other, t)
            else:
                other[:, t + 1 :] = (other[:, t + 1 :] + 1) % size
            part = compared(t) if compared else slice(0, t + 1)
            if not test(model(other)[:, part], logits[:, part], atol=atol):
                return True
        return False

    return leaks


def later_to(value):
    return lambda ids, t: ids[:, t + 1 :].fill_(value)


def next_only(ids, t):
    ids[:, t + 1] += 1 - 2 * (ids[:, t + 1] > 2).long()


def change_in_place(model, ids):
    before = model(ids)
    ids[0, -1] = 0
    return not torch.allclose(before[:, :-1], model(ids)[:, :-1], atol=1e-4)


def hard_coded_size(model, ids):
    return leak_test(lambda other, t: other[:, t + 1 :].copy_((other[:, t + 1 :] + 1) % 50))(model, ids)


def argmax_only(model, ids):
    size = model(ids).shape[-1]
    best = lambda x: model(x).argmax(-1)
    return any(
        not torch.equal(best(ids)[:, : t + 1], best(changed_after(ids, t, size))[:, : t + 1])
        for t in range(ids.shape[1] - 1)
    )


# ---- 10.beat ----

REST, LAST = split_train_val(load_story(), 0.2)


@cache
def trained_on(part, steps=120):
    """A model and its tokenizer, trained on the `part` of the story that may be used, or not."""
    torch.set_num_threads(1)
    text = {"rest": REST, "last": LAST, "all": load_story()}[part]
    tokenizer = BPETokenizer.train(text, 512)
    model = TinyGPT(len(tokenizer.vocab), n_layers=1)
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95), fused=True)
    loader = make_loader(tokenizer.encode(text), 64, stride=1, batch_size=8)
    batches = itertools.chain.from_iterable(itertools.repeat(loader))
    list(train(model, itertools.islice(batches, steps), optimizer))
    return model, tokenizer


class WithDropout(torch.nn.Module):
    """Another class of model, in training mode, without `max_length`."""

    def __init__(self, model):
        super().__init__()
        self.model, self.dropout = model, torch.nn.Dropout(0.1)

    def forward(self, ids):
        return self.dropout(self.model(ids))


class SeesAll(TinyGPT):
    def _mask(self, length, document_ids):
        return torch.ones(length, length, dtype=torch.bool)


def through_an_object():
    model, tokenizer = trained_on("rest")
    encode = lambda text: SimpleNamespace(ids=tokenizer.encode(text))  # as Hugging Face's
    return [model, SimpleNamespace(encode=encode, decode=tokenizer.decode, vocab={})]


def loses_text():
    return TinyGPT(5000), WordTokenizer.train(REST)


def one_long_token():
    vocab = BPETokenizer([])
    tokenizer = SimpleNamespace(
        encode=lambda text: [0, 1] if text == LAST else vocab.encode(text),
        decode=lambda ids: LAST if list(ids) == [0, 1] else vocab.decode(ids),
    )
    return TinyGPT(300), tokenizer


def leaks_by_ids(model, ids, known={}):  # noqa: B006
    return known.setdefault(tuple(ids.flatten().tolist()), leaks_with_any(model, ids))


RIGHT = {
    "10.parameters": [by_building_it, with_arrays, ParameterCount(), partial(right_count)],
    "10.bits": [
        lambda perplexity, n_tokens, n_bytes: math.log2(perplexity) * n_tokens / n_bytes,
        from_perplexity_step_by_step,
        as_tensor,
        lambda p, t, b: math.log(p**t, 2) / b if t < 100 else math.log(p) / math.log(2) / (b / t),
    ],
    "10.leak": [leaks_with_any, leaks_by_cutting, leaks_as_tensor, leak_test(), leak_test(next_only)],
    "10.beat": [
        later(lambda: trained_on("rest"), "bits per byte"),
        later(through_an_object),
        later(lambda: (WithDropout(trained_on("rest")[0]).train(), trained_on("rest")[1])),
    ],
}

WRONG = {
    "10.parameters": [
        says(off_by(lambda v, d, n, m, learned: v * d), "count it once"),
        says(off_by(lambda v, d, n, m, learned: -d), "one more norm"),
        says(off_by(lambda v, d, n, m, learned: -2 * n * d), "two norms"),
        says(off_by(lambda v, d, n, m, learned: -2 * n * d - d), "Count the norms too"),
        says(off_by(lambda v, d, n, m, learned: (1 - learned) * m * d), "RoPE has none"),
        says(off_by(lambda v, d, n, m, learned: -learned * m * d), "a row for each position"),
        says(off_by(lambda v, d, n, m, learned: -n * d**2), "four matrices"),
        says(off_by(lambda v, d, n, m, learned: n * 9 * d), "no biases"),
        says(lambda v, d, n, m, learned: str(right_count(v, d, n, m, learned)), "but got '"),
        says(lambda v, d, n, m, learned: print(right_count(v, d, n, m, learned)), "`return`"),
        says(lambda v, d, n, m, learned: right_count(v, d, n, m, learned) / 1e6, "named_parameters"),
        lambda vocab_size, dim: vocab_size * dim,
        form(410_048, "should be a function"),
    ],
    "10.bits": [
        says(lambda p, t, b: math.log(p) * t / b, "nats per byte"),
        says(lambda p, t, b: p * t / b, "take its logarithm"),
        says(lambda p, t, b: p * t / b / math.log(2), "take its logarithm"),
        says(lambda p, t, b: math.log2(p), "bits per token"),
        says(lambda p, t, b: math.log2(p) * b / t, "Multiply by the tokens"),
        says(lambda p, t, b: math.log2(p) * (t - 1) / b, "take none away"),
        says(lambda p, t, b: math.log2(p) * t, "divide by its bytes"),
        says(lambda p, t, b: math.log10(p) * t / b, "base 2"),
        lambda p, t, b: math.log2(p) * (t // b),
        says(lambda p, t, b: round(math.log2(p) * t / b, 2), "Do not round"),
        says(lambda p, t, b: math.log2(p) * b, "bits per byte"),
        lambda p, t, b: int(math.log2(p) * t / b),
        says(lambda p, t, b: print(math.log2(p) * t / b), "`return`"),
        lambda p, t: math.log2(p) * t,
        lambda p, t, b: min(8.0, math.log2(p) * t / b),
    ],
    "10.leak": [
        says(leak_test(later_to(0)), "another"),
        says(leak_test(later_to(4)), "another"),
        says(leak_test(atol=0.5), "small `atol`"),
        says(leak_test(places=lambda n: range(n // 2, n // 2 + 1)), "Try each place"),
        says(leak_test(compared=lambda t: slice(0, 1)), "Try each place"),
        says(leak_test(compared=lambda t: slice(0, t)), "place just before"),
        says(lambda model, ids: not leaks_with_any(model, ids), "other way round"),
        says(leak_test(compared=lambda t: slice(None)), "*later*"),
        says(leak_test(next_only, compared=lambda t: slice(t, t + 1)), "*all* later"),
        says(change_in_place, "changed its argument"),
        says(hard_coded_size, "IndexError"),
        argmax_only,
        says(lambda model, ids: int(leaks_with_any(model, ids)), "a bool"),
        lambda model, ids: False,
        lambda model, ids: True,
        says(lambda model, ids: print(leaks_with_any(model, ids)), "`return`"),
        form(True, "should be a function"),
        leaks_by_ids,
        says(leak_test(atol=0.01), "small `atol`"),
    ],
    "10.beat": [
        later(lambda: trained_on("last", steps=60), "on the last fifth too"),
        later(lambda: trained_on("all"), "on the last fifth too"),
        later(lambda: (TinyGPT(512), trained_on("rest")[1]), "Did you train"),
        later(lambda: trained_on("rest")[::-1], "other way round", compares=False),
        later(lambda: trained_on("rest")[0], "Give a pair", compares=False),
        later(lambda: (SeesAll(512), trained_on("rest")[1]), "what it is to predict"),
        later(lambda: (TinyGPT(300), trained_on("rest")[1]), "this model knows 0 to 299"),
        later(lambda: (trained_on("rest")[0], "BPE 512"), "should be a tokenizer", compares=False),
        later(lambda: ("model.pt", trained_on("rest")[1]), "should be a model", compares=False),
        later(loses_text, "does not give the text back"),
        later(one_long_token, "Such long tokens"),
    ],
}
