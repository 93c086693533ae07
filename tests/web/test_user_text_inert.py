"""What people write is only ever text: on no page does an element or attribute come of it, and htmx doesn't look at it.

One exchange goes through its whole life, with an attack in every text that anybody can write, import or be called.
Every page that both sides can reach is then parsed as a browser does it.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from portal import inputs
from portal.cases import opening, taking
from portal.cases.effects.hand_ins import InspectedLine, RequestedLine
from portal.cases.effects.step_context import ActedBy, hand_in_type
from portal.extensions import db, writing
from portal.flow import Actor
from portal.models import Case, CaseLine, Draft, ImportJob, Order, OrderLine, Parcel, Session, Shop, Sku, User
from portal.orders.export_format import read
from portal.orders.importing import import_orders
from portal.rights import policies
from portal.talk import conversations
from portal.tracking import scans as case_scans
from tests import exports
from tests.cast import Cast, post, sign_in
from tests.conftest import NOW, Clock
from tests.web.inspector import elements, parse
from tests.web.places import Quick

# Each would make an element or attribute whose name or value begins with zap.
ATTACKS = {
    "a": "\"'><zap hx-post=/zap hx-trigger=load>",
    "b": '" hx-get="/zap" data-zap="1" x="',
    "c": "' autofocus onfocus='zap()' x='",
    "d": " hx-on:load=zap() zap=1 ",
    "e": "<img src=zap onerror=zap()>",
    "f": "<!--zap--><zap data-hx-post=/zap>",
    "g": "</textarea></title><zap>",
    "h": "<script>zap()</script>{{7*7}}",
}
# What somebody writes in sentences. Names, titles and the like are escaped as well, but htmx isn't kept off them.
SENTENCES = frozenset(
    {
        "description",
        "note",
        "message",
        "answer",
        "words",
        "excluded",
        "inspection",
        "line-note",
        "objection",
        "problem",
        "receiver",
        "receiver-address",
        "return-name",
        "return-address",
        "return-note",
        "refusal",
        "request",
        "extension",
        "draft",
        "back-note",
        "trace",
    }
)
# Where the text of a person may stand in an attribute: as the value of a field, to be copied, or as a name.
SAYING = frozenset({"value", "data-copy", "data-who", "aria-label", "alt", "data-note", "title", "label", "data-seen"})
FORM_TEXT = frozenset({"textarea", "option", "title"})


def attacks(name: str) -> list[str]:
    """A text of this kind for each attack, recognisable wherever it comes back."""
    return [f"〔{name}〕{attack}" for attack in ATTACKS.values()]


class Life:
    """The texts of one turn: attack number ``turn`` everywhere."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.said: set[Any] = set()

    def __call__(self, name: str) -> str:
        self.said.add(name)
        return attacks(name)[self.turn]

    def live(self, app: Flask, folder: Path) -> tuple[str, str]:
        """Everything that can happen to an order; returns the 会员名 of its buyer and of its seller."""
        cast = Cast.make(NOW)
        order_no = self._import(folder, self.named("buyer"), self.named("seller"))
        order = db.session.scalars(select(Order).where(Order.order_no == order_no)).one()
        order_id, shop_id, buyer_id = order.id, order.shop_id, order.buyer_id
        seller_id = db.session.get_one(Shop, shop_id).owner_id
        with writing():
            db.session.execute(update(Order).values(status="completed", received_at=NOW))
            line = db.session.scalars(select(OrderLine).where(OrderLine.order_id == order_id)).first()
            assert line is not None
            db.session.add(
                Sku(
                    shop_id=shop_id,
                    product_id=line.product_id,
                    sku_key="other",
                    spec=self("sku"),
                    price_fen=line.unit_price_fen,
                )
            )
            policies.publish_policy(
                shop_id,
                window_days=15,
                hidden_days=30,
                special_freight="seller",
                guarantees=[],
                excluded=[self("excluded")],
                words=self("words"),
                by=seller_id,
                now=NOW,
            )
            for default in (True, False):
                policies.add_address(
                    shop_id,
                    name=self("return-name")[:60],
                    phone="13800138000",
                    address=self("return-address"),
                    note=self("return-note"),
                    make_default=default,
                    now=NOW,
                )
            job = ImportJob(
                public_id="f" * 32,
                shop_id=shop_id,
                user_id=seller_id,
                file_name=self("file"),
                path="x.csv",
                state="failed",
                problem=self("import-problem"),
                created_at=NOW,
                updated_at=NOW,
            )
            db.session.add(job)
        members = tuple(db.session.get_one(User, user_id).member_name for user_id in (buyer_id, seller_id))
        self.people = replace(cast, buyer=buyer_id, seller=seller_id, shop=shop_id)
        self.order_id, self.line_id = order_id, line.id
        self._talk()
        for story in (self._revising, self._disputed, self._confirming, self._returning):
            story(self._open())
        self._draft()
        return members[0], members[1]

    def named(self, side: str) -> str:
        """A 会员名 has 64 characters at most."""
        return self(side)[:64]

    def _import(self, folder: Path, buyer: str, seller: str) -> str:
        """An order as it comes: every cell that is text is an attack."""
        texts = {
            "买家公司名": self("buyer-company"),
            "卖家公司名": self("seller-company"),
            "买家会员名": buyer,
            "卖家会员名": seller,
            "收货人姓名": self("receiver")[:60],
            "收货地址": self("receiver-address"),
            "货品标题": self("title"),
            "型号": self("spec"),
            "货号": self("cargo"),
            "单品货号": self("own-cargo"),
            "物料编号": self("material"),
            "货品种类": self("kind"),
            "单位": "双",
            "买家留言": self("buyer-note"),
            "物流公司": self("carrier"),
            "运单号": "75484863576596",
            "下游渠道": self("channel")[:60],
            "代理商姓名": self("agent"),
            "下单公司主体": self("subject"),
        }
        path = folder / f"export-{self.turn}.csv"
        row = exports.order(f"39054036925507475{self.turn:02d}", **texts)
        row.pop("是否代发订单")
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(exports.table([row]))
        with read(path) as export:
            report = import_orders(export, now=NOW, vouched=True)
        assert report.orders.new == 1, [problem.sentence for problem in report.problems]
        return str(row["订单编号"])

    def _talk(self) -> None:
        with writing():
            talk = conversations.get_of_order(db.session.get_one(Order, self.order_id), NOW)
            conversations.add_message(talk, "seller", self.people.seller, self("answer"), now=NOW)
            conversations.add_message(talk, "buyer", self.people.buyer, self("message") + " 调换商品", now=NOW)
            order = db.session.get_one(Order, self.order_id)
            line = db.session.get_one(OrderLine, self.line_id)
            card = {"order_no": order.order_no, "lines": [[line.id, f"{line.title} {line.spec}"]]}
            conversations.add_message(talk, "system", None, "需要申请换货吗？", now=NOW, kind="offer", data=card)
            conversations.add_message(talk, "buyer", self.people.buyer, self("message"), now=NOW)

    def _open(self) -> int:
        with writing():
            return opening.open_case(
                by=self.by(Actor.BUYER),
                order=db.session.get_one(Order, self.order_id),
                wanted=[RequestedLine(self.line_id, 10)],
                reason="damaged",
                description=self("description"),
                receiver=(self("receiver"), "13425059650", self("receiver-address")),
                freight_payer="negotiated",
                basis="商品质量问题，收货后 15 天内可换货",
                policy_id=policies.get_current(self.people.shop).id,
                photos=[],
                now=NOW,
            ).id

    def by(self, actor: Actor) -> ActedBy:
        return self.people.by(actor)

    def take(self, case_id: int, step: str, actor: Actor, **values: Any) -> None:
        with writing():
            taking.take(case_id, step, by=self.by(actor), now=NOW, handed=hand_in_type(step)(**values))

    def _revising(self, case_id: int) -> None:
        self.take(case_id, "reject", Actor.SELLER, refusal="no_stock", note=self("refusal"))
        changed = {"description": self("description") + "改", "receiver_name": self("receiver")}
        self.take(case_id, "modify", Actor.BUYER, **changed)
        self.take(case_id, "ask_evidence", Actor.SELLER, note=self("request"))

    def _returning(self, case_id: int) -> None:
        self.take(case_id, "agree", Actor.SELLER)
        self.take(case_id, "grant_extension", Actor.SELLER, days=2, note=self("extension"))

    def _disputed(self, case_id: int) -> None:
        self.take(case_id, "agree", Actor.SELLER)
        self.take(case_id, "ship_return", Actor.BUYER, parcels=[("SELF", self("number")[:40])])
        lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case_id)).all()
        counted = [InspectedLine(line, 10, 0, "short", self("line-note")) for line in lines]
        photos = self.people.photos(2, self.people.seller, NOW)
        self.take(case_id, "dispute_goods", Actor.SELLER, counted=counted, photos=photos, note=self("inspection"))
        self.take(case_id, "object", Actor.BUYER, note=self("objection"))
        with writing():
            sent = [("SELF", self("number")[:40])]
            case_scans.send_back(case_id, sent, by=self.by(Actor.SELLER), now=NOW, note=self("back-note"))

    def _confirming(self, case_id: int) -> None:
        self.take(case_id, "agree_no_return", Actor.SELLER)
        lines = db.session.scalars(select(CaseLine.id).where(CaseLine.case_id == case_id)).all()
        parcels = [("ZTO", "75484863576596")]
        self.take(case_id, "ship_replacement", Actor.SELLER, parcels=parcels, shipped=dict.fromkeys(lines, 10))
        parcel = db.session.scalars(select(Parcel.id).where(Parcel.case_id == case_id)).one()
        with writing():
            case_scans.record_trace(parcel, at=NOW, status="transit", said=self("trace")[:200], now=NOW)
        self.take(case_id, "report_problem", Actor.BUYER, kind="not_received", note=self("problem"))

    def _draft(self) -> None:
        with writing():
            fields = {
                "line_id": self.line_id,
                "reason": "wrong_order",
                "quantities": {str(self.line_id): 10},
                "typed": {str(self.line_id): self("typed")},
                "description": self("draft"),
                "name": self("receiver"),
                "phone": "13425059650",
                "address": self("receiver-address"),
            }
            draft = Draft(
                shop_id=self.people.shop,
                order_id=self.order_id,
                buyer_id=self.people.buyer,
                source="order",
                fields=fields,
                created_at=NOW,
                updated_at=NOW,
            )
            db.session.add(draft)


LINK = re.compile(r'(?:href|src|action|hx-get|data-poll|data-read)="(/[^"#]*)"')


SAME_PAGE = 12  # addresses of one page that are looked at


def pages(browser: FlaskClient, starts: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every page that can be reached, whole, and as the parts that htmx asks for.

    Of one list's addresses, which differ in what they are narrowed to and ordered by, only the first few.
    """
    seen: set[str] = set()
    kinds: Counter[str] = Counter()
    waiting = list(starts)
    while waiting:
        path = waiting.pop().replace("&amp;", "&")
        if path in seen or path.startswith(("/static/", "/f/", "/sw.js")):
            continue
        seen.add(path)
        page, _, query = path.partition("?")
        kinds[page] += bool(query)
        if kinds[page] > SAME_PAGE and query:
            continue
        answer = browser.get(path)
        assert answer.status_code < 500, path
        if answer.status_code in (302, 303):
            waiting.append(answer.location)
        if answer.mimetype == "text/html" and answer.text:
            yield path, answer.text
            part = browser.get(path, headers={"HX-Request": "true", "HX-Target": "page"})
            yield f"{path} (part)", part.text
            waiting += LINK.findall(answer.text)


class Finder:
    """Looks through pages for what came of people's texts."""

    def __init__(self) -> None:
        self.found: set[str] = set()
        self.faults: list[str] = []

    def look(self, path: str, text: str) -> None:
        tree, _ = parse(text)
        self._walk(path, tree, disabled=False)
        for element in elements(tree):
            self._attributes(path, element)

    def _walk(self, path: str, element: Element, *, disabled: bool) -> None:
        tag = element.tag if isinstance(element.tag, str) else "comment"
        if "zap" in tag or (tag == "comment" and "zap" in (element.text or "")):
            self.faults.append(f"{path}: an element {tag} made of text")
        disabled = disabled or "hx-disable" in element.attrib
        self._text(path, tag, element.text or "", disabled)
        for child in element:
            self._walk(path, child, disabled=disabled)
            self._text(path, tag, child.tail or "", disabled)

    def _text(self, path: str, tag: str, text: str, disabled: bool) -> None:
        for name in re.findall("〔([^〕]+)〕", text):
            self.found.add(name)
            if name in SENTENCES and not disabled and tag not in FORM_TEXT:
                self.faults.append(f"{path}: {name} in <{tag}> without hx-disable")

    def _attributes(self, path: str, element: Element) -> None:
        for name, value in element.attrib.items():
            if "zap" in name or name.startswith(("on", "hx-on")):
                self.faults.append(f"{path}: an attribute {name} of {element.tag} made of text")
            if "zap" in value and name not in SAYING and not self._is_question(name, value):
                self.faults.append(f"{path}: {name}={value[:60]!r} of {element.tag}")
            self.found.update(re.findall("〔([^〕]+)〕", value))

    @staticmethod
    def _is_question(name: str, value: str) -> bool:
        """A text may stand behind the question mark of an address of the portal, encoded."""
        before, mark, after = value.partition("?")
        if name not in ("href", "hx-get", "action") or not mark or not before.startswith("/") or "zap" in before:
            return False
        return not set("<>\"' ") & set(after)


# Kept, but so far on no page.
NOWHERE = {"agent", "subject", "buyer-note", "channel", "back-note"}


@pytest.mark.parametrize("turn", range(len(ATTACKS)), ids=ATTACKS)
def test_every_page(app: Flask, now: Clock, tmp_path: Path, turn: int) -> None:
    app.test_client_class = Quick
    life, finder = Life(turn), Finder()
    buyer, seller = life.live(app, tmp_path)
    browsers = sign_in(app, buyer), sign_in(app, seller)
    with writing():
        db.session.execute(update(Session).values(device=life("device")[:120]))
    starts = ["/", "/me", "/me/sessions", "/orders", "/cases", "/messages", "/notices", "/guide"]
    seen = 0
    sought = attacks("sought")[turn]
    for browser, more in zip(browsers, ([], ["/seller", "/seller/products", "/seller/import"]), strict=True):
        for path, text in pages(browser, [*starts, *more]):
            finder.look(path, text)
            seen += 1
        for address in ("/orders", *more[:2]):
            answer = browser.get(address, query_string={"q": sought})
            assert answer.status_code == 200
            finder.look(f"{address}?q=", answer.text)
    assert not finder.faults, "\n".join(finder.faults)
    assert seen > 60
    assert life.said - finder.found == NOWHERE, f"not seen on any page: {sorted(life.said - finder.found)}"


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
def test_what_was_refused_or_comes_too_late(app: Flask, cast: Cast, now: Clock, attack: str) -> None:
    """Shown again in its field, or, when the step has gone, as what was typed."""
    app.test_client_class = Quick
    finder = Finder()
    words = f"〔note〕{attack}"
    buyer, seller = sign_in(app, "buyer"), sign_in(app, "seller")
    case = cast.until("disputed")
    url, case_id = f"/cases/{case.case_no}/object", case.id
    too_long = post(buyer, url, {"note": words * 100})
    assert too_long.status_code == 422
    finder.look(url, too_long.text)
    hidden = re.search(r'name="csrf_token" value="([^"]*)"', too_long.text)
    assert hidden is not None
    cast.take(db.session.get_one(Case, case_id), "accept_result", Actor.BUYER)
    late = buyer.post(url, data={"csrf_token": hidden[1], "note": words})
    assert late.status_code == 409 and inputs.text(words, limit=500)
    finder.look(f"{url} (late)", late.text)
    for address in ("/seller/policy", "/seller/addresses"):
        names = ("window_days", "words", "excluded", "name", "phone", "address", "note")
        answer = post(seller, address, dict.fromkeys(names, words * 50))
        assert answer.status_code == 422
        finder.look(address, answer.text)
    answer = post(app.test_client(), "/login", {"member_name": words, "password": words, "next": f"/{words}"})
    assert answer.status_code == 422
    finder.look("/login", answer.text)
    for path in (f"/orders/{words}", f"/{words}", f"/cases/{words}/{words}"):
        finder.look(path, buyer.get(path).text)
    assert finder.faults == []
    assert "note" in finder.found


def test_the_finder_finds() -> None:
    """It is of no use if it lets anything through."""
    for text, fault in (
        (f"<p>{ATTACKS['a']}</p>", "element zap"),
        (f'<input value="{ATTACKS["b"]}">', "attribute data-zap"),
        (f"<input value='{ATTACKS['c']}'>", "attribute onfocus"),
        (f"<p{ATTACKS['d']}></p>", "attribute zap"),
        (f"<p>{ATTACKS['e']}</p>", "src='zap'"),
        ("<!--zap-->", "comment"),
        ("<a href='javascript:zap()'>x</a>", "href"),
        ("<a href='/x?q=<zap>'>x</a>", "href"),
        ("<p>〔note〕</p>", "without hx-disable"),
    ):
        finder = Finder()
        finder.look("here", text)
        assert any(fault in found for found in finder.faults), (text, finder.faults)
    finder = Finder()
    finder.look(
        "here", "<div hx-disable><p>〔note〕 zap</p></div><a href='/x?q=zap'>〔title〕</a><textarea>〔note〕</textarea>"
    )
    assert finder.faults == [] and finder.found == {"note", "title"}
