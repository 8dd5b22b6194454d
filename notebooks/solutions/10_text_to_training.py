"""Solutions to the exercises of notebook 10. Try first: the checks tell you what is wrong."""

import itertools
import math

import torch

from helpers.bpe import BPETokenizer
from helpers.corpus import load_story, split_train_val
from helpers.model import TinyGPT, train
from helpers.windows import make_loader
from lessons.exercises import check


# 10.parameters: the table once, though it stands at both ends; 12 d^2 and two norms a block; the last norm.
def parameters(vocab_size, dim, n_layers, max_length, learned):
    block = 4 * dim**2 + 8 * dim**2 + 2 * dim
    positions = max_length * dim if learned else 0
    return vocab_size * dim + positions + n_layers * block + dim


check("10.parameters", parameters)


# 10.bits: the sum of all losses does not care how the text was cut; so go by way of it.
def from_perplexity(perplexity, n_tokens, n_bytes):
    nats = math.log(perplexity) * n_tokens
    return nats / math.log(2) / n_bytes


check("10.bits", from_perplexity)


# 10.leak: change all that comes after t, for each t. One change in the middle would miss a leak elsewhere.
def leaks(model, ids):
    logits = model(ids)
    for t in range(ids.shape[1] - 1):
        changed = ids.clone()
        changed[:, t + 1 :] = (changed[:, t + 1 :] + 1) % logits.shape[-1]
        if not torch.allclose(
            model(changed)[:, : t + 1], logits[:, : t + 1], atol=1e-4
        ):
            return True
    return False


check("10.leak", leaks)


# 10.beat: the least that passes. With a stride of 1 every step shows new windows, so 120 steps do not yet
# overfit. An evening goes further: other text first, the story last; another size; an average of weights.
torch.set_num_threads(1)  # threads cost more than they save on so small a model
text, _ = split_train_val(load_story(), 0.2)
tokenizer = BPETokenizer.train(text, 512)
loader = make_loader(tokenizer.encode(text), 64, stride=1, batch_size=8)
model = TinyGPT(len(tokenizer.vocab))
optimizer = torch.optim.AdamW(
    model.parameters(), lr=5e-3, betas=(0.9, 0.95), fused=True
)
for _ in train(model, itertools.islice(loader, 120), optimizer):
    pass

check("10.beat", (model, tokenizer))
