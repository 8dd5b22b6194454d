"""The ids of a whole chat are those published. tests/lessons/test_deeper_08.py has page 08_chat write it."""


def test_a_chat_in_harmony_has_the_ids_of_gpt_oss(published):
    """From the change that marks the answers in its template, less the message of the channel analysis."""
    gpt_oss = published("gpt-oss", "gpt-oss-tokenizer.json")
    asked, answered = "<|start|>user<|message|>hi<|end|>", "<|channel|>final<|message|>Hello<|return|>"
    ids = gpt_oss.encode(f"{asked}<|start|>assistant{answered}", allowed_special="all")
    asked, written = [200006, 1428, 200008, 3686, 200007], [17196, 200008, 13225, 200002]
    assert ids == [*asked, 200006, 173781, 200005, *written]


def test_a_chat_in_chatml_has_the_ids_of_qwen(published):
    qwen = published("qwen3", "qwen3-tokenizer.json")
    ids = qwen.encode("<|im_start|>user\nhi<|im_end|>\n", allowed_special="all")
    assert ids == [151644, 872, 198, 6023, 151645, 198]
