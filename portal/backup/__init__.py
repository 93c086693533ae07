"""Copies of everything while the portal runs, sealed with a key that isn't kept here, and the way back from them."""
