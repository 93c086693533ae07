"""A mistake is seen: its field and its sentence stand between the bars that stick to the screen's edges."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Error, Page

from portal.applications import drafts
from portal.calendar import clock
from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import Case, CaseLine, OrderLine, Shop
from portal.resale import links as consumer_links
from tests.cast import Cast
from tests.conftest import make_app
from tests.e2e.conftest import World, serving
from tests.e2e.pages import Person

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

# Which fields of the form that was sent are wrong, each with its own and its sentence's place, and what covers them.
SEEN = """() => {
  const box = (element) => {
    const {top, bottom, height} = element.getBoundingClientRect();
    return {top, bottom, height};
  };
  const shown = [...document.querySelectorAll("[aria-invalid=true]")].filter((field) => field.offsetParent);
  const bars = [...document.querySelectorAll(".bar, .tabbar")].filter((bar) => bar.offsetParent || bar.offsetHeight);
  const top = document.querySelector(".top");
  const field = shown[0];
  const frame = field ? field.closest(".field") : document.querySelector(".summary");
  const sentence = field ? [...frame.querySelectorAll(".err")].find((line) => line.textContent) : frame;
  return {
    field: field ? box(field) : box(frame), sentence: box(sentence),
    from: top ? Math.max(0, box(top).bottom) : 0,
    to: Math.min(innerHeight, ...bars.map((bar) => box(bar).top)),
    focus: document.activeElement.outerHTML.slice(0, 80),
  };
}"""
SENDS = "#page .bar button[type=submit], #page .bar button:not([type])"


def places(app: Any) -> list[tuple[str, str]]:
    """(who, the page) of forms that are wrong when nothing is filled in, long ones among them."""
    with app.app_context():
        state: dict[str, str] = {}
        for case_no, at in db.session.execute(db.select(Case.case_no, Case.state).order_by(Case.id)):
            state.setdefault(at, case_no)
        db.session.remove()
    return [
        ("buyer", f"/cases/{state['returning']}/ship_return"),
        ("buyer", f"/cases/{state['disputed']}/escalate"),
        ("seller", f"/seller/cases/{state['applied']}/ask_evidence"),
        ("seller", "/seller/addresses"),
        ("buyer", "/feedback"),
    ]


@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_the_field_and_its_sentence_come_into_view(lively: World, visit: Any, kind: str) -> None:
    hidden = []
    page: Page = visit(kind, base_url=lively.url, viewport={"width": 390, "height": 620})
    signed_in = ""
    for who, address in places(lively.app):
        if who != signed_in:
            page.context.clear_cookies()
            Person(page).signs_in(who)
            signed_in = who
        answer = page.goto(address)
        if answer is None or answer.status != 200:
            hidden.append(f"{address} {answer and answer.status}")
            continue
        page.locator("#page form.form button[type=submit]").last.click()
        page.locator(".summary[role=alert]").wait_for()
        page.wait_for_timeout(200)
        seen = page.evaluate(SEEN)
        for what in ("field", "sentence"):
            box = seen[what]
            if box["top"] < seen["from"] - 1 or box["bottom"] > seen["to"] + 1:
                hidden.append(f"{kind} {address} {what} {seen}")
    assert not hidden, "\n".join(hidden)


# Each form that stands over a bar: how it is reached, and what makes it wrong (a field to fill, a line to open).
Wrong = tuple[tuple[str, str], ...]


def make_places(cast: Cast) -> Iterator[tuple[str, str, Wrong]]:
    """What it is, its address, and what is typed before it is sent; by a buyer, and by a consumer's link."""
    with writing():
        db.session.execute(db.update(Shop).values(bank_data=True))

    def at(state: str, step: str, **more: Any) -> str:
        return f"/cases/{cast.until(state, now=cast.now, **more).case_no}/{step}"

    several = cast.until("returning", lines=3, order=cast.order(lines=3))
    lines = db.session.scalars(db.select(CaseLine.id).where(CaseLine.case_id == several.id).order_by(CaseLine.id)).all()
    sent = f"/cases/{several.case_no}/ship_return"
    many = (("open", "还有其他包裹"), ("#number", "75484863570011"), ("#number5", "75484863570012"))
    yield "寄回商品", at("returning", "ship_return"), ()
    yield "寄回商品，第 5 个包裹的单号", sent, (*many[:2], ("#number5", "不是单号"))
    yield "寄回商品，第 5 个包裹的数量", sent, (*many, (f"#units_5_{lines[-1]}", "99"))
    asked = cast.mediated(cast.until("inspecting"), "evidence")
    yield "提交证据", f"/cases/{asked.case_no}/submit_evidence", ()
    yield "申请平台介入", at("disputed", "escalate"), ()
    yield "补差价", at("paying", "pay"), ()
    failed = cast.take(cast.until("refund_failed", case_type=CaseType.REFUND_ONLY), "ask_account", Actor.SELLER)
    yield "收款账户", f"/cases/{failed.case_no}/give_account", ()
    changed = cast.open_case(cast.order(lines=3), lines=3)
    last = db.session.scalars(db.select(CaseLine.order_line_id).where(CaseLine.case_id == changed.id)).all()[-1]
    changed = cast.take(changed, "ask_evidence", Actor.SELLER, note="请补拍外包装")
    yield "修改申请", f"/cases/{changed.case_no}/modify", ((f"#quantity-{last}", "0"),)
    yield "修改申请，地址", f"/cases/{changed.case_no}/modify", (("#receiver_phone", "abc"),)
    yield "协商", at("proposed", "counter"), (("[name^=quantity_]", "x"),)
    yield "验货异议", at("disputed", "object"), ()
    yield "商品有问题", at("confirming", "report_problem"), ()
    done = at("completed", "")
    yield "评价", f"{done}satisfied", ()
    yield "再次售后", f"{done}again", ()
    yield "投诉", "/feedback", ()
    order = cast.order(lines=3)
    order_lines = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == order.id)).all()
    with writing():
        draft = drafts.start_draft(order.shop_id, order.id, cast.buyer, source="order", now=cast.now)
        drafts.save_draft(draft, {"line_id": order_lines[0], "reason": "damaged", "type": "exchange"}, cast.now)
    apply = f"/orders/{order.order_no}/apply"
    fresh = cast.order()
    line = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == fresh.id)).one()
    yield "申请，原因", f"/orders/{fresh.order_no}/apply?line={line}", ()
    yield "申请，照片", f"{apply}/details", ()
    opened = ("open", "同一原因的其他商品")
    yield "申请，数量", f"{apply}/details", (opened, (f"#quantity-{order_lines[-1]}", "99"))
    yield "申请，地址", f"{apply}/details", (("#address", ""), ("#phone", "abc"))
    unsent = cast.order(status="unshipped", tracking_text="")
    yield "取消订单", f"/orders/{unsent.order_no}/cancel", ()


def make_link_places(cast: Cast) -> Iterator[tuple[str, str, Wrong]]:
    """The same of a consumer, whose links say themselves who they are."""
    order = cast.order(buyer=cast.buyer, milli=100_000)

    def at(state: str, step: str) -> str:
        case = cast.until(state, order=order)
        with writing():
            token = consumer_links.make_link(clock.now(), shop_id=cast.shop, case_id=case.id, by=cast.seller)
        return f"/c/{token} /c/{consumer_links.name_link(token or '')}/{case.case_no}/{step}"

    yield "链接：协商", at("proposed", "do/counter"), (("[name^=quantity_]", "x"),)
    yield "链接：修改申请", at("revising", "do/modify"), (("[name^=quantity_]", "0"),)
    yield "链接：验货异议", at("disputed", "do/object"), ()
    yield "链接：补差价", at("paying", "do/pay"), ()
    yield "链接：商品有问题", at("confirming", "do/report_problem"), ()
    yield "链接：申请平台介入", at("disputed", "do/escalate"), ()
    yield "链接：评价", at("completed", "satisfied"), ()
    bought = cast.order(lines=4)
    last = db.session.scalars(db.select(OrderLine.id).where(OrderLine.order_id == bought.id)).all()[-1]
    with writing():
        token = consumer_links.make_link(clock.now(), shop_id=cast.shop, order_id=bought.id, by=cast.seller)
    apply = f"/c/{token} /c/{consumer_links.name_link(token or '')}/apply"
    yield "链接：申请", apply, ()
    yield "链接：申请，数量", apply, ((f"#quantity-{last}", "99"),)
    yield "链接：进入", "/c", ()
    yield "链接：再次售后", at("confirming", "do/replacement_defective"), ()


@pytest.fixture(scope="module")
def forms(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[World, dict[str, Any]]]:
    app = make_app(tmp_path_factory.mktemp("forms") / "data", sqlite_template)
    with app.app_context():
        cast = Cast.make(clock.now())
        found = {"buyer": list(make_places(cast)), "consumer": list(make_link_places(cast))}
        db.session.remove()
    with serving(app) as running:
        yield running, found


@pytest.mark.parametrize("who", ["buyer", "consumer"])
@pytest.mark.parametrize("kind", ["phone", "phone-without-script"])
def test_what_is_wrong_in_any_form_comes_into_view(
    forms: tuple[World, dict[str, Any]], visit: Any, kind: str, who: str
) -> None:
    running, found = forms
    hidden = []
    page: Page = visit(kind, base_url=running.url, viewport={"width": 390, "height": 620})
    if who == "buyer":
        Person(page).signs_in(who)
    for name, addresses, wrong in found[who]:
        for address in addresses.split():
            answer = page.goto(address)
        if answer is None or answer.status != 200:
            hidden.append(f"{name} {address} {answer and answer.status}")
            continue
        for where, what in wrong:
            if where == "open":
                for folded in page.locator("details:not([open]) > summary", has_text=what).all():
                    folded.click()
            else:
                page.locator(where).first.fill(what)
        page.locator(SENDS).last.click()
        try:
            page.locator(".summary[role=alert]").wait_for(timeout=5_000)
        except Error:
            hidden.append(f"{kind} {name}: nothing is said at {page.url}")
            continue
        page.wait_for_timeout(200)
        seen = page.evaluate(SEEN)
        for part in ("field", "sentence"):
            box = seen[part]
            if not box["height"] or box["top"] < seen["from"] - 1 or box["bottom"] > seen["to"] + 1:
                hidden.append(f"{kind} {name} {part} {seen}")
    assert not hidden, "\n".join(hidden)


def test_what_is_corrected_is_no_longer_called_wrong(lively: World, visit: Any) -> None:
    """Text and a choice: the red frame, its sentence and its line above the form go as soon as it is filled in."""
    page: Page = visit("phone", base_url=lively.url)
    Person(page).signs_in("buyer")
    for _, address in places(lively.app)[:2]:
        page.goto(address)
        page.locator(SENDS).first.click()
        page.locator(".summary").wait_for()
        wrong = page.locator("[aria-invalid=true]")
        for _ in range(wrong.count()):
            if not wrong.count():
                break  # one answer puts all of its choices right
            if wrong.first.get_attribute("type") == "radio":
                wrong.first.check(force=True)
            else:
                wrong.first.fill("SF1234567890123")
        assert page.locator("[aria-invalid], .field .err, .summary").count() == 0, address
