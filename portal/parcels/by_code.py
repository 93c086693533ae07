"""What carriers' sentences say of codes, riders and lockers. Pure; wording.py asks it.

A code that only the receiver knows is as good as a signature; who takes a parcel out of a locker again is the courier.
"""

from __future__ import annotations

import re

from portal.parcels.signers import COURIER, HONOURED, STATION

_RECEIVER = "(?:收件人|收货人|客户|用户|顾客|买家)"
_CODE = "(?:收货码|收件码|签收码|提货码|(?:收件|收货|签收)(?:密码|验证码))"
_VERIFIED = re.compile(
    rf"(?:{_RECEIVER}(?:的)?)?(?:{_CODE})(?:已)?(?:核验|验证|校验|核销)(?:成功|通过|无误)"
    rf"|{_RECEIVER}(?:收货|收件)?(?:密码|验证码)(?:已)?(?:核验|验证|校验)(?:成功|通过|无误)"
    rf"|(?:已)?(?:由)?{_RECEIVER}(?:已)?(?:通过|凭|凭借|使用|输入){_CODE}(?:成功|完成)?(?:签收|收货)(?:成功)?"
)
_TAKER = re.compile(
    rf"(?:取[件出货]|领取|提货)人[:是为]〈?(?:(?:收件人|收货人|客户|用户)?(?:本人)|家人|家属|收件人|收货人|客户|用户|{HONOURED})〉?"
)
_FACE = "(?:刷脸|人脸识别)"  # who receives shows one, a courier doesn't
_PARCEL = "(?:您的?)?(?:快件|包裹|快递|邮件)?"
_OUT = re.compile(
    rf"{_PARCEL}已?(?:被)?从[^,]{{0,40}}(?:{STATION})[^,]{{0,6}}(?:成功)?(?:出库|取出)|{_PARCEL}已?(?:被)?(?:成功)?{_FACE}?取出(?:成功)?"
    rf"|(?:已?(?:被|通过)?)?{_FACE}(?:取[件出])?(?:成功)?|(?:取[件出]|出库)方式[:为]{_FACE}(?:取[件出])?"
)
BRANCH = re.compile("签收网点[:为][^,]{1,30}")  # the carrier's own, which delivered it
RIDER = "(?:骑手|闪送员|跑腿员?)"
RIDER_COLLECTS = re.compile(f"{RIDER}[^,]{{0,6}}(?:到店|取货|取件|接单|赶往|出发)")
RIDER_RIDES = re.compile("(?<!将)(?:正在|正)(?:为您)?(?:送达|配送|派送|送货|赶往(?:收[件货]|您|顾客|客户))")
TAKEN_OUT_AGAIN = re.compile(f"(?:{COURIER})[^,]{{0,4}}(?:取回|收回)")


def is_receipt(clause: str) -> bool:
    """Whether the receiver's own code was checked: 「收货码核验成功」, never 「取件码」, which senders have as well."""
    return bool(_VERIFIED.fullmatch(clause))


def find_taken(clauses: list[str]) -> tuple[list[str], list[str]]:
    """The clauses 「取件人:本人」 and 「从…驿站出库」, 「已取出」, 「刷脸」: each is half of a receipt."""
    return [each for each in clauses if _TAKER.fullmatch(each)], [each for each in clauses if _OUT.fullmatch(each)]


def collected(bare: str) -> str:
    """What a rider who is about to collect, or has collected, makes of a parcel."""
    return "picked" if re.search(f"{RIDER}已(?:完成)?取[货件]", bare) else "transit"
