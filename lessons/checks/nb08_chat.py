"""The checks of the exercises on deeper/08_chat."""

import random
from collections.abc import Callable, Sequence

from lessons.exercises import call, exercise, expect, rejection, same


@exercise("08.harmony")
def harmony(answer: Callable) -> str:
    ask, reply = ("user", "What is 2 + 2?"), ("assistant", "2 + 2 = 4.")
    asked, more = "<|start|>user<|message|>What is 2 + 2?<|end|>", ("user", "Sure?\n")
    replied = "<|start|>assistant<|channel|>final<|message|>2 + 2 = 4."
    rules = "<|start|>developer<|message|># Instructions\n\nBe short.<|end|>"
    developer = ("developer", "# Instructions\n\nBe short.")
    again = "<|start|>user<|message|>Sure?\n<|end|>"
    for chat, text, hint in [
        ([ask], f"{asked}<|start|>assistant", "Nobody has answered: end with the prompt."),
        ([ask, reply], f"{asked}{replied}<|return|>", "The last answer ends with <|return|>."),
        (
            [developer, ask],
            f"{rules}{asked}<|start|>assistant",
            "Every role but the assistant's has the same form.",
        ),
        (
            [ask, reply, more],
            f"{asked}{replied}<|end|>{again}<|start|>assistant",
            "An earlier answer ends with <|end|>.",
        ),
        ([ask, reply, more, ("assistant", "Yes.")], f"{asked}{replied}<|end|>{again}{_yes()}<|return|>", ""),
        ([reply], f"{replied}<|return|>", "A chat may begin with an answer."),
        (
            [("user", ""), ("assistant", "<|end|>")],
            "<|start|>user<|message|><|end|><|start|>assistant<|channel|>final<|message|><|end|><|return|>",
            "Leave the content as it is: it may be empty, or hold the name of a token.",
        ),
    ]:
        messages = [{"role": role, "content": content} for role, content in chat]
        expect(answer, (messages,), text, hint)
    return "So the prompt of the next turn never holds <|return|>, and each training row ends with it."


def _yes() -> str:
    return "<|start|>assistant<|channel|>final<|message|>Yes."


@exercise("08.chat_labels")
def chat_labels(answer: Callable) -> str:
    draw = random.Random(8)
    cases = [
        ([1, 7, 9, 4, 5, 2, 1, 8, 9, 6, 2], [1, 8, 9], 2),
        ([0, 1, 8, 6, 2, 1, 7, 4, 2, 1, 8, 5, 5, 2], [1, 8], 2),
        ([1, 8, 6, 2, 2, 2], [1, 8], 2),
        ([1, 7, 8, 9, 2, 1, 8, 9, 6, 6], [1, 8, 9], 2),
        ([1, 8, 2], [1, 8], 2),
        ([1, 7, 5, 2], [1, 8], 2),
        ([8, 9, 1, 8, 8, 9, 2], [1, 8], 2),
        ([1, 8], [1, 8], 2),
        ([3, 5, 4, 3, 6, 4, 4], [3], 4),
    ]
    for _ in range(60):
        head = [1, *draw.choices([8, 9], k=draw.randint(0, 2))]
        ids = []
        for _ in range(draw.randint(0, 5)):
            first = head if draw.random() < 0.6 else [1, 7]
            ids += first + draw.choices([5, 6, 8, 9, 7], k=draw.randint(0, 4)) + [2]
        cases.append((ids[: len(ids) - draw.randint(0, 2)] + [2] * draw.randint(0, 3), head, 2))
    for ids, head, end in cases:
        right = labels_of(ids, head, end)
        got = call(answer, ids, head, end, expected=right)
        if not same(got, right):
            raise rejection((ids, head, end), right, got, _hint(got, ids, right, head, end))
    return "A data collator that looks for the head of an answer works like this."


def labels_of(ids: Sequence[int], head: Sequence[int], end: int) -> list[int]:
    """The ids of each answer and its end, and -100 elsewhere; what stands inside an answer begins none."""
    labels, place = [-100] * len(ids), 0
    while place < len(ids):
        if list(ids[place : place + len(head)]) != list(head):
            place += 1
            continue
        place += len(head)
        while place < len(ids):
            labels[place] = ids[place]
            place += 1
            if ids[place - 1] == end:
                break
    return labels


def _hint(got: object, ids: list[int], right: list[int], head: list[int], end: int) -> str:
    ends = [-100 if i == end else i for i in right]
    padding = [i if i == end else label for i, label in zip(ids, right, strict=True)]
    if same(got, ends):
        return "The end of each answer is scored too: the model has to write it."
    if same(got, padding):
        return "Only the end of an answer is scored: other ends, and padding, are not."
    return f"An answer begins behind the whole of {head}, and ends with the next {end}."
