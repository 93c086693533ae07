"""Photos: the gate they pass, the decoder that sees them, the store that keeps them."""
