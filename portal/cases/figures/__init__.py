"""数据: what the cases of a period were about, what they cost and how long they took. Nothing is estimated."""
