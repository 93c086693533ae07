"""The buyer's forms about a payment that the shop recorded: arrived, not arrived."""

from __future__ import annotations

from portal.buyer.forms import StepForm
from portal.web.arrival_fields import ArrivalFields, DoubtFields, MissingFields


class ArrivalForm(ArrivalFields, StepForm):
    """已到账."""

    template = "buyer/arrival.html"


class MissingForm(MissingFields, StepForm):
    """未到账."""

    template = "buyer/arrival.html"


class DoubtForm(DoubtFields, StepForm):
    """还是没到账."""

    template = "buyer/arrival.html"
