"""The model that copies, and its six schemes: what each does to the scores, and that it learns."""

import math

import pytest
import torch

from lessons.copying import (
    BACK,
    DIM,
    SCHEMES,
    T5,
    TRAINED,
    Copier,
    Rope,
    accuracy,
    draw_batch,
    scores_of,
    train_copier,
    weight_by_distance,
)


def test_the_answer_at_a_place_is_the_token_three_back():
    ids, answers = draw_batch(4, 20)
    assert torch.equal(answers, ids[:, : 20 - BACK]) and BACK == 3


@pytest.mark.parametrize("name", SCHEMES)
def test_scores_of_equal_tokens_depend_on_the_distance_alone_unless_a_vector_is_added(name):
    torch.manual_seed(0)
    scheme, matrices = SCHEMES[name](), torch.randn(2, DIM, DIM) / DIM**0.5
    for table in scheme.parameters():
        torch.nn.init.normal_(table)
    scores = scores_of(torch.randn(DIM).expand(TRAINED, DIM), *matrices, scheme).detach()
    along = max((scores.diagonal(-d).max() - scores.diagonal(-d).min()).item() for d in range(TRAINED))
    assert (along < 1e-3) == (name not in ("learned", "sinusoidal"))


def test_t5_learns_the_task_and_its_attention_has_its_peak_there():
    torch.manual_seed(0)
    model = train_copier(Copier(T5()), seed=0, steps=150)
    assert accuracy(model, TRAINED) > 0.9 > 0.2 > accuracy(Copier(T5()), TRAINED)
    weights = weight_by_distance(model, TRAINED)
    assert weights.index(max(weights)) == BACK and sum(weights) < 1.001


def test_reach_hides_far_keys_and_the_future_is_always_hidden():
    model = Copier(Rope())
    weights = model.weights(draw_batch(2, 12)[0], reach=4)
    assert torch.allclose(weights.sum(-1), torch.ones(2, 12))
    assert not weights.triu(1).any() and not weights.tril(-4).any() and weights.diagonal(-3, 1, 2).all()


def test_a_learned_table_has_no_accuracy_past_its_end():
    assert math.isnan(accuracy(Copier(SCHEMES["learned"]()), 2 * TRAINED))
