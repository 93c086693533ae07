"""The catalogue of stories by name, and the scenarios that are made of them."""

from __future__ import annotations

from collections.abc import Sequence

from portal.demo.chains import build_chains
from portal.demo.exchanges import (
    applied,
    closed,
    completed,
    converted,
    exchange_failed,
    exchange_refunding,
    in_parts,
    late,
    not_sent,
    paying,
    proposed,
    revising,
    settle_by_talk,
    surplus,
    to_confirming,
    to_inspecting,
    to_reshipping,
    to_returning,
    urgent,
    withdrawn,
)
from portal.demo.mediations import collecting, decided, deciding, disputed, mediation, undecided
from portal.demo.refunds import (
    account_asked,
    account_given,
    cancelled_order,
    refund_asked,
    refund_closed,
    refund_converted,
    refund_failed,
    refund_proposed,
    refund_refunding,
    refund_unsent,
    refund_withdrawn,
    refunded,
)
from portal.demo.reissues import (
    missing,
    missing_asked,
    missing_closed,
    missing_converted,
    missing_failed,
    missing_proposed,
    missing_refunding,
    missing_withdrawn,
    reissued,
    to_receiving,
    to_resending,
)
from portal.demo.returns import (
    return_asked,
    return_closed,
    return_converted,
    return_disputed,
    return_failed,
    return_negotiated,
    return_proposed,
    return_refunding,
    return_waiting,
    return_withdrawn,
    returned,
    to_return,
    to_return_inspecting,
)
from portal.demo.service import build_service
from portal.demo.teller import Story

STORIES: dict[str, Story] = {
    "applied": applied,
    "urgent": urgent,
    "revising": revising,
    "withdrawn": withdrawn,
    "returning": to_returning,
    "inspecting": to_inspecting,
    "disputed": disputed,
    "closed": closed,
    "reshipping": to_reshipping,
    "late": late,
    "confirming": to_confirming,
    "completed": completed,
    "in-parts": in_parts,
    "reissue-applied": missing,
    "reissue-revising": missing_asked,
    "reissue-withdrawn": missing_withdrawn,
    "reissue-reshipping": to_resending,
    "reissue-confirming": to_receiving,
    "reissue-completed": reissued,
    "reissue-closed": missing_closed,
    "mediation-evidence": collecting,
    "mediation-deciding": deciding,
    "mediation-overdue": undecided,
    "mediation-decided": decided,
    "mediation-not-sent": not_sent,
    "proposed": proposed,
    "converted": converted,
    "paying": paying,
    "negotiated": settle_by_talk,
    "mediation": mediation,
    "return-applied": surplus,
    "return-proposed": return_proposed,
    "return-revising": return_asked,
    "return-withdrawn": return_withdrawn,
    "return-returning": to_return,
    "return-inspecting": to_return_inspecting,
    "return-disputed": return_disputed,
    "return-closed": return_closed,
    "return-refunding": return_refunding,
    "return-waiting": return_waiting,
    "return-failed": return_failed,
    "return-completed": returned,
    "return-converted": return_converted,
    "return-negotiated": return_negotiated,
    "refund-applied": refund_unsent,
    "refund-proposed": refund_proposed,
    "refund-revising": refund_asked,
    "refund-withdrawn": refund_withdrawn,
    "refund-closed": refund_closed,
    "refund-refunding": refund_refunding,
    "refund-failed": refund_failed,
    "refund-completed": refunded,
    "refund-converted": refund_converted,
    "exchange-refunding": exchange_refunding,
    "exchange-failed": exchange_failed,
    "reissue-proposed": missing_proposed,
    "reissue-refunding": missing_refunding,
    "reissue-failed": missing_failed,
    "reissue-converted": missing_converted,
    "order-cancelled": cancelled_order,
    "account-asked": account_asked,
    "account-given": account_given,
}


BECOMING = frozenset(
    {"converted", "reissue-converted", "return-converted", "refund-converted"}
)  # these tell of two cases


# What a demo or a test can begin with: everything, accounts alone, orders without cases, or one case of a story.
SCENARIOS: dict[str, Sequence[Story]] = {
    "demo": (*STORIES.values(), build_chains, build_service),
    "chains": (build_chains,),
    "empty": (),
    "orders": (),
    **{name: (story,) for name, story in STORIES.items()},
}
