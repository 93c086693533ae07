"""Whether a statement says which shop's rows it means: each table with the shop in its key, by its ``shop_id``."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from portal.extensions import Model

ROOT = Path(__file__).resolve().parents[1]
SHARED = {  # tables that know a shop and are not spread, and why
    "case_heads": "where a case is: read before its shop is known",
    "complaints": "read by the operator, across shops",
    "notices": "of a person, whose list crosses shops",
    "order_heads": "where an order is: read before its shop is known",
    "staff": "read at sign-in, when no shop is known yet",
    "staff_invitations": "opened by a link that names no shop",
}
TABLES = frozenset(
    table.name
    for table in Model.metadata.tables.values()
    if "shop_id" in table.primary_key.columns and table.name not in SHARED
)

# Where a statement may mean rows of several shops, and why: a module, or a function of it. Every other one names them.
MAY_NOT = {
    "applications/drafts.py:keep_photos": "a loose photo lies with any shop until it hangs on something",
    "applications/drafts.py:start_draft": "how many drafts a person has, in whichever shops",
    "belonging.py": "compares shops with one another",
    "cases/bulk_work.py:_work_off_run": "a run is found by the sweep, in whichever shop",
    "cases/bulk_work.py:_claim": "the sweep's own: a case of a run by the id it was found by",
    "cases/bulk_work.py:work_off": "finds the runs of every shop",
    "cases/anchors.py": "the history of all shops is one chain of heads",
    "cases/buyer_inbox.py": "what a buyer has to do, in whichever shops",
    "cases/case_lists.py:list_of_buyer": "a buyer's own list crosses shops",
    "cases/case_view.py:find_of_buyer": "a buyer knows a case by its number, not its shop",
    "cases/case_view.py:read_of_buyer": "a buyer knows a case by its number, not its shop",
    "cases/clock.py": "finds what is due in every shop",
    "applications/dispatch.py:forget_old": "the sweep's: old tables of every shop",
    "applications/dispatch_work.py:work_off": "finds the tables of every shop",
    "exporting/exports.py:forget_old": "the sweep's: old exports of every shop",
    "exporting/exports.py:write_waiting": "the worker's own: finds what waits in every shop",
    "cases/failed.py:tell_late": "finds what is late in every shop",
    "cases/held.py:_claim": "the sweep's own: a held step by the id it was found by",
    "cases/held.py:carry_out_due": "finds what is due in every shop",
    "cases/late_decisions.py:find_broken": "a check of every shop",
    "cases/places.py:find_broken": "a check of every shop",
    "cases/looks.py:forget": "the sweep's: old rows of every shop",
    "cases/mediation_queue.py": "the mediators' docket is of all shops",
    "consumer/": "a link names its case or order, not its shop",
    "damage.py": "reads every row there is",
    "database.py": "makes and changes the tables",
    "demo/": "fills the tables once",
    "doctor.py": "checks every shop",
    "dossier/owndata.py": "a person's own data, of whichever shops",
    "evidence/evidence.py:_attach": "a loose photo lies with any shop until it hangs on something",
    "evidence/evidence.py:attach_to": "a loose photo lies with any shop until it hangs on something",
    "evidence/evidence.py:by_public_ids": "a person's loose photos lie with any shop",
    "evidence/evidence.py:count_loose": "a loose photo lies with any shop until it hangs on something",
    "evidence/evidence.py:find_": "a person's loose photos lie with any shop",
    "evidence/evidence.py:list_of_complaint": "a complaint is of the platform",
    "evidence/evidence.py:clear_unused": "every photo of every shop",
    "health.py:_find_problems": "looks after the deadlines of every shop",
    "files.py": "a file is asked for by its public name",
    "metrics.py:_read_database": "counts what is due in every shop",
    "money/accounts/consent.py:erase_account": "accounts chosen by the caller, by shop or by the sweep",
    "money/accounts/keeping.py": "the sweep and the change of keys are of all shops",
    "money/accounts/looking.py:list_looks": "a buyer's own list crosses shops",
    "money/accounts/looking.py:record_look": "a form's key, of one person",
    "notices/outbox.py": "sends a person's notices, of whichever shops",
    "orders/addresses.py": "a buyer knows an order by its number, and two shops may have the same",
    "orders/known_shops.py:count_new": "shops that a buyer doesn't know yet",
    "orders/known_shops.py:vouch_for_cases": "shops that a buyer doesn't know yet",
    "orders/number_search.py:find_cases": "a buyer knows a case by its numbers, not its shop",
    "orders/order_lists.py:_newest_first": "a buyer's own list crosses shops",
    "orders/order_lists.py:count_tabs": "a buyer's own list crosses shops",
    "orders/order_lists.py:list_page": "a buyer's own list crosses shops",
    "orders/uploads.py:clear_old": "the sweep's own: what is old in every shop",
    "orders/uploads.py:claim_upload": "the worker's own: finds what waits in every shop",
    "orders/uploads.py:run_upload": "the worker's own: an upload by the id it was found by",
    "parcels/following.py:end_old": "the sweep's: parcels of every shop",
    "parcels/following.py:set_shipments": "parcels chosen by the caller, by shop or by the sweep",
    "parcels/following.py:follow_orders": "finds orders of every shop",
    "parcels/following.py:orders_wait": "finds orders of every shop",
    "payments/contested.py:find_broken": "a check of every shop",
    "payments/recording.py:raise_alarm": "finds what is late in every shop",
    "service/asking.py:ask_due": "asks people of every shop when their time has come",
    "people/mediators.py": "mediators decide for all shops",
    "people/sessions.py:who_is": "how much a person has not read, in whichever shops",
    "qa/": "tests' own routes",
    "resale/chain.py:find_broken": "a check of every shop",
    "resale/chain.py:link_cases": "a chain leads from shop to shop",
    "resale/chain.py:list_above": "a chain leads from shop to shop",
    "resale/chain.py:list_below": "a chain leads from shop to shop",
    "resale/downstream.py:_find_serving": "a purchase lies in the supplier's shop",
    "resale/links.py:forget_old": "the sweep's: old links of every shop",
    "resale/links.py:open_link": "a link names its case or order, not its shop",
    "resale/links.py:mark_used": "a link names its case or order, not its shop",
    "resale/links.py:may_see_photo": "a loose photo lies with any shop until it hangs on something",
    "resale/passing/applying.py:list_waiting": "finds what is to pass on in every shop",
    "resale/passing/moving.py:sweep": "finds what is to pass on in every shop",
    "resale/passing/pair.py": "a link is between two shops",
    "rights/resale.py:mark_overdue": "finds what is late in every shop",
    "rights/resale.py:promise_terms": "finds what is promised in every shop",
    "rights/resale.py:recompute": "after a new calendar, of every shop",
    "talk/complaints.py:find_own": "a buyer knows an order or a case by its number, not its shop",
    "tracking/polling.py": "a number is asked about once for whichever shops follow it",
    "tracking/unopposed.py:settle_due": "finds what is due in every shop",
    "web/photo_field.py:find_shop_of_request": "a buyer knows no shop until something hangs on it",
    "web/quotas.py": "how much a person has stored, in whichever shops",
}
NOT_YET = (  # statements that could name their shop and don't; only ever fewer
    "applications/drafts.py:find_draft",
    "buyer/apply_details.py:_take",
    "buyer/apply_details.py:apply_details",
    "cases/deadlines.py:lock_case",
    "cases/proposals.py:load_specs",
    "dossier/facts.py:_gather",
    "money/worth.py:_refunded_whole",
    "orders/order_lists.py:known_numbers",
    "parcels/keeping.py:keep_scans_of_order",
    "resale/alarm.py:tell_refusal",
    "tracking/scans.py:record_scans",
    "web/terms.py:validate",
    "web/uploads.py:_keep_on_draft",
)

UNHEARD = (  # modules that were never listened to whole: listen, mend or say why, take off; only ever fewer
    "buyer/chains.py",
    "buyer/contact.py",
    "buyer/orders.py",
    "cases/finding.py",
    "cases/search.py",
    "cli/backups.py",
    "money/payment_lists.py",
    "notices/push.py",
    "orders/customers.py",
    "orders/products.py",
    "parcels/intake.py",
    "payments/batches.py",
    "payments/recording.py",
    "people/passkeys.py",
    "people/staffing.py",
    "resale/consumers.py",
    "resale/parties.py",
    "resale/passing/applying.py",
    "resale/passing/moving.py",
    "resale/risks.py",
    "resale/undecided.py",
    "service/customer_timeline.py",
    "talk/by_shop.py",
    "talk/enquiries.py",
    "talk/faqs.py",
    "talk/promises.py",
    "talk/replies.py",
)
LEFT_OUT = (*MAY_NOT, *NOT_YET, *UNHEARD)
RUNNERS = ("portal/extensions.py", "portal/row_session.py", "portal/prepared.py")  # run others' statements

_TOKEN = re.compile(
    r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/|[(),;]|\"[^\"]+\"(?:\.\"?\w+\"?)?|[A-Za-z_][\w.]*|[^\s]", re.DOTALL
)
_CONDITIONS = {"from", "join", "on", "where", "using", "into", "values"}
_REST = {"select", "set", "group", "order", "having", "limit", "offset", "returning", "window", "for", "do"}
_SETS = {"union", "except", "intersect"}
_NO_ALIAS = (
    _CONDITIONS
    | _REST
    | _SETS
    | {
        "left",
        "right",
        "inner",
        "outer",
        "cross",
        "full",
        "natural",
        "lateral",
        "as",
        "indexed",
        "not",
        "default",
    }
)


@dataclass
class _Scope:
    """One SELECT, INSERT, UPDATE or DELETE: what it reads, and the shop columns that its conditions name."""

    clause: str = ""
    aliases: dict[str, str] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def list_missing(self) -> Iterator[str]:
        for alias, table in self.aliases.items():
            if table in TABLES and alias not in self.named and "" not in self.named:
                yield table


@cache
def find_unnamed(statement: str) -> tuple[str, ...]:
    """The tables of shops' rows that a statement reads or writes without naming their ``shop_id``."""
    tokens = [
        token.replace('"', "").lower() for token in _TOKEN.findall(statement) if not token.startswith(("--", "/*"))
    ]
    missing: list[str] = []
    _read(tokens, 0, _Scope(), missing)
    return tuple(missing)


def _read(tokens: list[str], place: int, scope: _Scope, missing: list[str]) -> int:
    """Read one level of parentheses; returns where it ends."""
    while place < len(tokens):
        token = tokens[place]
        place += 1
        if token == ")":
            break
        if token == "(":
            if tokens[place : place + 1] and tokens[place] in ("select", "with"):
                place = _read(tokens, place, _Scope(), missing)
            else:
                place = _read_within(tokens, place, scope, missing)
        elif token in _SETS:
            missing += scope.list_missing()
            scope.__init__()  # type: ignore[misc]
        else:
            place = _take(tokens, place, token, scope)
    missing += scope.list_missing()
    return place


def _read_within(tokens: list[str], place: int, scope: _Scope, missing: list[str]) -> int:
    """What stands in parentheses and is no statement of its own belongs to the one around it."""
    clause = scope.clause
    while place < len(tokens) and tokens[place] != ")":
        token = tokens[place]
        place += 1
        if token == "(":
            if tokens[place : place + 1] and tokens[place] in ("select", "with"):
                place = _read(tokens, place, _Scope(), missing)
            else:
                place = _read_within(tokens, place, scope, missing)
        else:
            place = _take(tokens, place, token, scope)
    scope.clause = clause
    return place + 1


def _take(tokens: list[str], place: int, token: str, scope: _Scope) -> int:
    before = tokens[place - 2] if place > 1 else ""
    if token in _CONDITIONS or token in _REST:
        scope.clause = token
    elif token == "update" and before not in ("for", "do", "key"):
        scope.clause = "update"
    elif token.split(".")[-1] == "shop_id" and scope.clause in _CONDITIONS:
        scope.named.add(token.rpartition(".")[0])
    elif before in ("from", "join", "into", "update", "only") or (before == "," and scope.clause == "from"):
        if scope.clause not in ("from", "join", "into", "update"):
            return place
        alias = token
        if tokens[place : place + 1] == ["as"]:
            place += 1
        if place < len(tokens) and re.fullmatch(r"[a-z_]\w*", tokens[place]) and tokens[place] not in _NO_ALIAS:
            alias = tokens[place]
            place += 1
        scope.aliases[alias] = token
    return place


@contextmanager
def watch_statements() -> Iterator[dict[str, str]]:
    """What the portal runs meanwhile without naming its shops: the statement by its caller and tables."""
    found: dict[str, str] = {}

    def look(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if (tables := find_unnamed(statement)) and (caller := find_caller()) and not caller.startswith(LEFT_OUT):
            found[f"{caller}: {', '.join(sorted(set(tables)))}"] = statement

    event.listen(Engine, "before_cursor_execute", look)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", look)


def find_caller() -> str:
    """``module.py:function`` of the portal's code that a statement comes from; empty when a test asks by itself."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        module = _find_module(frame.f_code.co_filename)
        if module is not None:
            return f"{module}:{frame.f_code.co_name}" if module else ""
        frame = frame.f_back
    return ""


@cache
def _find_module(path: str) -> str | None:
    """The portal's module at this path, "" for a test's, None for what may stand between a statement and its caller."""
    if path.startswith(str(ROOT / "portal")) and not path.endswith(RUNNERS):
        return str(Path(path).relative_to(ROOT / "portal"))
    if path.startswith(str(ROOT / "tests")) and not path.endswith(("tests/shards.py", "tests/conftest.py")):
        return ""
    return None
