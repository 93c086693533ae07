"""What passes by itself from one case of a chain to the other: facts about the goods, from who has seen them."""
