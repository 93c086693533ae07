"""What a carrier's sentence says of a parcel. Pure.

签收 starts clocks, so it is read only from a positive, whole statement: one clause has the full form of a receipt, and
no other clause is against it. A sentence that speaks of 签收 in any other way is not 签收: it says what it says (拒收,
待取件, 退回), or it is ``clear=False``. Names in brackets are names: 「退件」 in a warehouse's name returns nothing.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from portal import inputs
from portal.parcels import by_code, english, pretended, signers
from portal.parcels.otherwise import AT_STATION, GOODS, LATER, OWN, find_other, is_left_somewhere
from portal.parcels.signers import CARRIERS, COURIER, HUB, NEIGHBOURS, PEOPLE, STATION, without_names
from portal.traditional import simplify


class Reading(NamedTuple):
    """One of scans.STATUSES. ``clear``: False where 签收 is spoken of and neither said nor denied, and of a test.

    ``spoken``: False where no word was understood; the status is then "transit" for want of a better one.
    """

    status: str
    clear: bool = True
    spoken: bool = True


# ---------------------------------------------------------------- vocabulary

_PERSONS = "本人|您本人|家人|家属|客户|用户|收件人|收货人|收方"
# What makes a sentence about 签收 doubtful, wherever it stands.
_DOUBT = re.compile(
    "[?？]|禁|模拟|补录|补签|测试(?!中心|公司|院|所|部)|未|没|不|无|否|非|待|拒|退|误|假|虚|撤|取消|更正|异常|破|损|少|缺|错|核|查|疑|可能|也许|或许|大概|估计|恐|好像"
    "|应(?!急|城|县)|似|据|称|说|表示|反馈|反映|投诉|协商|争议|申请|要求|希望|愿|同意|计划|打算|答应|承诺|以为|约|预|将|即|准备|等待|等候"
    "|(?<=.)等$|等(?:客户|收|家|本|他|她)|请|须|需|明[日天早晚]|后天|次日|周[一二三四五六日末]|今[日天晚](?:将|内|会)|改|延|再次|重新|转[派寄交投]|滞|失败|仅|只有|只"
    "|部分|剩余|余件|其余|另|尚|还|暂|先(?!生)|仍|催|安排|通知|提醒|告知|联系(?!方式|电话)|尽快|尽早|及时|注意|后签|前签|时签|才|方可|可签|能签"
    "|是否|会签|要签|去签|来签|想签|让|叫|劝|嘱|托|如|若|倘|一旦|除非|万一|签收(?:前|时(?!间)|后|单|码|短信|图|信息|中|确认|网点|站)"
)
_CHATTER = re.compile(
    "^(?:(?:如果?|若|倘若?|一旦|假如|要是)(?!果?$)..|有任何|有问题|有疑问)|感谢|期待|谢谢|欢迎|祝您|^有事|呼叫我|勿找|少一次|多一份|监督电话|投诉电话"
    "|^(?:联系|客服|网点|代理点|派件员|快递员|业务员|揽投部|收件)?电话(?:[:0-9]|$)|外呼|专属|放心接听|电话畅通|耐心等待|好评|五星|五颗星|鼓励"
    "|点亮|评价|风里来|雨里去|汗也|小哥一刻|只为客官|上有老|下有小|不求服务|动我心|起早摸黑|见谅|激励|暖心|申行天下|江湖|满意"
    "|全心呵护|所托|合作愉快|消毒|体温|口罩|疫情(?!封|管)|安全呼叫|^地址(?=:|$)|^请(?:电?联|致电|拨打|联系|放心|查收|确认收货)|^快去|^可放心"
    "|公众号|^表扬|^(?:温馨提示:)?请?及时?检查外?包装$|^电联"
    "|^(?:投递员|派件员|快递员|配送员|业务员|派送人|扫描员|揽投员):|^[-0-9:/*+·. ]+$|^先生/女士$|^先生$|^女士$"
)
_ADVISES = re.compile(
    "请|联系|致电|电联|拨打|投诉|疑问|问题|疑义|异议|需要|需|可|欢迎|回复|咨询|反馈|电话|热线|客服|帮助|\\d"
)
_SLIP = re.compile("回单|签单返|返单|签收单(?!位|号)")  # the signed paper that goes back to the sender, not the parcel
_ABOUT_RECEIPT = re.compile("签收|妥投|代签|派送成功|投递成功|送达|送到|取出|取走|取件|自提|完成配送|完成派送|信报箱")

_SUBJECT = (
    rf"(?:(?:您的|您有|该|此|本|贵司的?)?(?:{GOODS})?(?:〈[^〉]*〉|\[[^\]]*\])?(?:已|均已|现已)?(?:经)?(?:全部)?)?"
)
_WHO = rf"(?:〈[^〉]*〉|(?:您|单位|公司|学校|小区)?(?:{PEOPLE})+|[^,〈〉]{{1,20}})"
_DONE = "(?:成功|完成|完毕|了)?"
_RECEIPTS: Final = tuple(
    re.compile(form)
    for form in (
        rf"{_SUBJECT}(?:成功|正常|确认|完成|当面|拍照|签名|扫码|刷脸|人脸识别|送达并)*(?:签收|妥投|投妥){_DONE}(?:〈[^〉]*〉)?",
        rf"{_SUBJECT}(?:{PEOPLE})*(?:已|已经)?(?:正常|当面|成功|代)?(?:签收|代签|代签收){_DONE}",
        rf"{_SUBJECT}(?:送达并)?(?:由|被){_WHO}(?:已|正常|成功|代)*(?:签收|代签|代签收){_DONE}",
        rf"{_SUBJECT}(?:在〈[^〉]*〉|在[^,〈〉]{{1,30}}(?:{STATION}))(?:已?由(?:{PEOPLE})+(?:已|成功)?)?签收{_DONE}",
        rf"{_SUBJECT}由(?:〈(?:{NEIGHBOURS})〉|(?:{NEIGHBOURS}))代收",
        rf"{_SUBJECT}由?(?:{NEIGHBOURS})代收并?签收",
        rf"{_SUBJECT}(?:成功)?(?:派送|派件|配送|投递)(?:已)?(?:成功|完成|并签收)",
        "(?:派送|派件|配送|投递)已(?:正常|成功)?签收",
        rf"{_SUBJECT}完成(?:配送|派送|派件|投递|妥投)",
        rf"{_SUBJECT}(?:派送|送达|送至|送到|投递|交付|交给)(?:至|给|到)?(?:〈(?:{_PERSONS})〉|(?:{_PERSONS})+(?:手中|签收)?)",
        rf"(?:您的?)?{_SUBJECT}(?:在|于)[^,]{{1,40}}(?:完成取件|取件成功|取件完成|取件|取出|取走|领取|自提)",
        rf"(?:您的?)?{_SUBJECT}从[^,]{{1,40}}(?:取件成功|完成取件|被(?:{PEOPLE})取[出走件])",
        rf"您已从[^,]{{1,40}}(?:取出|取走|取件)(?:{GOODS})?",
        rf"您在[^,]{{1,40}}的(?:{GOODS})已取[件走出]",
        rf"在[^,]{{1,30}}(?:{STATION}|〉)已取[出走件]",
        rf"{_SUBJECT}(?:被)?(?:{PEOPLE})+取走(?:〈[^〉]*〉)?",
        rf"{_SUBJECT}被(?:{_PERSONS})+(?:从|在)[^,]{{1,40}}(?:{STATION})[^,]{{0,6}}取[走出]",
        rf"您的{_SUBJECT}(?:被)?取走(?:〈[^〉]*〉)?",  # couriers and senders take away, too
        rf"[^,]{{0,20}}由(?:〈(?:{PEOPLE})〉|(?:{PEOPLE})+)(?:凭(?:取[件货]码|验证码))?(?:(?:从|在)[^,]{{1,40}})?取[走出件](?:成功)?",
        rf"(?:收件人|收货人|客户|用户|本人|您)+已(?:凭取[件货]码)?(?:取件|取走|取出|自提|取货|提货|领取)(?:{GOODS}|完成|成功)?",
        rf"(?:您的?)?(?:{GOODS})?(?:收件人|收货人|客户|用户|本人|您)?(?:已凭取[件货]码|凭取[件货]码已)(?:成功)?"
        rf"取(?:走|件成功|件完成)(?:{GOODS})?",
        rf"(?:收件人|收货人|客户|用户|本人|您)+已?从[^,]{{1,40}}(?:取件|取走|取出|提取|领取)(?:{GOODS})?",
        "(?:客户|用户|收件人|收货人|本人|营业点|门店|自提点)?已?自提(?:成功|完成|签收)",
        rf"{_SUBJECT}已自提(?:成功|完成|签收)?",
        rf"(?:〈?[^,〈〉]{{0,12}}(?:{STATION})[^,〈〉]{{0,6}}〉?)(?:您的?)?(?:{GOODS})?(?:已|已被|被)?(?:取[走出]|取件(?:完成|成功))",
        rf"(?:{STATION})?(?:客户|用户|收件人|收货人|本人)已?(?:自助|扫码)(?:出库|取件)(?:成功)?",
        "(?:收货人|收件人|客户|用户|顾客)已?(?:当面)?确认收货",
        "(?:收货人|收件人|客户|用户|顾客)已(?:当面)?收货",
        "您已(?:经)?(?:成功|完成)取件",
        r"(?:客户|用户|收件人)?签收人(?:[:是为])?(?:已签收|拍照签收|凭取[件货]码(?:签收)?)",
        rf"(?:客户|用户|收件人)?签收人(?:[:是为])(?:{PEOPLE})+(?:签收|代签|代签收|收)",
        rf"签收人在(?:〈[^〉]*〉|[^,〈〉]{{1,30}}(?:{STATION}))(?:领取|取件|取走|签收)",
        rf"签收(?:方式|类型)[:为](?:{PEOPLE}|正常|代)签收?",
        r"(?:本人|他人|代理人)签收:[^,]{1,20}",
        r"[^,〈〉]{2,20}(?:公司|大学|学院|学校|医院|中心|银行|酒店|部|局|院|厂|所|室|处|店)已签收",
    )
)
_SUPPORTS = re.compile(  # goes with a receipt and is none
    rf"等|(?:订单|运单)已?完成|(?:客户|用户|收件人)?签收人(?:姓名|类型)?(?:[:是为].*)?|签收(?:方式|类型|时间|日期|件数|网点|地点)[:为].*"
    rf"|(?:凭取[件货]码|电子签名|刷脸取件)(?:签收|取件)?|(?:他人|代理人)代收:.*|收发室代收|代收|(?:{PEOPLE})+(?:代收)?"
    rf"|{_SUBJECT}(?:由驿站)?送货上门|{_SUBJECT}(?:已)?送达|[^,]*进行签收扫描"
    rf"|{_SUBJECT}(?:(?:派送|配送|送|送达)[至到]|送达)(?:您?家)?门口|(?:骑手|闪送员|配送员|{COURIER})已送达|取件成功"
    rf"|(?:{_PERSONS})+已(?:经)?(?:到|至|在)[^,]{{0,12}}自提|(?:取件|出库)方式:(?:扫码|验证码|取件码|刷脸|自助|身份码)(?:取件|出库)?"
    rf"|{_SUBJECT}(?:投递|投放|投|放)[至到入]?(?:您的?|收件人)?信报箱|信报箱"
)
# What the reader sends off themselves: who takes that out of a locker is the courier.
_MAILED = re.compile(
    rf"寄件(?!人)|代寄|[要交]寄|寄[出回送]|寄的(?:{GOODS})|(?:发出?|退回?|换|投递)的(?:{GOODS}|寄)|退换|(?:退|换)(?:货|件)"
)
_OWN_HANDS = re.compile("刷脸|人脸|身份码|取[出件]人[:是为]")  # who receives shows a face, a courier doesn't
_NAMES_SIGNER = re.compile(f"(?:客户|用户|收件人)?签收人(?:[:是为].+|(?:{PEOPLE})+)")
_ENDS = re.compile(f"{_SUBJECT}(?:成功)?(?:送货上门|送达|完成配送)")
# Beside a receipt it says that the parcel, or a part of it, is still on the way, or only put down somewhere.
_AGAINST = re.compile(
    "剩|余[0-9一二两三四五六七八九十]|稍后|稍晚|稍候|晚[点些]|一会|过会|待会|[早晚][上间点]?送|傍晚|[上中下]午[^,]{0,2}[送派到]|送货中|途中|在途|下一站"
    "|[验点]货中|[验签]收中|正在(?:开箱|当面)?[验点检]|[发运飞]往|转[运单往至到]|中转|原路|^(?:快件|包裹)?已?(?:[投存]?放|搁|置于|丢在|扔在)(?!心|[^,]*信报箱)|司机|代[理投办]点"
)
_COUNTED = re.compile(
    r"(?:^|[(（,，\s【\[]|签收|妥投)第?\d{1,2}\s*/\s*\d{1,2}[件箱包]?(?=[)）】\],，。;；!！]|\s*$|\s+(?!\d{1,2}:))"
)

_PARTLY = re.compile(
    "部分(?:货物|商品)?(?:已)?(?:签收|妥投)|(?:签收|妥投)(?:了)?(?:其中|一?部分|[0-9一二两三四五六七八九十]+[件箱包])"
)
_PROMISED = re.compile(  # 签收 that is expected, asked for or spoken of as a condition, and so plainly none
    "(?:待|未|没有?|(?<!申)请|准备|等待|预计|预约|约定|约|即将|须|需|要求|通知|提醒|安排|是否|后|前)[^,]{0,20}(?:签收|送达|妥投)|签收(?:前|时(?!间)|后|网点)|签收人(?![:是为])|上门取件"
)


def read(words: str) -> Reading:
    """What a sentence says, when no code says so."""
    if pretended.is_pretended(words):
        return Reading("transit", clear=False)
    if english.is_english(words):
        return Reading(*english.read(words))
    words = simplify(words)
    clauses = _clauses(words)
    receipts = [clause for clause in clauses if _is_receipt(clause)] or _handed_over(clauses)
    bare = without_names(",".join(clause for clause in clauses if clause not in receipts))
    other = find_other(bare)
    if _PARTLY.search(bare) or (receipts and _COUNTED.search(words)):
        return Reading("transit", clear=False)
    if other in ("station", "delivering", "transit", "") and not receipts and is_left_somewhere(clauses):
        return Reading("transit", clear=False)
    if other in ("exception", "returned", "lost", "station"):
        if other == "station" and receipts and not _unsaid(clauses, receipts):
            return Reading("signed")
        return Reading(other)
    if receipts and AT_STATION.search(bare):
        return Reading("station")
    if receipts and other != "delivering" and not _unsaid(clauses, receipts):
        return Reading("signed")
    if other in ("delivering", "picked") and not receipts:
        by_receiver = signers.BY_RECEIVER.search(bare) or _OWN_HANDS.search(bare)
        return Reading(other, clear=other == "delivering" or not by_receiver)
    if receipts or _ABOUT_RECEIPT.search(_PROMISED.sub("", bare)):
        if other == "transit" and not receipts and not re.search("签收|妥投", _PROMISED.sub("", bare)):
            return Reading("transit", clear=not _OWN_HANDS.search(bare))
        return Reading("transit", clear=False)
    return Reading("transit", spoken=bool(other or _PROMISED.search(bare) or LATER.search(bare)))


def _is_receipt(clause: str) -> bool:
    if by_code.is_receipt(clause):
        return True
    if not any(form.fullmatch(clause) for form in _RECEIPTS):
        return False
    if clause == "取走" or _DOUBT.search(without_names(clause)):
        return False
    if signers.signs_for_another(clause):
        return False
    if re.search("取[出走件]|自提|领取", clause) and (signers.BY_ANOTHER.search(clause) or _MAILED.search(clause)):
        return False
    return not signers.is_another(clause)


def _handed_over(clauses: list[str]) -> list[str]:
    """The clauses 「已送货上门」 and 「签收人:本人」: each is half of a receipt."""
    named = [clause for clause in clauses if _NAMES_SIGNER.fullmatch(clause) and not signers.is_another(clause)]
    ends = [clause for clause in clauses if _ENDS.fullmatch(clause) and "已" in clause]
    if not named:
        named, ends = by_code.find_taken(clauses)
        if _MAILED.search(",".join(clauses)):
            return []
    doubtful = _DOUBT.search(without_names(",".join(named)))
    return named + ends if named and ends and not doubtful else []


def _unsaid(clauses: list[str], receipts: list[str]) -> bool:
    """Whether a clause beside a receipt takes from it. A mere 「签收」 stands beside nothing that isn't understood."""
    taken = not any("签收" in receipt for receipt in receipts)
    mere = not any(re.search("[已由被成完了]|妥投|凭取", receipt) for receipt in receipts)
    for clause in clauses:
        if clause in receipts or by_code.BRANCH.fullmatch(clause):
            continue
        bare = without_names(clause)
        if _DOUBT.search(bare) or _AGAINST.search(bare) or signers.is_another(clause):
            return True
        if taken and _MAILED.search(bare):
            return True
        if re.search("取[走出]", bare) and signers.BY_ANOTHER.search(bare):
            return True
        if _SUPPORTS.fullmatch(clause):
            continue
        if find_other(bare) in ("station", "delivering", "exception", "returned", "lost"):
            return True
        if mere and not re.search("[由被][^,]{0,10}$", clause):
            return True
    return False


# ---------------------------------------------------------------- clauses

# A hub or a locker that heads 「已签收」 has the parcel itself, unless the one who signed is named next.
_PLACE = f"〈[^〉]*(?:{HUB}|{STATION})[^〉]*〉"
_TAKES = rf"{OWN}(?:已被?|被)?取[走出件]"
_SIGNS = rf"\s*(?:(?:(?<=[站柜心场仓巢]〉){OWN})?已?签收|{_TAKES})(?![\s,，。(]*(?:客户)?(?:签收人|凭|本人|刷脸))"
_BRACKET = re.compile(r"[【\[]([^】\]]*)[】\]]")


def _clauses(words: str) -> list[str]:
    """The clauses that say something, names in 〈〉; chatter (hot-lines, thanks, conditions) is left out."""
    text = inputs.fold(words)
    text = re.sub(r"\s*[:：]\s*", ":", text)
    text = re.sub('["“”「」]', "", text)
    text = re.sub(r"(?<![^\s,，。;；])([\u4e00-\u9fff])\s+(?=[\u4e00-\u9fff])", r"\1", text)
    text = _BRACKET.sub(_name, text)
    text = re.sub(r"(?<=〉)\([^()]*\)", "", text)
    text = re.sub(rf"({_PLACE})\s+(?={_SIGNS})", r"\1", text)
    text = re.sub(rf"^(?:\s*(?!{_PLACE}{_SIGNS})〈[^〉]*〉\s*)+(?!的|$)", "", text)
    text = re.sub(r"[()]|(?=感谢|期待再次|如有|如您|投诉电话)|\.(?![0-9])", ",", text)
    text = re.sub(r"(?:(?<=签收)|(?<=妥投)|(?<=成功)|(?<=完成))[-—–|/]+(?=[\u4e00-\u9fff])", ",", text)
    text = re.sub("(?<=签收)并(?:已)?返回?回单", "", text)
    text = re.sub(rf"^\s*(?:{CARRIERS})(?:快递|速运|速递|物流|快运|直送)?:(?!\d)", "", text)
    found = [clause.strip() for clause in re.split(r"[,，。;；!！、~\s]+|(?<=[?？])", text)]
    found = [clause for clause in found if clause and not _SLIP.search(clause)]
    return [
        clause
        for clause, following in zip(found, [*found, ""][1:], strict=True)
        if not _is_chatter(clause) or _is_condition(clause, following)
    ]


def _is_chatter(clause: str) -> bool:
    return bool(_CHATTER.search(clause)) and not (
        re.search("签收|妥投|拒|退", clause) and not re.match("如|若|倘|一旦|假如|要是", clause)
    )


def _is_condition(clause: str, following: str) -> bool:
    """「如快件已送达门口」 before 「本人签收」: no advice, for nobody is told what to do in that case."""
    return re.match("如|若|倘|一旦|假如|要是", clause) is not None and not _ADVISES.search(clause + following)


def _name(found: re.Match[str]) -> str:
    """A bracket's content: a name, unless it says something itself."""
    inner = found[1].strip()
    bare = without_names(inner)
    if _CHATTER.search(inner):
        return ""
    if signers.IN_BRACKETS.fullmatch(inner):
        return inner  # 「【本人】已从丰巢柜取出」: who it is needs no bracket
    if re.search("签收|妥投|拒|退回|破损|异常|取消|未|问题件", bare):
        return f",{inner},"
    return "〈" + re.sub(r"[,，。;；!！?？、~\s()（）〈〉]+", "·", inner) + "〉"
