"""收款账户 at the desk: whether the shop asks for accounts at all, and the one page that shows a whole number."""

from __future__ import annotations

import logging
import secrets

from flask import g, request
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from wtforms import BooleanField, PasswordField

from portal import inputs
from portal.cases import case_view
from portal.extensions import db, writing
from portal.flow import StepRefused
from portal.models import Case, Shop
from portal.money.accounts import agreed_words, keyring
from portal.money.accounts import looking as account_looks
from portal.money.encryption import CannotOpen
from portal.people import accounts, sessions
from portal.seller import bp
from portal.web import errors, events, guards, rates, tries
from portal.web.fields import Line
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

log = logging.getLogger("portal.security")

ONLY_LOOKERS = "完整收款账户只有店主或财务可以查看。"


class BankForm(Form):
    """Whether buyers may be asked for an account."""

    bank_data = BooleanField("原路退回失败时，可以请买家填写银行收款账户")


@bp.route("/bank-data", methods=["GET", "POST"])
def bank_data() -> ResponseReturnValue:
    """The shop's switch, off at first, for its owner; what buyers will read."""
    shop_id = g.who.shop_id
    form = BankForm(data={"bank_data": db.session.get_one(Shop, shop_id).bank_data})
    status = 200
    if form.validate_on_submit():
        wanted = bool(form.bank_data.data)
        if not wanted or keyring.is_ready():

            def change() -> str:
                events.audit("config_change", change="bank_data", shop=shop_id, after=int(wanted))
                db.session.execute(update(Shop).where(Shop.id == shop_id).values(bank_data=wanted))
                return f"/seller/bank-data?said=bank-data-{'on' if wanted else 'off'}"

            return once(change)
        form.refuse("系统还没有配置加密密钥，不能开启；请联系系统管理员", "bank_data")
        status = 422
    return page(
        "seller/bank_data.html",
        status,
        form=form,
        ready=keyring.is_ready(),
        sentences=agreed_words.describe_consent(),
    )


class LookForm(Form):
    """查看完整账号: why; and the password when it wasn't given a moment ago."""

    reason = Line("查看原因", limit=100, missing="请填写查看的原因，买家会看到")
    password = PasswordField("登录密码")


@bp.route("/cases/<case_no>/account", methods=["GET", "POST"])
def full_account(case_no: str) -> ResponseReturnValue:
    """The whole number, as the answer to one form, for a minute. Every look is noted, and the buyer reads it."""
    case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    if not account_looks.may_look(g.who.role):
        return errors.answer(403, ONLY_LOOKERS)
    form = LookForm()
    ask_password = not sessions.was_proved(g.who.session, g.now)
    entry_id = inputs.read_id(request.args.get("payment", ""))
    row = account_looks.list_to_see(case, entry_id)
    if row is None:
        return errors.answer(409, "没有可以查看的收款账户：退款已完成，或买家没有填写、已撤回账户。")
    last4, payment, status = row.last4, row.entry_id, 200
    if request.method == "POST":
        found, status = _look(case, payment, form, ask_password)
        if found is not None:
            return page(
                "seller/account.html",
                case=found[0],
                form=None,
                look=found[1],
                seconds=max(int((found[1].until - g.now).total_seconds()), 1),
            )
        case = guards.found(case_view.find_of_shop(case_no, g.who.shop_id))
    return page(
        "seller/account.html",
        status,
        case=case,
        form=form,
        look=None,
        last4=last4,
        payment=payment,
        ask_password=ask_password,
        seconds=int(account_looks.SEEN_FOR.total_seconds()),
    )


def _look(
    case: Case, entry_id: int, form: LookForm, ask_password: bool
) -> tuple[tuple[Case, account_looks.Look] | None, int]:
    """The case and what is to be seen, or None and the status of the form shown again."""
    who, case_id = g.who, case.id
    key = (form.form_key.data or "")[:64] or secrets.token_hex(16)
    try:
        again = account_looks.record_look(who.user_id, key, g.now) is not None
    except account_looks.LookEnded as ended:
        return _refused(form, ended.sentence)
    good = form.validate_on_submit()
    if ask_password and not again:
        if not form.password.data:
            form.refuse("请填写登录密码", "password")
            good = False
        elif good:
            counted = tries.of(who.member_name)
            if seconds := tries.wait(counted, g.now):
                form.refuse(tries.TOO_MANY.format(seconds=seconds), "password")
                return None, 429
            if accounts.verify_password(who.member_name, form.password.data) is None:
                tries.failed(counted, g.now)
                events.say("authn_login_fail")
                form.refuse("密码不对，请核对后再试", "password")
                good = False
            else:
                tries.succeeded(counted)
    if not good:
        return None, 422
    if not again and not rates.count("bank-look", who.user_id, g.now):
        with writing():
            account_looks.raise_alarm(
                db.session.get_one(Case, (case_id, who.shop_id)), user_id=who.user_id, name=who.member_name, now=g.now
            )
        form.refuse(f"已通知店主：{rates.say_limit('bank-look', g.now)}")
        return None, 429
    try:
        with writing():
            if ask_password:
                sessions.prove_password(who.session, g.now)
            case = db.session.get_one(Case, (case_id, who.shop_id), with_for_update=True)
            seen = account_looks.look_at(
                case,
                user_id=who.user_id,
                name=who.member_name,
                reason=form.reason.data or "",
                key=key,
                now=g.now,
                entry_id=entry_id,
                request_id=g.request_id,
            )
    except StepRefused as refused:
        if isinstance(refused, account_looks.NumberSaid):
            form.reason.raw, form.reason.data = "", ""
        return _refused(form, refused.sentence)
    except CannotOpen as problem:
        log.error("the account of case %d can't be opened: %s", case_id, problem)
        return _refused(form, "账户暂时无法解密，请联系系统管理员；买家也可以撤回后重新填写")
    events.audit("sensitive_read", what="bank_account", case=case_id)
    return (db.session.get_one(Case, (case_id, who.shop_id)), seen), 200


def _refused(form: LookForm, sentence: str) -> tuple[None, int]:
    """The form again, as a new one: what it begins is another look."""
    form.form_key.data = secrets.token_hex(16)
    form.refuse(sentence)
    return None, 409
