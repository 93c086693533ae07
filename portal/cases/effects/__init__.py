"""What a step does besides moving the case, by noun; importing this package registers every effect."""

from portal.cases.effects import (
    application,
    arrival,
    conversion,
    freight,
    goods,
    mediation,
    offer,
    payment,
    returning,
    terms,
)

__all__ = [
    "application",
    "arrival",
    "conversion",
    "freight",
    "goods",
    "mediation",
    "offer",
    "payment",
    "returning",
    "terms",
]
