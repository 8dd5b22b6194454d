"""Solutions of the exercises in 08_chat."""

from lessons.exercises import check


# Each message ends with <|end|>. At the very end, an answer has <|return|> in its place, and anything else
# is followed by the prompt.
def harmony_text(chat):
    text = ""
    for message in chat:
        channel = "<|channel|>final" if message["role"] == "assistant" else ""
        text += (
            f"<|start|>{message['role']}{channel}<|message|>{message['content']}<|end|>"
        )
    if chat[-1]["role"] == "assistant":
        return text.removesuffix("<|end|>") + "<|return|>"
    return text + "<|start|>assistant"


check("08.harmony", harmony_text)


# Inside an answer every id is its own label, and the end closes the answer. Outside, an answer begins where
# the ids just before this place are those of the head.
def chat_labels(ids, head, end):
    labels, inside, behind = [], False, 0  # behind: where the last answer ended
    for place, i in enumerate(ids):
        start = place - len(head)
        inside = inside or (start >= behind and ids[start:place] == head)
        labels.append(i if inside else -100)
        if inside and i == end:
            inside, behind = False, place + 1
    return labels


check("08.chat_labels", chat_labels)
