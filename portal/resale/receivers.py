"""To whom a consumer's order goes, as the distributor wrote it down."""

from __future__ import annotations

from portal.models import Order


def is_receiver(order: Order, receiver: tuple[str, str, str]) -> bool:
    """Whether an order goes to this name, telephone number and address; blanks don't count."""
    own = (order.receiver_name, order.receiver_phone, order.receiver_address)
    return all("".join(a.split()) == "".join(b.split()) for a, b in zip(own, receiver, strict=True))
