"""自动处理: the shop's rules in their order, each tried before it is switched on, one switch above all."""

from __future__ import annotations

import re

from flask import abort, g, redirect, request
from flask.typing import ResponseReturnValue

from portal import words
from portal.calendar import clock
from portal.cases import case_tags
from portal.cases.automatic import keeping, rules, trial
from portal.cases.automatic.applied import LOOK_BACK
from portal.extensions import writing
from portal.models import AutoRule
from portal.rights import reasons as known_reasons
from portal.seller import bp
from portal.web import events, guards, paging
from portal.web.fields import Boxes, Choice, Line, Money, Text, Whole
from portal.web.forms import Form
from portal.web.once import once
from portal.web.pages import page

REASONS = [(known.id, known.zh) for known in known_reasons.REASONS if known.types]
NAMES = dict(REASONS)
MOST_PHOTOS = known_reasons.MOST_PHOTOS
EACH = 50  # cases of a trial on a page
MOST_CODES = 200


class RuleForm(Form):
    """A rule: what must be so, and what is done then."""

    name = Line("名称", limit=20, missing="请给规则起个名称，例如：小额破损无需寄回")
    action = Choice("符合时", choices=list(rules.ACTIONS.items()), missing="请选择符合时怎样处理")
    tag = Line("标签", limit=case_tags.LENGTH, optional=True)
    types = Boxes("售后类型", choices=[(str(kind), name) for kind, name in words.TYPE.items()])
    reasons = Boxes("申请原因", choices=REASONS)
    least_photos = Whole("凭证至少（张）", least=0, most=MOST_PHOTOS, optional=True)
    most = Money("商品实付不超过（元）", optional=True)
    most_cases = Whole("买家近期的其他申请不超过（次）", least=0, most=999, optional=True)
    codes = Text("货号或 SKU", limit=4000, optional=True, exact=True)
    resold = Choice("铺货订单", choices=list(rules.RESOLD.items()), optional=True, default="any")

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        if self.action.data == "tag" and not self.tag.errors and len(case_tags.split(self.tag.data or "")) != 1:
            self.tag.errors = ["请写一个标签，例如：大客户"]
            good = False
        able_to_agree = self.action.data in rules.ACTIONS and self.action.data not in rules.FOR_PEOPLE
        if able_to_agree and not self.most.errors:
            if self.most.data is None:
                self.most.errors = ["会自动同意的规则须写明金额上限"]
                good = False
            able = rules.STEP_OF[self.action.data]
            if unable := [words.TYPE[kind] for kind in self.types.data or [] if kind not in able]:
                self.types.errors = [
                    f"{'、'.join(unable)}没有「{rules.ACTIONS[self.action.data]}」这种处理，请取消勾选"
                ]
                good = False
        if len(self.read_codes()) > MOST_CODES:
            self.codes.errors = [f"一条规则最多 {MOST_CODES} 个货号，请分成几条规则"]
            good = False
        return good

    def read_tag(self) -> str:
        return case_tags.split(self.tag.data or "")[0] if self.action.data == "tag" else ""

    def read_codes(self) -> tuple[str, ...]:
        return (
            tuple(dict.fromkeys(re.split(r"[\s，,、；;]+", (self.codes.data or "").strip()))) if self.codes.data else ()
        )

    def read(self) -> rules.Conditions:
        return rules.Conditions(
            types=tuple(self.types.data or ()),
            reasons=tuple(self.reasons.data or ()),
            least_photos=self.least_photos.data or 0,
            most_fen=self.most.data,
            most_cases=self.most_cases.data,
            codes=self.read_codes(),
            resold=self.resold.data or "any",
        )


class StartForm(Form):
    """What the rules may cost a day."""

    cap = Money("每日金额上限（元）", missing="请填写每天最多自动同意多少金额")


@bp.get("/auto")
def auto_rules() -> ResponseReturnValue:
    """The rules, the switch above them, and what they did last."""
    return show_list(StartForm())


def show_list(form: StartForm, status: int = 200) -> ResponseReturnValue:
    shop_id = g.who.shop_id
    switch = keeping.find_switch(shop_id)
    if request.method == "GET" and switch is not None:
        form.cap.data = switch.cap_fen
    outcomes = keeping.list_outcomes(shop_id, paging.moment_key(request.args.get("before", "")))
    more = ""
    if len(outcomes) > keeping.SHOWN:
        last = outcomes[keeping.SHOWN - 1]
        more = f"/seller/auto?before={paging.said((last.at, last.case_id))}"
    known = [
        (row, rules.describe_action(row.action, row.tag), rules.describe(rules.unpack(row.conditions), NAMES))
        for row in keeping.list_rules(shop_id)
    ]
    return page(
        "seller/auto.html",
        status,
        form=form,
        rules=known,
        taken=keeping.count_taken(shop_id),
        switch=switch,
        spent_fen=keeping.find_spent(shop_id, clock.now()),
        outcomes=outcomes[: keeping.SHOWN],
        words_of=words.AUTO_OUTCOME,
        more=more,
    )


@bp.route("/auto/new", methods=["GET", "POST"])
def add_auto_rule() -> ResponseReturnValue:
    """A form for another rule."""
    form = RuleForm()
    if form.validate_on_submit():

        def add() -> str:
            row = keeping.add_rule(
                g.who.shop_id, form.name.data or "", form.action.data, form.read(), g.now, tag=form.read_tag()
            )
            events.audit("config_change", change="auto_rule_added", shop=g.who.shop_id, which=row.id, action=row.action)
            return f"/seller/auto/{row.id}/trial?said=auto-saved"

        try:
            return once(add)
        except keeping.TooMany:
            form.refuse(f"已有 {keeping.MOST} 条规则，请先删除不用的")
    return page(
        "seller/auto_rule.html",
        422 if form.errors else 200,
        form=form,
        rule=None,
        days=LOOK_BACK.days,
        tag_length=case_tags.LENGTH,
    )


@bp.route("/auto/<int:rule_id>", methods=["GET", "POST"])
def auto_rule(rule_id: int) -> ResponseReturnValue:
    """A rule, to be said anew; it is tried again before it is switched on again."""
    row = _find(rule_id)
    kept = rules.unpack(row.conditions)
    form = RuleForm(
        data={
            "name": row.name,
            "action": row.action,
            "tag": row.tag,
            "types": list(kept.types),
            "reasons": list(kept.reasons),
            "least_photos": kept.least_photos or None,
            "most": kept.most_fen,
            "most_cases": kept.most_cases,
            "codes": "\n".join(kept.codes),
            "resold": kept.resold,
        }
    )
    if form.validate_on_submit():

        def change() -> str:
            found = _find(rule_id)
            keeping.change_rule(found, form.name.data or "", form.action.data, form.read(), g.now, tag=form.read_tag())
            events.audit(
                "config_change", change="auto_rule_changed", shop=g.who.shop_id, which=rule_id, action=found.action
            )
            return f"/seller/auto/{rule_id}/trial?said=auto-saved"

        return once(change)
    return page(
        "seller/auto_rule.html",
        422 if form.errors else 200,
        form=form,
        rule=row,
        days=LOOK_BACK.days,
        tag_length=case_tags.LENGTH,
    )


@bp.get("/auto/<int:rule_id>/trial")
def try_auto_rule(rule_id: int) -> ResponseReturnValue:
    """What a rule would have decided of late, each number with its list; the place where it is switched on."""
    row = _find(rule_id)
    switch = keeping.find_switch(g.who.shop_id)
    cap_fen = switch.cap_fen if switch is not None else 2**62
    found = trial.try_out(g.who.shop_id, row, cap_fen, clock.now())
    which = request.args.get("which", "hits")
    if which not in ("hits", "refused", "over_cap"):
        which = "hits"
    ids: tuple[int, ...] = getattr(found, which)
    number = request.args.get("page", "1")
    at = min(int(number), len(ids) // EACH + 1) if re.fullmatch(r"[1-9][0-9]{0,5}", number) else 1
    newest = sorted(ids, reverse=True)[(at - 1) * EACH : at * EACH]
    return page(
        "seller/auto_trial.html",
        rule=row,
        action=rules.describe_action(row.action, row.tag),
        conditions=rules.describe(rules.unpack(row.conditions), NAMES),
        trial=found,
        which=which,
        days=LOOK_BACK.days,
        cases=trial.list_cases(g.who.shop_id, newest),
        more=f"/seller/auto/{rule_id}/trial?which={which}&page={at + 1}" if at * EACH < len(ids) else "",
        switch=switch,
        names=NAMES,
        types=words.TYPE,
    )


@bp.post("/auto/<int:rule_id>/<any(on,off,up,remove):verb>")
def change_auto_rule(rule_id: int, verb: str) -> ResponseReturnValue:
    """Switch a rule on or off, let it come earlier, or delete it."""
    with writing():
        row = _find(rule_id)
        if verb == "up":
            keeping.move_up(row)
        elif verb == "remove":
            keeping.remove_rule(row)
        else:
            keeping.switch_rule(row, on=verb == "on")
        events.audit("config_change", change=f"auto_rule_{verb}", shop=g.who.shop_id, which=rule_id)
    said = {"on": "auto-on", "off": "auto-off", "up": "auto-moved", "remove": "auto-removed"}[verb]
    return redirect(f"/seller/auto?said={said}", 303)


@bp.post("/auto/start")
def start_auto_rules() -> ResponseReturnValue:
    """Let the rules work, with a daily cap; for the owner."""
    form = StartForm()
    if not form.validate_on_submit():
        return show_list(form, 422)
    cap_fen = form.cap.data

    def begin() -> str:
        keeping.start(g.who.shop_id, cap_fen, g.now)
        events.audit("config_change", change="auto_rules_started", shop=g.who.shop_id, cap_fen=cap_fen)
        return "/seller/auto?said=auto-started"

    return once(begin)


@bp.post("/auto/stop")
def stop_auto_rules() -> ResponseReturnValue:
    """Stop all rules at once."""
    with writing():
        keeping.stop(g.who.shop_id)
        events.audit("config_change", change="auto_rules_stopped", shop=g.who.shop_id)
    return redirect("/seller/auto?said=auto-stopped", 303)


def _find(rule_id: int) -> AutoRule:
    if rule_id >= 2**62:
        abort(404)
    return guards.found(keeping.find_rule(g.who.shop_id, rule_id))
