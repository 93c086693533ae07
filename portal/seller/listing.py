"""The list somebody works through: read from the address of each page and carried on to the next one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlencode

from flask import abort, g, request
from werkzeug.datastructures import MultiDict

from portal import inputs
from portal.cases import columns, piles, queue_filters, shop_queue
from portal.cases.piles import Key, Tab
from portal.cases.queue_filters import Filters
from portal.flow import CaseType, State
from portal.parcels import carriers
from portal.people import roles
from portal.rights import reasons
from portal.web import guards, paging

T = TypeVar("T")
AGES = (1, 3, 7)  # days since a case was applied for, to choose from
_KEPT = ("since", "until", "buyer", "sku", "supplier", "freight", "did", "day")  # come from a number, not from a field
_NAMES = ("tab", "q", "reason", "type", "carrier", "least", "older", "owner", "tag", *_KEPT, "sort", "after")
MINE, NOBODY = "me", "none"  # in addresses: so a kept list means whoever opens it


@dataclass(frozen=True)
class Listing:
    """A tab, what narrows it down, and where its page begins. ``problem``: what couldn't be read, in a sentence."""

    tab: str
    filters: Filters = queue_filters.NO_FILTERS
    after: Key | None = None
    problem: str = ""
    sort: str = ""

    @property
    def query(self) -> str:
        """The list as it stands in an address, behind the question mark."""
        return _write(self, with_place=True)

    @property
    def address(self) -> str:
        """The page of the queue that shows this place of the list."""
        return f"/seller?{self.query}"

    def at(self, key: Key | None) -> Listing:
        """The same list, its page beginning behind ``key``."""
        return replace(self, after=key)

    def of_tab(self, tab: str) -> str:
        """The address of another tab with the same filters, from its beginning."""
        return f"/seller?{_write(replace(self, tab=tab, after=None), with_place=False)}"

    def of_case(self, case_no: str, step_name: str = "") -> str:
        """The address of a case, or of a step of it, that knows this list."""
        return f"/seller/cases/{case_no}{'/' if step_name else ''}{step_name}?{self.query}"

    def is_of(self, query: str) -> bool:
        """Whether a kept list is this one, wherever its page begins; an owner's number is 我 to themselves."""
        kept = {
            (name, _name_owner(_read_owner(value)) if name == "owner" else value) for name, value in parse_qsl(query)
        }
        return kept == set(parse_qsl(self.at(None).query))

    @property
    def filtered(self) -> bool:
        return self.filters != queue_filters.NO_FILTERS

    @property
    def number(self) -> int:
        """How many filters narrow the list down."""
        return sum(name not in ("tab", "sort", "after") for name, _ in parse_qsl(self.query))

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What of the address has no field of its own in the form of filters."""
        return [(name, value) for name, value in parse_qsl(self.query) if name in (*_KEPT, "sort")]

    @property
    def sortable(self) -> bool:
        """Whether the order of this list can be chosen."""
        return self.tab not in piles.DONE and not self.filters.did

    def load(self) -> tuple[Sequence[Any], Key | None]:
        """The cases of its page, and the key the next page begins after."""
        return shop_queue.list_page(
            g.who.shop_id,
            self.tab,
            g.now,
            filters=self.filters,
            states=seen_states(),
            after=self.after,
            sort=self.sort,
        )


def _write(listing: Listing, *, with_place: bool) -> str:
    filters = listing.filters
    said = {
        "tab": listing.tab,
        "q": filters.words,
        "reason": filters.reason,
        "type": filters.type,
        "carrier": filters.carrier,
        "least": inputs.money_typed(filters.least_fen) if filters.least_fen else "",
        "older": str(filters.older_days) if filters.older_days else "",
        "owner": _name_owner(filters.owner_id),
        "tag": filters.tag,
        "since": filters.since,
        "until": filters.until,
        "buyer": str(filters.buyer_id or ""),
        "sku": str(filters.sku_id or ""),
        "supplier": str(filters.supplier_id or ""),
        "freight": filters.freight,
        "did": filters.did,
        "day": filters.day,
        "sort": listing.sort,
        "after": _write_key(listing.after) if listing.after and with_place else "",
    }
    return urlencode({name: value for name, value in said.items() if value})


def _write_key(key: Key) -> str:
    return f"{key[0].isoformat() if isinstance(key[0], datetime) else key[0]}~{key[1]}"


def _read_key(said: str, tab: str, sort: str) -> Key | None:
    """The place that ``_write_key`` wrote for this order; 404 for what it never wrote."""
    if piles.find_sort(tab, sort).column not in ("refund_fen", "buyer_id"):
        return paging.moment_key(said)
    if not said:
        return None
    first, _, second = said.partition("~")
    return guards.found(inputs.read_id(first)), guards.found(inputs.read_id(second))


def _read_day(said: str) -> str:
    """A day like 2026-11-28, of years that have one before and after them; "" for anything else."""
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return ""
    return day.isoformat() if 1970 < day.year < 2200 else ""


def _name_owner(owner_id: int | None) -> str:
    if owner_id is None:
        return ""
    return NOBODY if owner_id == 0 else MINE if owner_id == g.who.user_id else str(owner_id)


def _read_owner(said: str) -> int | None:
    if said in (MINE, NOBODY):
        return g.who.user_id if said == MINE else 0
    return inputs.read_id(said)


_SEEN = {role: frozenset(state for state in State if roles.may_see_state(role, state)) for role in roles.ROLES}


def seen_states() -> frozenset[State] | None:
    """The states whose cases this person's role sees in lists; None: all of them."""
    seen = _SEEN.get(g.who.role, frozenset())
    return None if len(seen) == len(State) else seen


def list_tabs() -> dict[str, Tab]:
    """The tabs of this person's role: those of states it sees, and those of any state that hold some of these."""
    seen = seen_states()
    if seen is None:
        return piles.TABS
    return {name: tab for name, tab in piles.TABS.items() if _may_hold(tab, seen)}


def list_columns() -> dict[str, str]:
    """The columns that this person's role may choose from."""
    return _without_money(columns.COLUMNS)


def list_sorts() -> dict[str, piles.Sort]:
    """The orders that this person's role may choose from."""
    return _without_money(piles.SORTS)


def _without_money(named: dict[str, T]) -> dict[str, T]:
    return named if roles.may_see_money(g.who.role) else {key: each for key, each in named.items() if key != "amount"}


def _may_hold(tab: Tab, seen: frozenset[State]) -> bool:
    if tab.state:
        return tab.state in seen
    return tab.piles != ("platform",) and (tab.piles != ("way",) or State.INSPECTING in seen)


def read() -> Listing:
    """The list that this request's address names; a tab that isn't there, or not this role's, is 404."""
    listing = read_from(request.args)
    if listing.tab not in list_tabs():
        abort(404)
    return listing


def carry() -> Listing:
    """The list that a page of a case was opened from; the first tab where the address says none that is known."""
    listing = read_from(request.args)
    tabs = list_tabs()
    return listing if listing.tab in tabs else Listing(next(iter(tabs)))


def is_carried() -> bool:
    """Whether this page of a case was opened from a list."""
    return request.args.get("tab", "") in list_tabs()


def read_from(args: MultiDict[str, str] | dict[str, str]) -> Listing:
    """The list of some arguments, as forgiving as it can be; its tab may be unknown."""
    tab = args.get("tab", "")
    tab = piles.MOVED.get(tab, tab) or next(iter(list_tabs()))
    problem, words, least, tag = "", "", 0, ""
    try:
        words = inputs.line(args.get("q", ""), limit=60)
        tag = inputs.line(args.get("tag", ""), limit=10)
        if args.get("least", "").strip():
            least = inputs.money(args["least"])
    except inputs.InputRefused as refused:
        problem = refused.sentence
    reason, kind, older = (args.get(name, "") for name in ("reason", "type", "older"))
    carrier, sort = args.get("carrier", ""), args.get("sort", "")
    sort = sort if sort in list_sorts() and tab not in piles.DONE else ""
    filters = Filters(
        words=words,
        reason=reason if reasons.reason(reason) else "",
        type=kind if kind in list(CaseType) else "",
        carrier=carrier if any(known.code == carrier for known in carriers.choices()) else "",
        least_fen=least,
        older_days=int(older) if older in map(str, AGES) else 0,
        owner_id=_read_owner(args.get("owner", "")),
        tag=tag,
        **_read_kept(args),
    )
    after = _read_key(args.get("after", ""), tab, sort) if tab in piles.TABS else None
    return Listing(tab, filters, after, problem, sort)


def _read_kept(args: Any) -> dict[str, Any]:
    """The filters that numbers lead to."""
    named = {name: inputs.read_id(args.get(name, "")) for name in ("buyer", "sku", "supplier")}
    ids = {name: number for name, number in named.items() if number is not None}
    did, day = args.get("did", ""), _read_day(args.get("day", ""))
    freight = args.get("freight", "")
    did = did if did in queue_filters.DID and day else ""
    return {
        "since": _read_day(args.get("since", "")),
        "until": _read_day(args.get("until", "")),
        **{f"{name}_id": number for name, number in ids.items()},
        "freight": freight if freight in queue_filters.FREIGHT else "",
        "did": did,
        "day": day if did else "",
    }


def read_query(query: str) -> Listing:
    """The list of a kept address, from its beginning."""
    kept = {name: value for name, value in parse_qsl(query[:500]) if name in _NAMES and name != "after"}
    return read_from(kept)
