"""HTML made in Python without a template engine: what is put into a piece of markup is escaped unless it is markup."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def put(markup: str, *values: object) -> Html:
    """``markup`` with each {} filled by a value; what is no Html is escaped, so no word of a person becomes a tag."""
    return Html(markup.format(*(each if isinstance(each, Html) else escape(str(each)) for each in values)))


def joined(parts: Iterable[Html], between: str = "\n") -> Html:
    """Several pieces as one."""
    return Html(between.join(parts))


def facts(pairs: Iterable[tuple[str, object]]) -> Html:
    """A list of terms and values; those without a value are left out."""
    rows = [put("<dt>{}</dt><dd>{}</dd>", term, value) for term, value in pairs if value not in ("", None)]
    return put("<dl>{}</dl>\n", joined(rows)) if rows else Html("")


def words(text: str) -> Html:
    """Somebody's own words with their line breaks; nothing for no words."""
    return put('<p class="words">{}</p>\n', text) if text else Html("")


# For the screen of a phone, for a desk and for A4; no font or picture from anywhere.
STYLE = """
*{box-sizing:border-box}
body{margin:0 auto;max-width:900px;padding:16px;color:#1f2329;background:#fff;line-height:1.5;overflow-wrap:anywhere;
font:14px/1.5 "PingFang SC","HarmonyOS Sans SC","MiSans","Microsoft YaHei","Noto Sans CJK SC","WenQuanYi Zen Hei",
sans-serif;font-variant-numeric:tabular-nums}
h1{font-size:22px;margin:0 0 4px}h2{font-size:16px;margin:28px 0 8px;padding-bottom:4px;border-bottom:2px solid #1f2329}
h3{font-size:14px;margin:12px 0 4px}p{margin:4px 0}a{color:#1e5fbf}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:2px 16px;margin:4px 0}dt{color:#5c6370}dd{margin:0}
ol.events{list-style:none;margin:0;padding:0}
ol.events>li{padding:10px 0 10px 14px;border-left:2px solid #e3e6ea;break-inside:avoid}
ol.events>li+li{border-top:1px solid #e3e6ea}
.what{font-weight:600}.meta,.hash{color:#5c6370;font-size:12px}.hash,code{font-family:ui-monospace,Menlo,Consolas,monospace}
.words{white-space:pre-wrap;background:#f5f6f7;border-radius:4px;padding:6px 10px}
.photos{display:grid;grid-template-columns:repeat(auto-fill,minmax(132px,1fr));gap:8px;margin:8px 0;padding:0}
figure{margin:0;break-inside:avoid;font-size:12px;color:#5c6370}
figure img{display:block;width:100%;height:132px;object-fit:contain;background:#f5f6f7;border:1px solid #e3e6ea}
.missing{display:grid;place-items:center;height:132px;border:1px dashed #c4281c;color:#c4281c}
.bad{color:#c4281c;font-weight:600}.ok{color:#0b7a4b;font-weight:600}
table{width:100%;border-collapse:collapse;table-layout:fixed;font-size:12px}
th,td{text-align:left;vertical-align:top;padding:4px 8px 4px 0;border-bottom:1px solid #e3e6ea}
.said{margin:12px 0;break-inside:avoid}.said.seller{padding-left:10px;border-left:3px solid #1e5fbf}
.said.buyer{padding-left:10px;border-left:3px solid #c23600}
.said.system{padding-left:10px;border-left:3px solid #e3e6ea}
@page{size:A4;margin:16mm 14mm}
@media print{body{padding:0;max-width:none;font-size:11pt}a{color:inherit;text-decoration:none}h2{break-after:avoid}}
"""


def page_begins(title: str) -> Html:
    """The page up to its heading. It loads and runs nothing, and can be sent and printed as the one file it is."""
    style = Html("<style>" + STYLE + "</style>")
    return put(
        '<!doctype html>\n<html lang="zh-CN">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"script-src 'none'; object-src 'none'; "
        "base-uri 'none'; form-action 'none'; connect-src 'none'\">\n"
        '<meta name="format-detection" content="telephone=no">\n'
        "<title>{}</title>\n{}\n</head>\n<body>\n<main>\n<h1>{}</h1>\n",
        title,
        style,
        title,
    )


PAGE_ENDS = Html("</main>\n</body>\n</html>\n")
