"""The portal for granian: a request is taken in whole before one of the few threads works on it."""
