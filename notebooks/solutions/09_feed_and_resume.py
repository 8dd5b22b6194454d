"""Solutions to the exercises of the deeper page 09_feed_and_resume."""

from lessons.exercises import check


# 09.buffer: what is left in the buffer when the stream ends has to come out too, in a random order.
def shuffled(stream, size, rng):
    buffer = []
    for item in stream:
        buffer.append(item)
        if len(buffer) == size:
            yield buffer.pop(rng.randrange(size))
    while buffer:
        yield buffer.pop(rng.randrange(len(buffer)))


# 09.resume: after `steps` steps of three ranks the first 3 * steps places are done, whoever did which.
def left_to_do(order, steps, rank, ranks):
    return order[3 * steps + rank :: ranks]


check("09.buffer", shuffled)
check("09.resume", left_to_do)
