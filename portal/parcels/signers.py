"""Who has signed, as a carrier's sentence says: the receiver's side, or one with whom the parcel waits. Pure.

Kept apart from the reading of sentences (wording.py), which asks it.
"""

from __future__ import annotations

import re

from portal.parcels.pretended import IN_NAME

PEOPLE = (
    "本人|您本人|您|家人|家属|亲友|朋友|邻居|同事|同学|室友|他人|客户|用户|收件人|收货人|收方|前台|门卫|保安|物业前台|物业"
    "|收发室|收发章|传达室|门口|家门口|图片"
)
NEIGHBOURS = "家人|家属|亲友|朋友|邻居|同事|同学|室友|前台|物业前台|门卫|保安|收发室|传达室"
STATION = (
    "驿站|快递柜|丰巢|蜂巢|智能柜|自提柜|柜|代收点|代理点|自提点|快递超市|兔喜|妈妈|喵站|便利店|超市|邻里"
    "|[Ee]栈|[Ee]邮站|速递易|格格货栈|货栈|[快信]件箱|快递箱|信包箱|包裹箱|村邮站|村邮|邮站|服务站|合作点|便民[点站店]|小卖[部店]|杂货[店铺]"
    "|烟酒店|水果店|村委|居委|代[办投售]点|裹裹"
)
SENDER = "寄件|发件|寄方|发货|商家|卖家|退件方"
HUB = "转运|分拨|中转|集散|枢纽|机场|海外仓|保税仓|口岸|营业部|网点"
COURIER = "快递员|派件员|业务员|配送员|投递员|小哥|工作人员|司机"
CARRIERS = (
    "顺丰|中通|圆通|申通|韵达|极兔|京东(?!方)|德邦|百世|安能|跨越|优速|宅急送|壹米|丹鸟|菜鸟|天天快递|苏宁物流|邮政|(?<!小)邮局|EMS|ems"
    "|DHL|dhl|UPS|ups|FedEx|fedex|联邦快递|中铁|信丰|速尔|德坤|加运美"
)
_MIDDLEMEN = (
    "物流|快递(?!柜)|速递|速运|快运|货运|运输|承运|车队|车站|专线|集运|集货|货代|代理[商行]|船公司|船代|航空|机场|海关|报关|清关|口岸|港口|码头"
    "|海外仓|保税|云仓|落地配|城配|配送(?=公司)|派送(?=公司)|第三方|平台|中介|中间商|客服"
)
# A street or a house may bear a carrier's name.
_ORGANISATIONS = f"(?:{CARRIERS}|{_MIDDLEMEN})(?!大?[路道街]|公寓|小区|大厦|广场|新村|花园|家园|苑)"
STRANGERS = "陌生|别人|旁人|路人|外人|其[他它]人|不认识|不相识|不明|某人|小偷|贼|骗子|生人"
BY_ANOTHER = re.compile(
    f"{COURIER}|{HUB}|(?:{SENDER})[人方员]|{STRANGERS}|误|被他人|由他人|驿站(?:已将|工作)"
    f"|[被由][^,〈〉从在于凭]{{0,4}}(?:{SENDER}|{CARRIERS}|{STRANGERS}|物流|快递(?!柜|超市)|平台|客服|保洁|人员)"
)
BY_RECEIVER = re.compile(f"客户|用户|收件人|收货人|{STATION}")
_ROLE = re.compile(
    f"〈?(?:{COURIER}|(?:{SENDER})[人方员]?|(?:{CARRIERS})?快递)(?:本人)?〉?"
)  # in brackets after a name
_STRANGERS = re.compile(f"{STRANGERS}|^(?:他?人)(?:已|代)*签")

_SIGNER = re.compile(
    "(?:(?:签收|取[件出货]|领取|提货)人(?!在)(?:姓名|类型)?(?:[:是为])?|代收:|(?P<by>由|被))(?P<who>.*)"
)

_SURNAMES = (
    "王李张刘陈杨黄赵吴徐孙马朱胡郭林高罗郑梁谢宋唐韩曹邓萧冯曾程蔡彭潘袁董苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔陆廖姚"
    "金邱夏谭贾邹石熊孟秦阎薛侯雷龙段郝孔邵毛顾赖武康贺尹钱施牛洪龚汤陶黎樊乔殷颜庄章鲁倪庞邢俞翟聂齐葛岳"
)
# As a carrier calls a customer; its own people are 师傅, or have their whole name written.
HONOURED = f"[{_SURNAMES}][^,〈〉]{{0,2}}(?:先生|女士|小姐)"
# In brackets no heading of a sentence: the one who acts in it.
IN_BRACKETS = re.compile(f"[^,]{{0,4}}本人|{HONOURED}|{COURIER}|(?:{SENDER})[人方员]|(?:{STRANGERS})人?")
# A name: a surname and one or two characters, of which none says what became of the parcel.
_PERSON = (
    f"(?:{NEIGHBOURS}|物业)?[{_SURNAMES}](?![未不没无非拒][在收签到要知详便接取同肯愿能误法人])(?:[^,〈〉拒退误假虚破损撤疑催待等签收?？]){{1,2}}"
    "(?:先生|女士|小姐|经理|老师)?"
)
_DOOR = rf"[^,〈〉]{{2}}(?:路|街|巷|大道|小区)(?:[^,〈〉]{{0,4}}小区)?(?:\d+号)?(?:{NEIGHBOURS}|物业)"
_NAMED = re.compile(
    rf"(?<=签收人[:是为])〈?(?:{_PERSON}|{_DOOR})〉?(?=$|,|已?签收|已?代签)"
    rf"|(?<=[由被])〈?(?:{_PERSON}|{_DOOR})〉?(?=(?:已|正常|成功|代)*(?:签收|代签))"
)
# Words that hold a character of doubt and mean none.
_HARMLESS = re.compile(
    "无锡|无为|无极|未央|未来|不夜城|不锈钢|不二|约翰|约克|少年|少先|少女|退休|退役|改革|误工|"
    "退(?:换?货|件|换)(?:组|仓库|仓|部|点|处|中心|专员|办)|退换货|假日|核桃|核工业|核电|再生|延安|延吉|延边|延庆|延长路|"
    f"前台|前厅|前门|后勤|后勤部|部门|约定俗成|非凡|查看|错落|缺月|请放心|{IN_NAME}"
)


def without_names(clause: str) -> str:
    """The clause without the names whose characters would look like doubt."""
    return _HARMLESS.sub("", _NAMED.sub("某", clause))


def is_another(clause: str) -> bool:
    """Whether the one who signed is the sender, a carrier, a stranger, or a place where the parcel only waits."""
    found = _SIGNER.search(clause) if re.search("签收|代签|代收|(?:取[件出货]|领取|提货)人", clause) else None
    if not found:
        return bool(_ROLE.fullmatch(clause))
    if "师傅" in found["who"] and found[0].startswith(("取", "领取", "提货")):
        return True
    if re.search(f"{STATION}|{SENDER}|{COURIER}|{HUB}|{_ORGANISATIONS}", found["who"]):
        # A street may be named after an airport, and its porter is a neighbour.
        return not re.match(rf"〈?{_DOOR}〉?(?:$|,|(?:已|代)*签)", found["who"])
    return bool(_STRANGERS.search(found["who"])) and not (found["by"] == "由" and found["who"].startswith("他人"))


def signs_for_another(clause: str) -> bool:
    """「深圳转运中心已签收」, 「物流公司已签收」, 「已妥投〈村邮站〉」: the place or the firm itself has it."""
    return bool(
        re.match(rf"[^,由被]*(?:{HUB})[^,〉由被]*〉?[^,〉由被]*签收(?!人)", clause)
        or re.match(rf"[^,〈〉由被]*{_ORGANISATIONS}[^,〈〉由被]*[司心部局院厂所室处店]已签收", clause)
        or re.search(rf"(?<![在于从])〈[^〉]*(?:{STATION})[^〉]*〉[^,〉由被]{{0,6}}签收", clause)
        or re.search(rf"(?:签收|妥投|投妥)[^,〈〉]*〈[^〉]*(?:{STATION}|{HUB}|{_ORGANISATIONS})", clause)
    )
