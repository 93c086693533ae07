"""收款账户 over HTTP: the form with its own consent, the one page that shows a whole number, who may and how often."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from portal.extensions import db, writing
from portal.flow import Actor, CaseType
from portal.models import (
    BankAccount,
    BankConsent,
    BankView,
    Case,
    FormKey,
    KeptForm,
    MoneyEntry,
    Notice,
    Session,
    Shop,
    Staff,
    User,
)
from portal.money import encryption
from portal.money.accounts import agreed_words, keyring
from tests.cast import PASSWORD, Cast, post, sign_in, token_of
from tests.conftest import Clock

NUMBER = "6222021234567890128"
GROUPED = "6222 0212 3456 7890 128"
COMPANY = "3301040160012345678"  # no check digit of a card
FORM = {
    "account_holder": "李雯",
    "account_bank": "中国工商银行成都武侯支行",
    "account_number": NUMBER,
    "agreed": "y",
    "consent": str(agreed_words.CONSENT),
}
REASON = {"reason": "核对账号后转账"}


@pytest.fixture
def failed(app: Flask, cast: Cast, now: Clock) -> Case:
    """A refund that failed, in a shop that takes accounts."""
    with writing():
        db.session.execute(update(Shop).values(bank_data=True))
    return cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)


@pytest.fixture
def asked(cast: Cast, failed: Case) -> Case:
    return cast.take(failed, "ask_account", Actor.SELLER)


@pytest.fixture
def given(app: Flask, asked: Case) -> Case:
    assert give(sign_in(app, "buyer"), asked).status_code == 303
    return asked


def give(browser: FlaskClient, case: Case, **changed: str) -> TestResponse:
    form = {name: value for name, value in {**FORM, **changed}.items() if value != "-"}
    return post(browser, f"/cases/{case.case_no}/give_account", form)


def page_of(case: Case) -> str:
    return f"/seller/cases/{case.case_no}/account"


def stale_password(now: Clock) -> None:
    """More than five minutes since the password was given."""
    now.forward(minutes=6)


def hired(cast: Cast, role: str) -> str:
    """buyer2 works in the shop."""
    with writing():
        db.session.add(Staff(user_id=cast.buyer2, shop_id=cast.shop, role=role))
    return "buyer2"


def test_asked_given_and_only_the_last_four_digits(app: Flask, cast: Cast, failed: Case) -> None:
    buyer, seller, url = sign_in(app, "buyer"), sign_in(app, "seller"), f"/cases/{failed.case_no}"
    assert "填写收款账户" not in buyer.get(url).text
    assert post(seller, f"/seller{url}/ask_account").status_code == 303
    assert "商家请您填写收款账户" in buyer.get(url).text and "请填写收款账户" in buyer.get("/notices").text
    page = buyer.get(f"{url}/give_account").text
    for words in ("为什么需要", "只用于支付这一笔退款", "30 天内删除", "不提供账户不影响您得到退款", "撤回"):
        assert words in page
    assert 'name="agreed"' in page and "checked" not in page
    done = give(buyer, failed)
    assert done.status_code == 303 and done.location.endswith("&said=account-kept")
    pages = [buyer.get(done.location), buyer.get("/me/privacy"), seller.get(f"/seller{url}"), buyer.get("/notices")]
    for answer in pages:
        assert NUMBER not in answer.text and GROUPED not in answer.text and "武侯支行" not in answer.text
    for answer in pages[:3]:
        assert "0128" in answer.text
    assert "还没有人看过完整账号" in pages[0].text and "还没有人看过您的完整账号" in pages[1].text


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"agreed": "-"}, "请勾选同意"),
        ({"account_number": ""}, "请填写银行账号"),
        ({"account_number": "12AB5678"}, "请填写 8 到 32 位数字"),
        ({"account_number": "1234567"}, "请填写 8 到 32 位数字"),
        ({"account_number": "9" * 33}, "请填写 8 到 32 位数字"),
        ({"account_holder": " "}, "请填写收款人"),
        ({"account_holder": "李" * 61}, "最多 60 个字"),
        ({"account_bank": ""}, "请填写开户行"),
    ],
)
def test_mistakes_are_said_beside_the_field_and_the_number_is_not_shown_again(
    app: Flask, asked: Case, changed: dict[str, str], sentence: str
) -> None:
    answer = give(sign_in(app, "buyer"), asked, **changed)
    assert answer.status_code == 422 and sentence in answer.text
    assert NUMBER not in answer.text and "9" * 33 not in answer.text and "12AB5678" not in answer.text
    if "account_bank" not in changed:
        assert "中国工商银行成都武侯支行" in answer.text  # what isn't the number stays
    if "account_number" not in changed:
        assert "请重新填写账号" in answer.text
    assert not db.session.scalars(select(BankAccount)).all() and not db.session.scalars(select(BankConsent)).all()


def test_consent_to_words_that_have_changed_is_none(app: Flask, asked: Case) -> None:
    for version in ("0", str(agreed_words.CONSENT - 1), str(agreed_words.CONSENT + 1), "x", ""):
        answer = give(sign_in(app, "buyer"), asked, consent=version)
        assert answer.status_code == 409 and "授权说明已更新" in answer.text and NUMBER not in answer.text
    assert not db.session.scalars(select(BankConsent)).all()


def test_a_company_account_is_taken_with_a_warning(app: Flask, asked: Case) -> None:
    done = give(sign_in(app, "buyer"), asked, account_number="3301 0401 6001 2345 678")
    assert done.status_code == 303 and "对公账户是正常的" in sign_in(app, "buyer").get(done.location).text
    assert "没有通过银行卡的校验" in sign_in(app, "seller").get(f"/seller/cases/{asked.case_no}").text


def test_declining_and_withdrawing(app: Flask, cast: Cast, asked: Case) -> None:
    buyer, url = sign_in(app, "buyer"), f"/cases/{asked.case_no}"
    assert "退款仍然有效" in buyer.get(f"{url}/decline_account").text
    assert post(buyer, f"{url}/decline_account").status_code == 303
    assert give(buyer, asked).status_code == 303  # a change of mind
    assert f"{url}/withdraw_account" in buyer.get("/me/privacy").text
    assert "立即删除" in buyer.get(f"{url}/withdraw_account").text
    done = post(buyer, f"{url}/withdraw_account")
    assert done.status_code == 303 and "账户已删除" in buyer.get(done.location).text
    assert "0128" not in buyer.get(url).text and "已于" in buyer.get("/me/privacy").text
    seller = sign_in(app, "seller")
    assert "账户已删除" in seller.get(f"/seller{url}").text
    assert post(seller, f"/seller{url}/retry").status_code == 303
    paid = cast.take(db.session.get_one(Case, asked.id), "refund_ok", Actor.SELLER, reference="20261124")
    assert paid.state == "completed"


def test_sent_twice_it_is_one_account(app: Flask, asked: Case) -> None:
    browser, url = sign_in(app, "buyer"), f"/cases/{asked.case_no}/give_account"
    form = {**FORM, **token_of(browser.get(url))}
    assert [browser.post(url, data=form).status_code for _ in range(2)] == [303, 303]
    other = browser.post(url, data=form | {"account_number": "6222021234567890136"})
    assert other.status_code == 422  # another number under the same form key isn't taken for the first
    assert len(db.session.scalars(select(BankAccount)).all()) == 1


def test_a_form_after_the_session_ended_keeps_nothing_of_the_account(app: Flask, asked: Case, now: Clock) -> None:
    browser, url = sign_in(app, "buyer"), f"/cases/{asked.case_no}/give_account"
    form = {**FORM, "account_number": COMPANY, **token_of(browser.get(url))}
    with writing():
        db.session.execute(update(Session).values(ended_at=now.at))
    answer = browser.post(url, data=form)
    assert answer.status_code == 401 and 'name="carried"' in answer.text
    kept = str(db.session.scalars(select(KeptForm.fields)).all())
    for secret in (COMPANY, "李雯", "武侯支行"):
        assert secret not in kept and secret not in answer.text


def test_a_stale_form_says_so_without_the_number(app: Flask, cast: Cast, asked: Case) -> None:
    browser, url = sign_in(app, "buyer"), f"/cases/{asked.case_no}/give_account"
    form = {**FORM, **token_of(browser.get(url))}
    cast.take(db.session.get_one(Case, asked.id), "retry", Actor.SELLER)
    answer = browser.post(url, data=form)
    assert answer.status_code == 409 and NUMBER not in answer.text


def test_the_fingerprint_of_a_form_cannot_be_found_by_trying(app: Flask, given: Case) -> None:
    import hashlib

    kept = db.session.scalars(select(FormKey.fingerprint).where(FormKey.location.contains("account-kept"))).one()
    said = hashlib.sha256(f"/cases/{given.case_no}/give_account".encode())
    for name in sorted({**FORM, "version": ""}):
        value = {**FORM, "version": str(given.version)}[name]
        said.update(f"\x00{name}\x01{value}".encode())
    assert kept != said.hexdigest()


# ---------------------------------------------------------------- the whole number


def test_the_whole_number_is_the_answer_to_a_reason(
    app: Flask, given: Case, now: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    seller = sign_in(app, "seller")
    before = seller.get(page_of(given))
    assert before.status_code == 200 and NUMBER not in before.text and "登录密码" not in before.text
    answer = post(seller, page_of(given), REASON)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    for words in (GROUPED, NUMBER, "李雯", "中国工商银行成都武侯支行", 'data-gone="60"'):
        assert words in answer.text
    noted = [json.loads(record.message) for record in caplog.records if record.name == "portal.security"]
    looked = [each for each in noted if each["event"] == "sensitive_read"]
    assert [str(each["case"]) for each in looked] == [given.case_no, str(given.id)]
    assert NUMBER not in caplog.text and GROUPED not in caplog.text
    for url in (f"/cases/{given.case_no}", "/me/privacy"):
        page = sign_in(app, "buyer").get(url).text
        assert "店主 seller 查看了完整账号" in page and "核对账号后转账" in page and NUMBER not in page


def test_it_is_shown_for_a_minute(app: Flask, given: Case, now: Clock) -> None:
    seller = sign_in(app, "seller")
    form = {**REASON, **token_of(seller.get(page_of(given)))}
    assert GROUPED in seller.post(page_of(given), data=form).text
    now.forward(seconds=45)
    again = seller.post(page_of(given), data=form)  # reloading the page
    assert GROUPED in again.text and 'data-gone="15"' in again.text
    now.forward(seconds=15)
    over = seller.post(page_of(given), data=form)
    assert over.status_code == 409 and "只显示 60 秒" in over.text and GROUPED not in over.text
    assert token_of(over)["form_key"] != form["form_key"]
    assert len(db.session.scalars(select(BankView)).all()) == 1


def test_the_password_is_asked_for_again(app: Flask, given: Case, now: Clock) -> None:
    seller = sign_in(app, "seller")
    stale_password(now)
    assert "登录密码" in seller.get(page_of(given)).text
    for password, sentence in (("", "请填写登录密码"), ("wrong", "密码不对")):
        answer = post(seller, page_of(given), REASON | {"password": password})
        assert answer.status_code == 422 and sentence in answer.text and GROUPED not in answer.text
    assert GROUPED in post(seller, page_of(given), REASON | {"password": PASSWORD}).text
    now.forward(minutes=4)
    assert "登录密码" not in seller.get(page_of(given)).text  # it was given four minutes ago
    stale_password(now)
    assert "登录密码" in seller.get(page_of(given)).text
    tried = [post(seller, page_of(given), REASON | {"password": f"wrong{number}"}).status_code for number in range(11)]
    assert tried[-1] == 429 and 200 not in tried


@pytest.mark.parametrize("reason", ["", "  ", "x" * 101])
def test_a_reason_is_needed(app: Flask, given: Case, reason: str) -> None:
    answer = post(sign_in(app, "seller"), page_of(given), {"reason": reason})
    assert answer.status_code == 422 and GROUPED not in answer.text
    assert not db.session.scalars(select(BankView)).all()


def test_the_reason_has_no_number(app: Flask, cast: Cast, asked: Case) -> None:
    assert give(sign_in(app, "buyer"), asked, account_number=COMPANY).status_code == 303
    answer = post(sign_in(app, "seller"), page_of(asked), {"reason": f"转到 {COMPANY[:8]} {COMPANY[8:]}"})
    assert answer.status_code == 409 and "请不要写账号" in answer.text and COMPANY[:8] not in answer.text
    assert not db.session.scalars(select(BankView)).all()


@pytest.mark.parametrize(("role", "status"), [("owner", 200), ("finance", 200), ("agent", 403), ("warehouse", 403)])
def test_roles(app: Flask, cast: Cast, given: Case, role: str, status: int) -> None:
    browser = sign_in(app, "seller" if role == "owner" else hired(cast, role))
    assert browser.get(page_of(given)).status_code == status
    answer = browser.post(page_of(given), data={**REASON, **token_of(browser.get("/login"))})
    assert answer.status_code == status and (GROUPED in answer.text) == (status == 200)
    case_page = browser.get(f"/seller/cases/{given.case_no}").text
    assert ("查看完整账号" in case_page) == (status == 200)
    assert ("0128" in case_page) == (role != "warehouse")  # who counts goods doesn't see a case about money
    setting = browser.get("/seller/bank-data").status_code
    assert setting == (200 if role == "owner" else 403)


def test_strangers_find_nothing(app: Flask, cast: Cast, given: Case) -> None:
    for name in ("seller2", "buyer", "buyer2", "mediator"):
        browser = sign_in(app, name)
        assert browser.get(page_of(given)).status_code == 404
        assert post(browser, page_of(given), REASON, at="/login").status_code == 404
    for step in ("give_account", "decline_account", "withdraw_account"):
        for name in ("buyer2", "seller"):
            browser = sign_in(app, name)
            assert post(browser, f"/cases/{given.case_no}/{step}", FORM, at="/login").status_code == 404
    assert app.test_client().get(page_of(given)).status_code == 303
    assert not db.session.scalars(select(BankView)).all()


def test_only_while_the_refund_is_open(app: Flask, cast: Cast, given: Case) -> None:
    case = cast.take(db.session.get_one(Case, given.id), "retry", Actor.SELLER)
    seller = sign_in(app, "seller")
    assert seller.get(page_of(case)).status_code == 200
    form = {**REASON, **token_of(seller.get(page_of(case)))}
    cast.take(case, "refund_ok", Actor.SELLER, reference="20261124")
    assert seller.get(page_of(case)).status_code == 409
    assert seller.post(page_of(case), data=form).status_code == 409
    page = seller.get(f"/seller/cases/{case.case_no}").text
    assert "0128" in page and "查看完整账号" not in page
    with writing():
        db.session.execute(update(BankAccount).values(sealed=None, key_id="", last4="", erased_at=cast.now))
    assert "0128" not in seller.get(f"/seller/cases/{case.case_no}").text


def test_twenty_looks_an_hour_then_the_owner_is_told(app: Flask, cast: Cast, given: Case, now: Clock) -> None:
    browser = sign_in(app, hired(cast, "finance"))
    for number in range(22):
        answer = post(browser, page_of(given), REASON)
        assert answer.status_code == (200 if number < 20 else 429), number
    assert "每小时最多查看收款账户 20 次" in answer.text and "起可以继续" in answer.text and GROUPED not in answer.text
    told = db.session.execute(select(Notice.user_id, Notice.title, Notice.body).where(Notice.kind == "alarm")).all()
    assert [(row.user_id, row.title) for row in told] == [(cast.seller, "查看收款账户过于频繁")]
    assert "buyer2" in told[0].body
    assert post(sign_in(app, "seller"), page_of(given), REASON).status_code == 200  # somebody else is unaffected
    now.forward(hours=1)
    again = post(sign_in(app, "buyer2"), page_of(given), REASON)
    assert again.status_code == 200 and len(db.session.scalars(select(BankView)).all()) == 22


def test_an_account_that_cannot_be_opened_is_no_crash(app: Flask, given: Case) -> None:
    with writing():
        db.session.execute(update(BankAccount).values(sealed=bytes(128)))
    answer = post(sign_in(app, "seller"), page_of(given), REASON)
    assert answer.status_code == 409 and "无法解密" in answer.text


# ---------------------------------------------------------------- the shop's switch


def test_a_shop_runs_without_bank_data(app: Flask, cast: Cast, now: Clock) -> None:
    case = cast.until("refund_failed", case_type=CaseType.REFUND_ONLY)
    seller, url = sign_in(app, "seller"), f"/seller/cases/{case.case_no}"
    assert "店铺没有开启收款账户" in seller.get(url).text
    refused = post(seller, f"{url}/ask_account", at="/login")
    assert refused.status_code == 409 and "约定其他退款方式" in refused.text
    assert "checked" not in seller.get("/seller/bank-data").text
    assert post(seller, "/seller/bank-data", {"bank_data": "y"}).location == "/seller/bank-data?said=bank-data-on"
    assert post(seller, f"{url}/ask_account").status_code == 303
    assert post(seller, "/seller/bank-data", {}).location == "/seller/bank-data?said=bank-data-off"
    buyer = sign_in(app, "buyer")
    refused = post(buyer, f"/cases/{case.case_no}/give_account", FORM, at="/login")
    assert refused.status_code == 409 and NUMBER not in refused.text


def test_without_keys_the_switch_stays_off(app: Flask, cast: Cast, now: Clock) -> None:
    from datetime import timedelta

    keyring.set_keys(encryption.Keys(), timedelta(days=30))
    seller = sign_in(app, "seller")
    assert "没有配置加密密钥" in seller.get("/seller/bank-data").text
    assert post(seller, "/seller/bank-data", {"bank_data": "y"}).status_code == 422
    assert not db.session.scalar(select(Shop.bank_data).where(Shop.id == cast.shop))


def test_privacy_is_paged_by_key(app: Flask, cast: Cast, given: Case, now: Clock) -> None:
    row = db.session.scalars(select(BankAccount)).one()
    values: dict[str, Any] = {
        "shop_id": row.shop_id,
        "account_id": row.id,
        "case_id": row.case_id,
        "owner_id": cast.buyer,
    }
    with writing():
        for number in range(25):
            db.session.add(
                BankView(
                    **values,
                    user_id=cast.seller,
                    name="seller",
                    role="owner",
                    reason=f"第{number}次",
                    key=f"k{number}",
                    at=cast.now,
                )
            )
    buyer = sign_in(app, "buyer")
    first = buyer.get("/me/privacy").text
    assert "第24次" in first and "第5次" in first and "第4次<" not in first
    older = first.split('href="/me/privacy?before=')[1].split('"')[0]
    assert "第4次" in buyer.get(f"/me/privacy?before={older}").text
    assert "查看全部记录" in buyer.get(f"/cases/{given.case_no}").text
    assert "第24次" not in sign_in(app, "buyer2").get("/me/privacy").text
    assert db.session.scalars(select(MoneyEntry.route)).all() == ["bank"] and db.session.scalars(select(User.id)).all()
