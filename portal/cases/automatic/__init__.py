"""自动处理: a shop's rules over fresh applications. What a rule says, what it would have done, and doing it."""
