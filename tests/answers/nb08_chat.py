"""Answers to the exercises of the page 08_chat."""

import functools

import numpy as np

from answers import endless, form, says


def with_join(chat):
    def one(message):
        who, said = message["role"], message["content"]
        channel = "<|channel|>final" if who == "assistant" else ""
        return f"<|start|>{who}{channel}<|message|>{said}"

    text = "<|end|>".join(map(one, chat))
    return text + ("<|return|>" if chat[-1]["role"] == "assistant" else "<|end|><|start|>assistant")


def by_index(messages):
    parts = []
    for n, m in enumerate(messages):
        last = n == len(messages) - 1
        parts += ["<|start|>", m["role"]]
        if m["role"] == "assistant":
            parts += ["<|channel|>", "final"]
        parts += ["<|message|>", m["content"]]
        parts.append("<|return|>" if last and m["role"] == "assistant" else "<|end|>")
    if messages[-1]["role"] != "assistant":
        parts += ["<|start|>", "assistant"]
    return "".join(parts)


class Template:
    def __call__(self, chat):
        return with_join(chat)


def always_return(chat):
    return with_join(chat).replace("4.<|end|>", "4.<|return|>")


def never_return(chat):
    text = with_join(chat)
    return text[: -len("<|return|>")] + "<|end|>" if text.endswith("<|return|>") else text


def line_breaks(chat):
    return with_join(chat).replace("<|end|><|start|>", "<|end|>\n<|start|>")


def no_prompt(chat):
    return with_join(chat).removesuffix("<|start|>assistant")


def no_channel(chat):
    return with_join(chat).replace("<|channel|>final", "")


def strips(chat):
    return with_join([{**m, "content": m["content"].strip()} for m in chat])


def replaces_in_the_content(chat):
    text = "".join(f"<|start|>{m['role']}<|message|>{m['content']}<|end|>" for m in chat)
    text = text.replace("<|start|>assistant", "<|start|>assistant<|channel|>final")
    if chat[-1]["role"] == "assistant":
        head, _, tail = text.partition("final")
        return head + "final" + tail.replace("<|end|>", "<|return|>")
    return text + "<|start|>assistant"


def changes_the_chat(chat):
    text = with_join(chat)
    chat.append({"role": "assistant", "content": ""})
    return text


def walking(ids, head, end):
    labels, inside, place = [], False, 0
    while place < len(ids):
        if not inside and ids[place : place + len(head)] == head:
            labels += [-100] * len(head)
            place += len(head)
            inside = True
            continue
        labels.append(ids[place] if inside else -100)
        inside = inside and ids[place] != end
        place += 1
    return labels


def as_array(ids, head, end):
    labels, start, row = np.full(len(ids), -100), 0, list(ids)
    while start < len(row):
        if row[start : start + len(head)] != list(head):
            start += 1
            continue
        first = start + len(head)
        stop = row.index(end, first) + 1 if end in row[first:] else len(row)
        labels[first:stop] = row[first:stop]
        start = stop
    return labels


def as_generator(row, first, last):
    yield from walking(row, first, last)


def end_left_out(ids, head, end):
    return [-100 if i == end else i for i in walking(ids, head, end)]


def all_ends(ids, head, end):
    return [i if i == end else label for i, label in zip(ids, walking(ids, head, end), strict=True)]


def head_too(ids, head, end):
    labels = walking(ids, head, end)
    for n in range(len(ids)):
        if ids[n : n + len(head)] == head:
            labels[n : n + len(head)] = head
    return labels


def first_answer_only(ids, head, end):
    labels = walking(ids, head, end)
    return labels if end not in labels else (labels[: labels.index(end) + 1] + [-100] * len(ids))[: len(ids)]


def last_answer_only(ids, head, end):
    starts = [n for n in range(len(ids)) if ids[n : n + len(head)] == head]
    labels = walking(ids, head, end)
    return [-100] * starts[-1] + labels[starts[-1] :] if starts else labels


def first_id_of_the_head(ids, head, end):
    return walking(ids, head[:1], end)


def up_to_the_last_end(ids, head, end):
    for n in range(len(ids)):
        if ids[n : n + len(head)] == head:
            return [-100] * (n + len(head)) + ids[n + len(head) :]
    return [-100] * len(ids)


def cut_answers_left_out(ids, head, end):
    labels = walking(ids, head, end)
    for n in reversed(range(len(ids))):
        if labels[n] in (-100, end):
            break
        labels[n] = -100
    return labels


def for_ever(ids, head, end):
    while True:
        walking(ids, head, end)


def no_row(ids, head, end):
    print(walking(ids, head, end))


RIGHT = {
    "08.harmony": [with_join, by_index, Template()],
    "08.chat_labels": [walking, as_array, as_generator, functools.partial(walking)],
}
WRONG = {
    "08.harmony": [
        says(always_return, "earlier answer"),
        says(never_return, "<|return|>"),
        line_breaks,
        says(no_prompt, "prompt"),
        no_channel,
        strips,
        replaces_in_the_content,
        says(changes_the_chat, "changed its argument"),
        lambda chat: list(with_join(chat)),
        form("<|start|>", "should be a function"),
    ],
    "08.chat_labels": [
        says(end_left_out, "has to write it"),
        says(all_ends, "padding"),
        head_too,
        first_answer_only,
        last_answer_only,
        first_id_of_the_head,
        up_to_the_last_end,
        cut_answers_left_out,
        says(no_row, "`return`"),
        endless(for_ever),
    ],
}
