"""helpers/model.py against counting by hand, closed forms, loops, and documents one by one."""

import math
from itertools import islice

import numpy as np
import pandas as pd
import pytest
import tokenizers
import torch
import torch.nn.functional as F
from torch.utils.data import BatchSampler

from helpers.batches import pack, pad_collate
from helpers.bpe import BPETokenizer
from helpers.corpus import STORY, load_story
from helpers.model import POSITIONS, TinyGPT, bits_per_byte, generate, text_bytes, train
from helpers.positions import sinusoidal
from helpers.shards import ResumableSampler
from helpers.windows import WindowDataset, make_loader
from helpers.words import WordTokenizer
from lessons.compare import CharTokenizer

every_scheme = pytest.mark.parametrize("scheme", POSITIONS)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def small(scheme="rope", vocab_size=300, max_length=24, seed=0):
    """A model whose embeddings are large enough for each token to matter much."""
    model = TinyGPT(vocab_size, max_length, dim=32, n_layers=2, n_heads=4, positions=scheme, seed=seed)
    torch.nn.init.normal_(model.embedding.weight, generator=torch.Generator().manual_seed(1))
    return model


def random_ids(*shape, high=300):
    return torch.randint(high, shape, generator=torch.Generator().manual_seed(2))


class Uniform(torch.nn.Module):
    """Holds all `size` tokens equally likely, and takes note of the rows it sees."""

    def __init__(self, size):
        super().__init__()
        self.size, self.seen = size, []

    def forward(self, ids):
        self.seen.append(ids)
        return torch.zeros(*ids.shape, self.size)


# ---- the model ----


@every_scheme
def test_later_tokens_never_change_earlier_logits(scheme):
    model, ids = small(scheme), random_ids(2, 24)
    for t in (0, 5, 22):
        changed = ids.clone()
        changed[:, t + 1 :] = (changed[:, t + 1 :] + 7) % 300
        torch.testing.assert_close(model(changed)[:, : t + 1], model(ids)[:, : t + 1])
        assert not torch.allclose(model(changed)[:, t + 1], model(ids)[:, t + 1])


@every_scheme
def test_earlier_tokens_do_change_later_logits(scheme):
    model, ids = small(scheme), random_ids(1, 24)
    changed = ids.clone()
    changed[0, 3] += 1
    assert (model(changed) - model(ids)).abs().amax(dim=-1)[0, 4:].min() > 1e-5


def test_order_counts_with_positions_and_not_for_the_first_layer_without():
    # One layer without positions sees a bag of tokens: swapping two earlier ones changes nothing.
    ids = random_ids(1, 10)
    swapped = ids[:, [1, 0, *range(2, 10)]]
    for scheme in POSITIONS:
        model = TinyGPT(300, 24, dim=32, n_layers=1, positions=scheme)
        torch.nn.init.normal_(model.embedding.weight, generator=torch.Generator().manual_seed(1))
        same = torch.allclose(model(ids)[0, -1], model(swapped)[0, -1], atol=1e-5)
        assert same == (scheme == "none")


@pytest.mark.parametrize("scheme", ["learned", "sinusoidal"])
def test_absolute_positions_are_added_to_the_embeddings(scheme):
    model, ids, places, got = small(scheme), random_ids(1, 5), torch.tensor([[0, 7, 2, 23, 2]]), []
    model.blocks[0].register_forward_pre_hook(lambda block, inputs: got.append(inputs[0]))
    model(ids, places)
    # sines of amplitude sqrt(2) * 0.02, so that their root mean square is that of GPT-2's embeddings
    table = model.table.weight if scheme == "learned" else sinusoidal(24, 32) * 2**0.5 * 0.02
    torch.testing.assert_close(got[0], model.embedding.weight[ids] + table[places])


def test_a_model_without_positions_is_its_matrices_multiplied_one_by_one():
    model, ids = small("none"), random_ids(5)
    norm = lambda x, layer: x / (x.pow(2).mean(-1, keepdim=True) + torch.finfo().eps).sqrt() * layer.weight
    x = model.embedding.weight[ids]
    for block in model.blocks:
        queries, keys, values = (norm(x, block.norm1) @ block.qkv.weight.T).split(32, dim=1)
        mixed = torch.empty(5, 32)
        for t in range(5):
            for head in range(0, 32, 8):
                part = slice(head, head + 8)
                scores = keys[: t + 1, part] @ queries[t, part] / math.sqrt(8)
                mixed[t, part] = scores.softmax(0) @ values[: t + 1, part]
        x = x + mixed @ block.out.weight.T
        x = x + F.gelu(norm(x, block.norm2) @ block.up.weight.T) @ block.down.weight.T
    expected = norm(x, model.norm) @ model.embedding.weight.T
    torch.testing.assert_close(model(ids[None])[0], expected, rtol=1e-4, atol=1e-4)


@every_scheme
def test_parameters_agree_with_the_formula(scheme):
    vocab, dim, layers, length = 777, 48, 4, 20
    model = TinyGPT(vocab, length, dim=dim, n_layers=layers, n_heads=4, positions=scheme)
    # tied table; per layer q, k, v, out (4 d^2), up and down (8 d^2), two norms (2 d); the last norm
    expected = vocab * dim + layers * (12 * dim**2 + 2 * dim) + dim
    expected += length * dim if scheme == "learned" else 0
    assert sum(p.numel() for p in model.parameters()) == expected


@every_scheme
def test_packed_documents_give_the_logits_of_each_by_itself(scheme):
    model, rng = small(scheme), np.random.default_rng(0)
    documents = [rng.integers(1, 300, n).tolist() for n in (5, 9, 3, 14, 7)]
    packed = pack(documents, 24, eos_id=0, method="best_fit")
    logits = model(packed.input_ids, packed.positions, packed.document_ids)
    for i, document in enumerate(documents):
        alone = model(torch.tensor([[*document, 0]]))[0]
        torch.testing.assert_close(logits[packed.document_ids == i], alone, rtol=1e-4, atol=1e-4)


def test_without_document_ids_a_packed_document_sees_its_neighbour():
    model = small()
    packed = pack([[1, 2, 3], [4, 5, 6]], 8, eos_id=0)
    apart = model(packed.input_ids, packed.positions, packed.document_ids)
    assert not torch.allclose(model(packed.input_ids)[0, 4:], apart[0, 4:], atol=1e-3)


def test_a_new_model_is_about_uniform():
    loss = F.cross_entropy(TinyGPT(1024)(random_ids(8, 64)).flatten(0, 1), random_ids(8 * 64))
    assert abs(loss.item() - math.log(1024)) < 0.1


def test_the_seed_fixes_the_weights_and_leaves_the_global_generator_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    a = TinyGPT(50, positions="learned", seed=3)
    assert torch.equal(torch.rand(3), expected)
    b, c = TinyGPT(50, positions="learned", seed=3), TinyGPT(50, positions="learned", seed=4)
    assert all(map(torch.equal, a.state_dict().values(), b.state_dict().values()))
    assert not torch.equal(a.embedding.weight, c.embedding.weight)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        ({"positions": "rotary"}, "rotary"),
        ({"dim": 30}, "dim=30"),
        ({"dim": 36, "n_heads": 4}, "dim=36"),
        ({"n_heads": 0}, "n_heads must be an integer of 1 or more, not 0"),
        ({"seed": -1}, "seed .* -1"),
        ({"n_layers": 1.5}, "n_layers .* 1.5"),
        ({"dim": 8 * 10**13}, f"vocab_size=100, dim={8 * 10**13}: too large a table"),
    ],
)
def test_a_model_that_cannot_be_built_is_refused(arguments, word):
    with pytest.raises(ValueError, match=word):
        TinyGPT(100, **arguments)


def test_a_message_counts_right_where_a_size_has_a_narrow_dtype():
    with pytest.raises(ValueError, match=r"dim=30 must be a multiple of 2 \* n_heads, 400"):
        TinyGPT(9, dim=30, n_heads=np.uint8(200))


@every_scheme
@pytest.mark.parametrize("name", ["position_ids", "document_ids"])
@pytest.mark.parametrize("shape", [(4,), (4, 3), (3, 4), (1, 4), (4, 4, 1)])
def test_what_goes_beside_ids_must_have_their_shape(scheme, name, shape):
    with pytest.raises(ValueError, match=rf"{name} has the shape .*{shape[-1]}.*, but ids \(4, 4\)"):
        small(scheme)(random_ids(4, 4), **{name: torch.zeros(shape, dtype=torch.long)})


@every_scheme
def test_what_goes_beside_ids_may_be_lists(scheme):
    model, ids, beside = small(scheme), random_ids(1, 3), [[0, 0, 1]]
    assert torch.equal(model(ids, beside, beside), model(ids, torch.tensor(beside), torch.tensor(beside)))


def test_rows_that_are_too_long_are_refused():
    with pytest.raises(ValueError, match="25 tokens, more than max_length=24"):
        small()(random_ids(1, 25))


@pytest.mark.parametrize(
    ("ids", "error", "words"),
    [
        (torch.tensor([1, 2, 3]), ValueError, r"shape \(3,\)"),
        (torch.tensor([[7, 300]]), ValueError, "from 7 to 300; this model knows 0 to 299"),
        (torch.tensor([[-1, 3]]), ValueError, "from -1 to 3"),
        (torch.zeros(1, 4), TypeError, "torch.float32"),
        (torch.ones(1, 4, dtype=torch.bool), TypeError, "torch.bool"),
    ],
)
def test_ids_that_cannot_be_looked_up_are_refused_in_words(ids, error, words):
    with pytest.raises(error, match=words):
        small()(ids)


@every_scheme
@pytest.mark.parametrize("dtype", [torch.uint8, torch.uint16, torch.int32, torch.uint32])
def test_ids_of_any_integer_dtype_give_the_same_logits(scheme, dtype):
    ids = random_ids(2, 9, high=250)
    assert torch.equal(small(scheme)(ids.to(dtype)), small(scheme)(ids))


def test_sizes_may_be_any_kind_of_integer():
    sizes = {"vocab_size": 50, "max_length": 8, "dim": 16, "n_layers": 1, "n_heads": 2, "seed": 3}
    expected = TinyGPT(**sizes).state_dict()
    for kind in (np.uint16, torch.tensor):
        state = TinyGPT(**{name: kind(size) for name, size in sizes.items()}).state_dict()
        assert all(map(torch.equal, state.values(), expected.values()))


@pytest.mark.parametrize("scheme", ["learned", "sinusoidal"])
@pytest.mark.parametrize(("position", "words"), [(24, "goes up to 24.*max_length=24"), (-1, "holds -1")])
def test_a_position_outside_the_table_is_named(scheme, position, words):
    places = torch.tensor([[0, 1, position]])
    with pytest.raises(ValueError, match=f"positions {words}"):
        small(scheme)(random_ids(1, 3), places)


# ---- devices and dtypes: `meta` has shapes and no numbers, and mixing devices fails on it as on a GPU ----


def packed_rows(device):
    packed = pack([[1, 2, 3], [4, 5], [6]], 8, eos_id=0)
    return [part.to(device) for part in (packed.input_ids, packed.positions, packed.document_ids)]


@pytest.fixture
def defaults_elsewhere():
    """Torch makes new tensors on `meta` and in float64, unless told otherwise."""
    torch.set_default_device("meta")
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_device(None)
    torch.set_default_dtype(torch.float32)


@every_scheme
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_model_computes_in_the_dtype_of_its_weights(scheme, dtype):
    ids, close = random_ids(2, 24), {torch.bfloat16: 0.2, torch.float64: 1e-3}[dtype]
    logits = small(scheme).to(dtype)(ids)
    assert logits.dtype == dtype
    torch.testing.assert_close(logits.float(), small(scheme)(ids), atol=close, rtol=close)
    assert small(scheme).to(dtype)(*packed_rows("cpu")).dtype == dtype


@every_scheme
def test_a_model_stays_on_the_device_of_its_weights(scheme):
    model = small(scheme).to("meta")
    for arguments in ([random_ids(2, 24).to("meta")], packed_rows("meta")):
        logits = model(*arguments)
        assert logits.device.type == "meta" and logits.shape == (*arguments[0].shape, 300)
    with pytest.raises(ValueError, match="25 tokens"):
        model(torch.zeros(1, 25, dtype=torch.long, device="meta"))


@every_scheme
def test_the_defaults_of_torch_change_no_model_that_stands(scheme, defaults_elsewhere):
    torch.set_default_device(None), torch.set_default_dtype(torch.float32)
    model, ids = small(scheme), random_ids(1, 24, high=250)
    packed, expected, sampled = packed_rows("cpu"), model(ids), generate(model, [1, 2], 9)
    apart, bits = model(*packed), bits_per_byte(model, ids[0], BPETokenizer([]))
    (loss,) = train(small(scheme), [(ids[:, :-1], ids[:, 1:])], torch.optim.SGD(small().parameters()))
    torch.set_default_device("meta"), torch.set_default_dtype(torch.float64)
    assert torch.equal(model(ids), expected) and torch.equal(model(*packed), apart)
    assert generate(model, [1, 2], 9) == sampled
    assert bits_per_byte(model, ids[0], BPETokenizer([])) == bits
    assert list(train(model, [(ids[:, :-1], ids[:, 1:])], torch.optim.SGD(model.parameters()))) == [loss]


@every_scheme
def test_a_new_model_is_made_where_torch_is_told_and_its_weights_depend_on_the_seed_alone(scheme):
    with torch.device("meta"):
        model = TinyGPT(50, positions=scheme)
    assert {weights.device.type for weights in model.parameters()} == {"meta"}
    model.to_empty(device="cpu").load_state_dict(TinyGPT(50, positions=scheme).state_dict())
    ids = random_ids(1, 9, high=50)
    assert torch.equal(model(ids), TinyGPT(50, positions=scheme)(ids))


def test_a_new_model_has_the_default_dtype(defaults_elsewhere):
    torch.set_default_device(None)
    model = TinyGPT(50, positions="learned")
    assert {weights.dtype for weights in model.parameters()} == {torch.float64}
    assert model(random_ids(1, 9, high=50)).dtype == torch.float64


class Elsewhere(torch.nn.Module):
    """Its weights are on `meta`; notes where the ids it gets are, and answers on the CPU."""

    max_length = 8

    def __init__(self, tensor):
        super().__init__()
        self.tensor, self.seen = tensor, set()

    def forward(self, ids, *rest):
        self.seen |= {part.device.type for part in (ids, *rest)}
        return torch.zeros(*ids.shape, 257, requires_grad=True)


@pytest.mark.parametrize("kind", [torch.nn.Parameter, torch.nn.Buffer])
def test_ids_go_where_the_weights_are(kind):
    model = Elsewhere(kind(torch.zeros(1, device="meta")))
    assert len(generate(model, [1], 3)) == 4
    assert bits_per_byte(model, [1, 2, 3], BPETokenizer([])) == pytest.approx(math.log2(257))
    assert model.seen == {"meta"}


def test_a_batch_goes_where_the_weights_are():
    model = Elsewhere(torch.nn.Parameter(torch.zeros(1, device="meta")))
    with pytest.raises(
        (NotImplementedError, RuntimeError), match="meta"
    ):  # a mask without numbers is no mask
        list(train(model, [(random_ids(1, 4), random_ids(1, 4))], torch.optim.SGD(model.parameters())))


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_training_sampling_and_measuring_work_in_any_dtype(dtype):
    model, ids = small().to(dtype), random_ids(2, 21)
    (loss,) = train(model, [(ids[:, :-1], ids[:, 1:])], optimizer_of(model))
    assert loss == pytest.approx(
        next(train(small(), [(ids[:, :-1], ids[:, 1:])], optimizer_of(small()))), rel=0.02
    )
    assert len(generate(model, [1], 30)) == 31


def test_the_bits_of_many_tokens_are_not_summed_in_bfloat16():
    # 20 windows of 64 tokens, 8 bits each: bfloat16 has no number between 8192 and 8256
    assert bits_per_byte(Uniform(256).to(torch.bfloat16), [1] * 1290, BPETokenizer([])) == pytest.approx(8)

    class Half(Uniform):
        def forward(self, ids):
            return super().forward(ids).bfloat16()

    assert bits_per_byte(Half(256), [1] * 1290, BPETokenizer([])) == pytest.approx(8)


# ---- training ----


def optimizer_of(model):
    return torch.optim.AdamW(model.parameters(), lr=5e-3, betas=(0.9, 0.95))


def test_the_loss_falls_on_the_story():
    story = load_story()
    tokenizer = BPETokenizer.train(story, 512)
    ids = tokenizer.encode_to_numpy(story)
    model = TinyGPT(512, 32)
    before = bits_per_byte(model, ids, tokenizer)
    loader = make_loader(ids, 32, batch_size=16)
    losses = [loss for _ in range(4) for loss in train(model, loader, optimizer_of(model))]
    assert abs(losses[0] - math.log(512)) < 0.2
    assert np.mean(losses[-10:]) < losses[0] - 1.5
    assert bits_per_byte(model, ids, tokenizer) < before - 1


def test_resuming_equals_a_run_that_was_never_stopped(tmp_path):
    data = WindowDataset(torch.arange(2000) % 97, max_length=24)

    def batches(sampler):
        return (data.batch(indices) for indices in BatchSampler(sampler, 4, drop_last=True))

    whole = small()
    losses = list(train(whole, islice(batches(ResumableSampler(data, seed=1)), 12), optimizer_of(whole)))

    first, sampler = small(), ResumableSampler(data, seed=1)
    optimizer = optimizer_of(first)
    again = list(train(first, islice(batches(sampler), 5), optimizer))
    state = {"model": first.state_dict(), "optimizer": optimizer.state_dict(), "order": sampler.state_dict()}
    torch.save(state, tmp_path / "checkpoint.pt")

    second, sampler = small(seed=9), ResumableSampler(data, seed=2)  # all of it comes from the file
    optimizer, state = optimizer_of(second), torch.load(tmp_path / "checkpoint.pt")
    second.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    sampler.load_state_dict(state["order"])
    again += list(train(second, islice(batches(sampler), 7), optimizer))
    assert again == losses
    assert all(map(torch.equal, whole.state_dict().values(), second.state_dict().values()))


def test_what_follows_the_targets_reaches_the_model():
    packed = pack([[1, 2, 3], [4, 5, 6]], 8, eos_id=0)
    model = small()
    parts = packed.input_ids, packed.labels, packed.positions, packed.document_ids
    inputs, targets, *rest = (p[:, :-1] if i != 1 else p[:, 1:] for i, p in enumerate(parts))
    expected = F.cross_entropy(model(inputs, *rest).flatten(0, 1), targets.flatten()).item()
    assert list(train(model, [(inputs, targets, *rest)], optimizer_of(model))) == [pytest.approx(expected)]


def masked(ids, places=slice(None)):
    targets = ids.clone()
    targets[:, places] = -100
    return targets


@pytest.mark.parametrize(
    "ids", [random_ids(2, 8), random_ids(0, 8), random_ids(2, 0)], ids=lambda i: str(i.shape)
)
def test_a_batch_without_a_target_is_refused_before_the_model_learns_nan(ids):
    model, good = small(), random_ids(2, 9)
    steps = train(model, [(good[:, :-1], good[:, 1:]), (ids, masked(ids))], optimizer_of(model))
    assert math.isfinite(next(steps))
    weights = model.embedding.weight.detach().clone()
    with pytest.raises(ValueError, match=f"batch 1: all {ids.numel()} targets are -100"):
        next(steps)
    assert torch.equal(model.embedding.weight, weights)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: t + 0.5, "must be integers, not torch.float32"),
        (lambda t: t > 5, "must be integers, not torch.bool"),
        (lambda t: t + 300, "go from 3.. to 5..; this model knows 0 to 299"),
        (lambda t: t - 99, "go from -.* this model knows 0 to 299"),
        (lambda t: t[:, :-1], r"have the shape \(2, 7\), inputs \(2, 8\)"),
        (lambda t: t.flatten(), r"have the shape \(16,\)"),
    ],
)
def test_targets_that_are_no_ids_beside_the_inputs_are_refused_before_the_step(change, words):
    model, ids = small(), random_ids(2, 9)
    weights = model.embedding.weight.detach().clone()
    with pytest.raises(ValueError, match=f"batch 0: targets {words}"):
        list(train(model, [(ids[:, :-1], change(ids[:, 1:]))], optimizer_of(model)))
    assert torch.equal(model.embedding.weight, weights)


def test_a_last_id_beyond_the_model_is_named_where_bits_are_measured():
    with pytest.raises(ValueError, match="ids go from 2 to 300; this model knows 0 to 299"):
        bits_per_byte(small(), [1, 2, 300], Own())


@pytest.mark.parametrize(
    "batch",
    [
        *(
            pack([[5, 6], [7]], 5, 0)[:],
            pad_collate([[5, 6]], 0),
            random_ids(2, 4),
            (random_ids(2, 4),),
            None,
        ),
        *((np.ones((2, 4), int),) * 2, [[[1, 2]], [[2, 3]]]),
    ],
    ids=lambda batch: type(batch).__name__,
)
def test_a_batch_that_is_no_tuple_of_tensors_is_refused_with_the_way_out(batch):
    words = r"(?s)batch 0 must be \(inputs, targets, ...\).*labels\[:, 1:\].*from_numpy"
    with pytest.raises(TypeError, match=words):
        list(train(small(), [batch], optimizer_of(small())))


@pytest.mark.parametrize("batches", [None, 5])
def test_batches_one_cannot_walk_through_are_named(batches):
    with pytest.raises(TypeError, match="batches must be an iterable of tuples"):
        list(train(small(), batches, optimizer_of(small())))


def test_a_single_target_is_enough():
    ids, model = random_ids(2, 8), small()
    targets = masked(ids)
    targets[1, 3] = 7
    expected = F.cross_entropy(model(ids)[1, 3], torch.tensor(7)).item()
    assert list(train(model, [(ids, targets)], optimizer_of(model))) == [pytest.approx(expected)]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int16, torch.uint16])
def test_batches_of_any_integer_dtype_are_taken(dtype):
    ids = random_ids(2, 9)
    narrow = ids.to(dtype)
    (loss,) = train(small(), [(narrow[:, :-1], narrow[:, 1:])], optimizer_of(small()))
    assert [loss] == list(train(small(), [(ids[:, :-1], ids[:, 1:])], optimizer_of(small())))


@pytest.mark.parametrize(
    "rows",
    [pad_collate([[5, 6, 7], [8]], 0), pack([[5, 6, 7], [8, 9]], 5, 0)[:]],
    ids=["pad_collate", "pack"],
)
def test_labels_that_nobody_shifted_give_a_warning_and_shifted_ones_none(rows, recwarn):
    model = small()
    list(train(model, [(rows["input_ids"][:, :-1], rows["labels"][:, 1:])], optimizer_of(model)))
    assert not recwarn.list
    with pytest.warns(UserWarning, match="batch 0: the targets equal the inputs.* labels") as caught:
        list(train(model, [(rows["input_ids"], rows["labels"])], optimizer_of(model)))
    assert caught[0].filename == __file__  # where the batches were given, not where they are looked at


# ---- sampling ----


def test_sampling_goes_on_past_the_context_and_the_seed_fixes_it():
    model = TinyGPT(300, 24)
    sampled = generate(model, [1, 2, 3], 40, seed=4)
    assert sampled[:3] == [1, 2, 3] and len(sampled) == 43
    assert generate(model, [1, 2, 3], 40, temperature=0.8, seed=4) == sampled
    assert generate(model, [1, 2, 3], 40, seed=5) != sampled


def test_a_low_temperature_takes_the_likeliest_token():
    model, ids = small(), [7, 8]
    for _ in range(5):
        ids.append(model(torch.tensor([ids]))[0, -1].argmax().item())
    assert generate(model, [7, 8], 5, temperature=1e-4) == ids


@pytest.mark.parametrize("temperature", [1e-30, 1e-40])
def test_the_lowest_temperatures_take_the_likeliest_token_too(temperature):
    assert generate(small(), [7, 8], 5, temperature) == generate(small(), [7, 8], 5, 1e-4)


@pytest.mark.parametrize("wrong", [math.nan, math.inf])
def test_a_model_that_has_learned_nan_is_named(wrong):
    model = small()
    torch.nn.init.constant_(model.norm.weight, wrong)
    with pytest.raises(ValueError, match="the model gives logits with NaN or inf"):
        generate(model, [1], 2)
    assert math.isnan(bits_per_byte(model, [1, 2, 3], BPETokenizer([])))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"ids": []}, "ids holds 0 token ids; at least 1"),
        ({"ids": [1, -100]}, r"ids\[1\] is -100"),
        ({"ids": [2**70]}, f"ids.*{2**70}"),
        ({"temperature": 0.0}, "temperature .* above 0, not 0.0"),
        ({"temperature": -1}, "temperature .* above 0, not -1"),
        ({"n": -1}, "n must be an integer of 0 or more, not -1"),
        ({"seed": "0"}, "seed must be an integer of 0 or more, not '0'"),
    ],
)
def test_what_cannot_be_sampled_from_is_named(arguments, words):
    with pytest.raises(ValueError, match=words):
        generate(small(), **{"ids": [1], "n": 5} | arguments)


# ---- bits per byte ----


@pytest.mark.parametrize("size", [2, 256, 5000])
@pytest.mark.parametrize("length", [2, 64, 65, 66, 1000])
def test_a_uniform_model_has_the_bits_per_byte_of_the_closed_form(size, length):
    ids = [i % 256 for i in range(length)]  # one byte each, so log2(size) bits a byte
    assert bits_per_byte(Uniform(size), np.array(ids) % size, BPETokenizer([])) == pytest.approx(
        math.log2(size)
    )


def test_bits_are_shared_among_the_bytes_of_each_token():
    text = load_story()[:3000]
    tokenizer = BPETokenizer.train(text, 400)
    ids = tokenizer.encode(text)
    n_bytes = len(text.encode()) - len(tokenizer.decode_bytes(ids[:1]))
    expected = math.log2(400) * (len(ids) - 1) / n_bytes
    for given in (ids, np.array(ids, np.uint16), torch.tensor(ids)):
        assert bits_per_byte(Uniform(400), given, tokenizer) == pytest.approx(expected)


def test_it_equals_a_loop_over_windows():
    model, ids = small(max_length=16), random_ids(101)
    total = 0.0
    for start in range(0, 100, 16):
        x, y = ids[start : start + 16][: 100 - start], ids[start + 1 : start + 17]
        total += F.cross_entropy(model(x[None])[0], y, reduction="sum").item()
    tokenizer = BPETokenizer([(bytes([i]), bytes([i + 1])) for i in range(44)], ())
    n_bytes = sum(1 + (i >= 256) for i in ids[1:].tolist())
    assert bits_per_byte(model, ids, tokenizer) == pytest.approx(total / math.log(2) / n_bytes)


def test_a_tokenizer_without_decode_bytes_is_decoded_to_text():
    text = "a café, a tree"
    tokenizer = WordTokenizer.train(text, keep_spaces=True)
    ids = tokenizer.encode(text)
    expected = math.log2(len(tokenizer.vocab)) * (len(ids) - 1) / (len(text.encode()) - 1)
    assert bits_per_byte(Uniform(len(tokenizer.vocab)), ids, tokenizer) == pytest.approx(expected)


def test_windows_have_the_length_of_the_model_unless_told():
    uniform = Uniform(256)
    bits_per_byte(uniform, range(200), BPETokenizer([]), max_length=50, batch_size=2)
    assert [tuple(ids.shape) for ids in uniform.seen] == [(2, 50), (2, 50)]
    bits_per_byte(small(max_length=16), range(100), BPETokenizer([]))  # 64 would be refused


def test_bytes_are_counted_not_characters():
    text = "déjà vu, naïve, 日本語"
    ids = BPETokenizer([]).encode(text)
    assert len(ids) == len(text.encode()) > len(text)
    assert bits_per_byte(Uniform(256), ids, BPETokenizer([])) == pytest.approx(8)
    # 語 without its first byte: what is predicted is no text, and has two bytes all the same
    assert bits_per_byte(Uniform(256), BPETokenizer([]).encode("語"), BPETokenizer([])) == pytest.approx(8)


@pytest.mark.parametrize("training", [True, False])
def test_a_model_is_measured_as_in_use_and_left_in_the_mode_it_was_in(training):
    model = torch.nn.Sequential(small(), torch.nn.Dropout(0.5)).train(training)
    ids = random_ids(50, high=256)
    expected = bits_per_byte(small(), ids, BPETokenizer([]))
    assert bits_per_byte(model, ids, BPETokenizer([]), max_length=24) == pytest.approx(expected)
    assert model.training == model[1].training == training
    with pytest.raises(ValueError, match="this model knows 0 to 299"):
        bits_per_byte(model, [400, 1], BPETokenizer([(bytes([i]), b"a") for i in range(200)], ()), 24)
    assert model.training == training


@pytest.mark.parametrize(
    "ids",
    [[], [5], np.array([]), torch.tensor([[1, 2, 3]]), 7, [1.0, 2.0], [3, -100, 4], ["a", "b"]],
    ids=str,
)
def test_what_is_no_row_of_at_least_two_ids_is_refused(ids):
    with pytest.raises(ValueError, match=r"ids (holds|must be)|ids\[1\] is -100"):
        bits_per_byte(Uniform(256), ids, BPETokenizer([]))


@pytest.mark.parametrize("sizes", [{"max_length": 0}, {"batch_size": 0}])
def test_windows_and_batches_of_nothing_are_refused(sizes):
    with pytest.raises(ValueError, match=f"{next(iter(sizes))} .* not 0"):
        bits_per_byte(Uniform(256), [1, 2, 3], BPETokenizer([]), **sizes)


# ---- special tokens are no text ----

END = "<|endoftext|>"
PARAGRAPHS = load_story().split("\n\n")[:20]


class Own:
    """A learner's tokenizer, which names its special tokens; its `vocab` has their ids."""

    vocab, special_tokens = {chr(i): i for i in range(2**14)} | {"<end>": 5}, ["<end>", "<none>"]

    def encode(self, text):
        return list(map(ord, text))

    def decode(self, ids):
        return "".join("<end>" if i == 5 else chr(i) for i in ids)


def tokenizer_and_end(name, tmp_path):
    """A tokenizer that gives PARAGRAPHS back, its function that encodes, and the id of a special token."""
    bpe = BPETokenizer.train(PARAGRAPHS, 400)
    if name == "words":
        tokenizer = WordTokenizer.train(load_story(), keep_spaces=True)
        return tokenizer, tokenizer.encode, tokenizer.vocab[END]
    if name == "characters":
        tokenizer = CharTokenizer("".join(PARAGRAPHS))
        return tokenizer, tokenizer.encode, tokenizer.vocab["<|unk|>"]
    if name == "tiktoken":
        return bpe.to_tiktoken(), bpe.to_tiktoken().encode, bpe.special_tokens[END]
    if name == "tokenizers":
        bpe.save(tmp_path / "tokenizer.json")
        tokenizer = tokenizers.Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
        return tokenizer, lambda text: tokenizer.encode(text).ids, tokenizer.token_to_id(END)
    return (bpe, bpe.encode, bpe.special_tokens[END]) if name == "BPE" else (Own(), Own().encode, 5)


@pytest.mark.parametrize("name", ["BPE", "words", "characters", "tiktoken", "tokenizers", "own"])
def test_special_tokens_count_in_the_loss_and_not_in_the_bytes(name, tmp_path):
    tokenizer, encode, end = tokenizer_and_end(name, tmp_path)
    ids = [end, *(i for paragraph in PARAGRAPHS for i in [*encode(paragraph), end])]
    n_bytes = sum(len(paragraph.encode()) for paragraph in PARAGRAPHS)
    assert text_bytes(ids, tokenizer) == n_bytes
    for given in (ids, np.array(ids), torch.tensor(ids)):
        got = bits_per_byte(Uniform(2**14), given, tokenizer, batch_size=2)
        assert got == pytest.approx(14 * (len(ids) - 1) / n_bytes)
    with pytest.raises(ValueError, match="no byte of text after its first token"):
        bits_per_byte(Uniform(1024), [encode("a")[0], end, end], tokenizer)


def test_without_names_the_special_tokens_are_those_of_this_series():
    class NoNames:
        vocab = Own.vocab | {END: 1}

        def decode_bytes(self, ids):
            return b"".join([b"a", END.encode()][i] for i in ids)

    assert text_bytes([0, 1, 0], NoNames()) == 2


def test_an_added_token_that_is_not_special_is_text():
    tokenizer = tokenizers.Tokenizer(tokenizers.models.BPE())
    tokenizer.add_tokens(["abc"]), tokenizer.add_special_tokens(["<end>"])
    assert text_bytes([0, 1, 0], tokenizer) == len("abc abc")  # it has no decoder, so it joins by spaces


# ---- the grid that notebook 10 reads ----


def test_the_stored_experiments_have_three_seeds_of_each_setting_and_sane_figures():
    runs = pd.read_csv(STORY.with_name("experiments.csv"))
    assert set(runs.groupby(["experiment", "setting"]).seed.nunique()) == {3}
    assert runs.val_bpb.between(1, 8).all() and runs.train_bpb.between(0, 8).all()
    steps = runs.groupby(["experiment", "setting", "seed"])
    assert steps[["step", "bytes_seen", "cpu_seconds"]].agg(lambda s: s.is_monotonic_increasing).all().all()
