"""Scans: words, moments, pasted lines, what to believe and what it comes to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from portal.parcels import scans
from portal.parcels.scans import LinesRefused, Scan

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ("【义乌市】已揽收", "picked"),
        ("[东莞市]【广东东莞大郎营业部】的陈超已揽收", "picked"),
        ("【杭州市】快件已到达杭州转运中心", "transit"),
        ("到达派件网点", "transit"),
        ("已到达【杭州派送中心】", "transit"),
        ("您的快件正在派送中,请您准备签收(快递员:薛兵)", "delivering"),
        ("【杭州市】派件中,联系电话 17369217750", "delivering"),
        ("快件已由菜鸟驿站代收,请及时取件", "station"),
        ("已放入快递柜,取件码 1234", "station"),
        ("【义乌市】已签收,签收人:仓库", "signed"),
        ("【义乌市】已签收,签收人:退货组", "signed"),
        ("【义乌退件仓】已签收,签收人凭取货码签收。", "signed"),
        ("客户已签收", "signed"),
        ("客户已收货", "signed"),
        ("客户未收货", "transit"),
        ("客户表示已收货", "transit"),
        ("收货人已自提签收", "signed"),
        ("收货人未自提", "station"),
        ("货已送达客户,客户验货中", "transit"),
        ("快件已送达客户,正在当面验货", "transit"),
        ("您的快件已被本人签收", "signed"),
        ("在菜鸟驿站已取出", "signed"),
        ("【义乌市】签收", "signed"),
        ("收件人未签收,改日再派", "transit"),
        ("请当面验收后签收", "transit"),
        ("已取消签收", "exception"),
        ("派送失败,无法联系收件人", "exception"),
        ("外包装破损", "exception"),
        ("收件人拒收", "exception"),
        ("快件已退回寄件人", "returned"),
        ("退回签收", "returned"),
        ("快件丢失,理赔中", "lost"),
    ],
)
def test_words_mean(words: str, status: str) -> None:
    assert scans.status_of(words) == status


def test_pasted_lines_are_read_in_beijing_time() -> None:
    text = """2026-11-20 12:30:11 【义乌市】已揽收

    2026/11/21 08:00 【杭州市】派送中
    ２０２６年11月21日 9时05分,【杭州市】已签收,签收人:本人
    11-22 23:59\t物流更新
    12-31 10:00 去年的"""
    found = scans.read(text, NOW)
    assert found == [
        Scan(datetime(2026, 11, 20, 4, 30, 11, tzinfo=UTC), "picked", "【义乌市】已揽收"),
        Scan(datetime(2026, 11, 21, 0, 0, tzinfo=UTC), "delivering", "【杭州市】派送中"),
        Scan(datetime(2026, 11, 21, 1, 5, tzinfo=UTC), "signed", "【杭州市】已签收,签收人:本人"),
        Scan(datetime(2026, 11, 22, 15, 59, tzinfo=UTC), "transit", "物流更新"),
        Scan(datetime(2025, 12, 31, 2, 0, tzinfo=UTC), "transit", "去年的"),
    ]


T1, T2, T3 = (datetime(2026, 11, day, hour, 30, tzinfo=UTC) for day, hour in ((20, 4), (21, 0), (21, 8)))
TABLE = [
    Scan(T1, "picked", "【义乌市】已揽收"),
    Scan(T2, "delivering", "【杭州市】派送中"),
    Scan(T3, "signed", "已签收,签收人:本人"),
]


@pytest.mark.parametrize(
    "text",
    [
        # the time above its words, the words above their time, newest first
        "2026-11-20 12:30\n【义乌市】已揽收\n2026-11-21 08:30\n【杭州市】派送中\n2026-11-21 16:30\n已签收,签收人:本人",
        "【义乌市】已揽收\n2026-11-20 12:30\n【杭州市】派送中\n2026-11-21 08:30\n已签收,签收人:本人\n2026-11-21 16:30",
        "2026-11-21 16:30\n已签收,签收人:本人\n2026-11-21 08:30\n【杭州市】派送中\n2026-11-20 12:30\n【义乌市】已揽收",
        # day, clock and words on three lines; a day for several clocks; week-days
        "2026-11-20\n12:30\n【义乌市】已揽收\n2026-11-21\n08:30\n【杭州市】派送中\n2026-11-21\n16:30\n已签收,签收人:本人",
        "2026-11-20 周五\n12:30 【义乌市】已揽收\n2026-11-21 周六\n08:30 【杭州市】派送中\n16:30 已签收,签收人:本人",
        "2026-11-20/周五12:30\n【义乌市】已揽收\n2026年11月21日 星期六 8时30分\n"
        "【杭州市】派送中\n11-21 16:30\n已签收,签收人:本人",
        # headings of the page, above the scan or above its time
        "已揽收\n2026-11-20 12:30\n【义乌市】已揽收\n派送中\n2026-11-21 08:30\n"
        "【杭州市】派送中\n已签收\n2026-11-21 16:30\n已签收,签收人:本人",
        "2026-11-20 12:30\n已揽收\n【义乌市】已揽收\n2026-11-21 08:30\n派送中\n"
        "【杭州市】派送中\n2026-11-21 16:30\n已签收\n已签收,签收人:本人",
        "2026-11-20 12:30\t【义乌市】已揽收\n2026-11-21 08:30\t【杭州市】派送中\n2026-11-21 16:30\t已签收,签收人:本人",
    ],
)
def test_tables_of_carriers_pages_are_read(text: str) -> None:
    assert sorted(scans.read(text, NOW)) == TABLE


def test_a_heading_of_the_next_scan_signs_for_nothing() -> None:
    text = "2026-11-20 12:30\n【杭州市】快件到达\n已签收\n2026-11-21 08:30\n【杭州市】派送中"
    assert [scan.status for scan in scans.read(text, NOW)] == ["transit", "delivering"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "请粘贴"),
        ("   \n ", "请粘贴"),
        ("已揽收", "第 1 行开头没有时间"),
        ("2026-11-20 12:30 已揽收\n2026-13-40 12:30 已揽收", "第 2 行的时间不存在"),
        ("2026-11-20 25:30 已揽收", "第 1 行的时间不存在"),
        ("2026-11-20 12:30", "第 1 行只有时间"),
        ("\n".join(["2026-11-20 12:30 已揽收"] * 101), "一次最多 100 行"),
        ("\n".join(["坏"] * 12), "还有 2 行读不出来"),
    ],
)
def test_lines_that_cannot_be_read_are_named(text: str, words: str) -> None:
    with pytest.raises(LinesRefused) as refused:
        scans.read(text, NOW)
    assert any(words in sentence for sentence in refused.value.sentences)


def test_words_are_cleaned() -> None:
    assert scans.clean("已\x00揽\u202e收\n义乌") == "已揽收 义乌"
    assert scans.clean("\ud800好" + "长" * 5000)[:1] == "好"
    assert len(scans.clean("长" * 5000)) <= scans.MOST_WORDS
    assert scans.clean(7) == "" and scans.clean(" \u200b ") == ""


HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("hours", "status", "by_sender", "why"),
    [
        (2, "picked", None, ""),
        (-48, "picked", None, ""),  # handed over before its number was registered
        (-80, "picked", None, "early"),
        (-1, "signed", None, "early"),
        (0, "signed", None, ""),
        (11, "transit", None, "future"),
        (2, "signed", True, "onesided"),  # who sent it gains by it
        (2, "signed", False, ""),
        (2, "lost", True, ""),
        (2, "lost", False, "onesided"),
        (2, "exception", False, "onesided"),
    ],
)
def test_doubt(hours: int, status: str, by_sender: bool | None, why: str) -> None:
    shipped = NOW - 10 * HOUR
    scan = Scan(shipped + hours * HOUR, status, "x")
    assert scans.doubt(scan, NOW, shipped_at=shipped, by_sender=by_sender) == why


def test_nothing_is_believed_from_before_the_case() -> None:
    scan = Scan(NOW - 2 * HOUR, "picked", "x")
    assert scans.doubt(scan, NOW, shipped_at=NOW, not_before=NOW - HOUR) == "early"


@pytest.mark.parametrize(
    ("said", "signed", "lost", "status"),
    [
        (["picked", "transit", "signed"], 2, None, "signed"),
        (["picked", "signed", "signed"], 1, None, "signed"),
        (["picked", "signed", "transit"], 1, None, "signed"),  # 感谢使用
        (["picked", "signed", "exception"], None, None, "exception"),
        (["picked", "signed", "delivering", "signed"], 3, None, "signed"),
        (["picked", "returned", "transit", "signed"], None, 1, "returned"),  # the sender's own
        (["picked", "lost", "signed"], 2, None, "signed"),
        (["picked", "lost"], None, 1, "lost"),
        ([], None, None, ""),
    ],
)
def test_what_scans_come_to_whatever_their_order(
    said: list[str], signed: int | None, lost: int | None, status: str
) -> None:
    scanned = [(NOW + number * HOUR, name) for number, name in enumerate(said)]
    found = scans.standing(scanned)
    assert found == scans.standing(reversed(scanned))
    assert found.signed_at == (None if signed is None else NOW + signed * HOUR)
    assert found.lost_at == (None if lost is None else NOW + lost * HOUR)
    assert found.status == status


def test_a_gap_of_three_days_is_a_fault() -> None:
    assert not scans.standing([(NOW, "picked"), (NOW + 72 * HOUR, "transit")]).faulty
    assert scans.standing([(NOW, "picked"), (NOW + 73 * HOUR, "transit")]).faulty
    assert not scans.standing([(NOW, "picked"), (NOW + HOUR, "signed"), (NOW + 99 * HOUR, "transit")]).faulty


CLOCKS = (
    ("09:00", "上午9:00 上午九点 9:00_AM 09:00am 早上9点 上午9点整 01:00Z 01:00:00Z 09:00:00+08:00"),
    ("15:30", "下午3:30 下午三点半 3:30_PM 3:30pm 下午3点30分 15点30分 十五点三十分 07:30+00:00 下午15:30"),
    ("00:05", "凌晨0:05 12:05_AM 凌晨零点五分 00:05:00.000+0800"),
    ("12:15", "中午12:15 12:15_PM 中午十二点一刻 12点15分"),
)


@pytest.mark.parametrize(("clock", "said"), [(clock, said) for clock, several in CLOCKS for said in several.split()])
@pytest.mark.parametrize("gaps", ["  ", " \n", "\n ", "\n\n"])
@pytest.mark.parametrize("day", ["2026-11-22", "2026年11月22日", "11-22", "11月22日", "2026/11/22 周日"])
def test_a_clock_as_people_say_it_is_the_same_clock(clock: str, said: str, gaps: str, day: str) -> None:
    words = "已签收，签收人：本人"
    expected = scans.read(f"2026-11-22 {clock} {words}", NOW)
    said = said.replace("_", " ")
    assert scans.read(f"{day}{gaps[0]}{said}{gaps[1]}{words}", NOW) == expected
    assert expected[0].status == "signed" and not expected[0].unclear


@pytest.mark.parametrize("words", ["下午再派", "下午三点前送达", "PM2.5超标", "上午派送未成功", "三点水快递站已入库"])
def test_words_about_the_day_move_no_clock(words: str) -> None:
    [scan] = scans.read(f"2026-11-22 09:00 {words}", NOW)
    assert (f"{scan.at:%H:%M}", scan.words) == ("01:00", words)


@pytest.mark.parametrize(
    "other", ["2026-11-20 10:00 已揽收", "2026/11/21 10:00:00 派送中", "2026年11月20日10:00 到义乌"]
)
def test_two_scans_in_one_line_sign_for_nothing(other: str) -> None:
    for line in (f"2026-11-22 09:00 已签收 {other}", f"2026-11-22 09:00 已签收，签收人：本人 {other}"):
        [scan] = scans.read(line, NOW)
        assert scan.status != "signed" or scan.unclear
    [scan] = scans.read("2026-11-22 09:00 已签收，签收时间：2026-11-22 09:00", NOW)
    assert (scan.status, scan.unclear) == ("signed", False)
