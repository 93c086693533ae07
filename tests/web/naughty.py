"""Strings that people, scripts and broken programs put into fields. Anything unprintable is written as an escape."""

from __future__ import annotations

from urllib.parse import quote_from_bytes

NUMBERS = (
    "0",
    "-0",
    "-1",
    "\u22121",
    "+5",
    "1.5",
    "1.0005",
    "1,5",
    "1_0",
    "1e3",
    "0x10",
    "007",
    ".5",
    "5.",
    "NaN",
    "Infinity",
    "null",
    "None",
    "[]",
    "{}",
    "1;2",
    "50%",
    "2147483648",
    "9223372036854775808",
    "1" + "0" * 100,
    "1e9999",
    "\uff15",
    "\uff11\uff12\uff0e\uff15",
    "\u00b2",
    "\u2460",
    "\u4e94",
    "\u0663",
    "\U0001d7d7",
    "5\u200b",
    "\u200e5",
    "5\x00",
    "5\n",
    "\u00bd",
    "99999999.99",
    "¥12.50",
    "1,234.50",
    "1234567",
)

BLANKS = (
    "",
    " ",
    "\t",
    "\n",
    "\r\n\r\n",
    "\u3000",
    "\u00a0",
    "\u200b",
    "\u2800",
    "\u3164",
    "\u00ad",
    "\ufeff",
    "\u200e\u200f",
)

UNPRINTABLE = (
    "a\x00b",
    "\x00",
    "\ud800",
    "a\udfffb",
    "a\x01\x02\x1f",
    "\x7f",
    "a\x85b",
    "\x9b31m",
    "\x1b[31mred\x1b[0m",
    "bell\x07",
    "line\u2028para\u2029graph",
    "\ufffe\uffff",
    "\ufffd",
    "\U0010ffff",
    "\ue000 private",
    "\U000e0041\U000e0042 tags",
)

DIRECTIONS = (
    "abc\u202egnp.exe",
    "\u2066isolated\u2069",
    "\u2067\u0639\u0631\u0628\u064a",
    "\u05e9\u05dc\u05d5\u05dd",
    "a\u200fb\u200ec",
    "zero\u200bwidth\u200cnon\u200djoiner",
)

LETTERS = (
    "e\u0301",
    "\u00e9",
    "\u1100\u1161\u11a8",
    "\uac01",
    "Z\u0351\u036b\u0343\u0369\u0300" * 3,
    "a" + "\u0316" * 200,
    "\u0644\u0644\u064e\u0651\u0627",
    "\ufdfa",
    "\ufb01\u017f",
    "\u0130\u0131\u00df",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466",
    "\U0001f44d\U0001f3fd",
    "\U0001f1e8\U0001f1f3",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "1\ufe0f\u20e3",
    "\U00020000\U0002a6d6",
    "\uff21\uff22\uff23\uff01",
    "\u7e41\u9ad4",
    "\u0915\u094d\u0937",
)

LONG = (
    "\u957f" * 51,
    "\u957f" * 201,
    "\u957f" * 501,
    "x" * 1_001,
    "\U0001f600" * 260,
    "z" * 70_000,
    "line\n" * 400,
    "\u0301" * 3_000,
    "-" * 64,
)

MARKUP = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "'\"><svg/onload=alert(1)>",
    "</textarea><b>",
    "</title><h1>",
    "<!--",
    "<div hx-post=/danger hx-trigger=load>",
    "<a data-hx-get=/danger>",
    '" hx-on:click="alert(1)',
    "' autofocus onfocus='alert(1)",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "&#x3C;b&#x3E;",
    "<b",
    "`${1+1}`",
    "<base href=//evil.example>",
    "<form><input name=csrf_token>",
)

CODE = (
    "'",
    '"',
    "\\",
    "''; --",
    "' OR '1'='1",
    "%' ESCAPE '",
    "%",
    "_",
    "\\%",
    "{{7*7}}",
    "{#",
    "${7*7}",
    "%s%n%x",
    "{0}",
    "{0.__class__}",
    "`id`",
    "../../etc/passwd",
    "//evil.example/",
    "/\\evil.example",
    "a\r\nSet-Cookie: b=c",
    "a\nX-Header: b",
    "%0d%0aX: b",
    "=1+1",
    "+1",
    "(a+)+$",
    "*" * 40,
    "a=b&c=d",
    "NUL",
    "null",
    "\u8c03\u6362 \u5546\u54c1",
)

NAUGHTY: tuple[str, ...] = tuple(
    dict.fromkeys((*NUMBERS, *BLANKS, *UNPRINTABLE, *DIRECTIONS, *LETTERS, *LONG, *MARKUP, *CODE))
)


def encoded(fields: dict[str, object]) -> bytes:
    """A form's body as a browser would send it; lone surrogates, which none would, as the bytes they'd be."""
    pairs = []
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            pairs.append(f"{quoted(name)}={quoted(str(one))}")
    return "&".join(pairs).encode()


def quoted(text: str) -> str:
    """A text for an address or a form's body."""
    return quote_from_bytes(text.encode("utf-8", "surrogatepass"), safe="")


def received(text: str) -> str:
    """What the server makes of the text once it has come through an address or a form's body."""
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "werkzeug.url_quote")
