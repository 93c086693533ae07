"""What a condition or a deadline may ask about a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from portal.flow.kinds import Stage
from portal.flow.spans import DEADLINES


@dataclass(frozen=True)
class Facts:
    """What a condition or a deadline may ask about a case. Collected by cases.facts(); quantities in thousandths."""

    entered_at: datetime
    now: datetime
    has_default_address: bool = False
    seller_wrote: bool = False
    refusable: bool = True  # some reason to refuse is left that the data doesn't contradict
    provable: bool = True  # the application stands on something that evidence can show
    applications: int = 1
    refused: bool = False  # revising: the seller has refused, nothing more is asked of the buyer
    parcels_back: int = 0  # live parcels on the way back
    places_open: int = 1  # returning: addresses that nothing was sent to yet
    places_waiting: int = 0  # of these: not known yet
    back_shipped_at: datetime | None = None
    back_signed_at: datetime | None = None
    back_slow: bool = False
    back_traced: bool = False
    parcels_out: int = 0
    out_shipped_at: datetime | None = None
    out_signed_at: datetime | None = None
    out_slow: bool = False
    out_traced: bool = False
    out_lost: bool = False
    accepted_milli: int = 0
    late: bool = False  # the first of two deadlines of this state has run out
    owed_since: datetime | None = None  # refunding, refund_failed: when it was first to be paid, whatever was tried
    escalated: bool = False  # the last deadline has run out and no clock runs any more
    problem_open: bool = False
    objected: bool = False
    extended: bool = False  # the buyer has used the one extension of this state
    granted: timedelta = timedelta()  # what the seller added to this state's deadline
    nudged_at: datetime | None = None
    guaranteed: bool = False  # every line was sold with a promise that decides a reissue: 少货必赔 or 破损包赔
    shipped_milli: int = 0  # of the replacement, in this round
    negotiated: bool = False  # no right to it: only the seller's own yes counts, never a time-out
    paused: timedelta = timedelta()  # how long this state's clock has stood still
    not_before: datetime | None = None  # the deadline falls no earlier than this
    stage: str = Stage.NONE
    evidence_round: int = 0
    evidence_at: datetime | None = None  # when the present stage of the mediation began
    heard_both: bool = False  # both sides have handed in evidence in this round
    converted: bool = False  # refunding, refund_failed: it has become another case, and is open for a payment alone
    ruled: bool = False  # the rule has decided already that what this state waits for stays owed
    passed_on: bool = False  # the decision was late, and another mediator was to have it
    ruling: str = ""  # the decision that the rule makes, once that is all that is left
    favours: str = ""  # whom the rule favours by the ground of the application
    received_milli: int = 0  # of what was sent back, for the rule
    decidable_fen: int = 0  # the most that can be decided, for the rule
    awarded_fen: int = 0  # what the rule gives of it: no more than was agreed or asked for
    offered_by: str = ""  # whose offer waits for the other side, while the platform is in it
    asked_by: str = ""  # who opened the mediation
    origin: str = ""  # proposed: the state that the proposal was made in
    failed_late: bool = False  # what didn't pass inspection should be on its way home and isn't
    countered: bool = False  # proposed: the buyer has made terms of their own
    outcome: str = ""  # proposed: where the open terms lead: return, reship, pay, refund, convert
    difference_fen: int = 0  # what the buyer would have to pay for the other specification; negative: gets back
    payment_declared: bool = False  # the buyer says that they paid the difference, the shop hasn't confirmed it yet
    auto_refund: bool = False  # a refund that silence agrees to: not shipped, or 极速退款
    unshipped: bool = False
    open_entries: int = 0  # money still to be settled
    waiting_entries: int = 0  # of these, waiting for a second person
    takes_bank: bool = False  # the shop asks for a bank account where 原路退回 has failed
    account: str = ""  # of the payment that failed: "", asked, given, used (it failed as well), declined
    spans: Mapping[str, timedelta] = field(default_factory=dict)  # deadlines set to another length than the default
    # The worst that is open about payments: missing (not arrived, says the buyer), shown (the shop has shown proof),
    # denied (the shop hasn't got what the buyer says they paid).
    payment_claim: str = ""
    claimed_at: datetime | None = None
    contested_entries: int = 0  # of those still open: recorded as paid, and not arrived
    objectable_entries: int = 0  # recorded as paid, and whoever gets it can still say that it didn't arrive
    doubts: int = 0  # how often the buyer doubted proof of a payment, where its proof is awaited again
    doubtable_entries: int = 0  # proof was shown, and whoever gets the money can still say that it hasn't come
    proof_stands: bool = False  # by when the rule decides, nobody will have doubted the proof for its whole term
    claim_late: bool = False  # 未到账 was said so late that no proof of the payment could stand when the rule decides
    waybill_late: bool = False  # the waybill of what went back was changed after the platform was called
    problem_stands: bool = False  # problem_open, and said before the platform was called
    account_held: bool = False  # an account is kept for a payment still owed

    freight_advanced: bool = False  # goods went back, and the shop bears that freight
    freight_claim: str = ""  # what became of what the buyer says they paid for it: models/freight.py says which

    def span(self, name: str) -> timedelta:
        """How long the deadline ``name`` is here."""
        return self.spans.get(name, DEADLINES[name])
