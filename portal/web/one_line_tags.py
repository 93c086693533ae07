"""A tag is one line of the page, however its template breaks it: who looks for the whole of a tag finds it."""

from __future__ import annotations

import re

from jinja2.ext import Extension

_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}\n?|\{\{.*?\}\}", re.S)
_RUN = {
    "": re.compile(r"[^<{]+"),
    ">": re.compile(r"[^\"'>{\n]+"),
    '"': re.compile(r"[^\"{]+"),
    "'": re.compile(r"[^'{]+"),
}
_OPENS = re.compile(r"</?[a-zA-Z]")
_BREAK = re.compile(r"\n[ \n]*")


class OneLineTags(Extension):
    """Joins the lines of a tag before its template is compiled; Jinja's own lines and quoted values stay."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """The source with a blank for each break between attributes."""
        return join_tags(source) if "\n" in source else source


def join_tags(source: str) -> str:
    """The same source, each tag on one line. A break that Jinja takes away itself, behind %}, stays."""
    parts: list[str] = []
    within, at = "", 0  # "" is text, ">" a tag, a quotation mark the value of an attribute
    while at < len(source):
        if found := _RUN[within].match(source, at):
            piece = said = found[0]
        elif jinja := _JINJA.match(source, at):
            piece = said = jinja[0]
        elif within == ">" and (breaks := _BREAK.match(source, at)):
            piece, said = breaks[0], " "
        else:
            piece = said = source[at]
            if within == "" and _OPENS.match(source, at):
                within = ">"
            elif within == ">" and said in "\"'":
                within = said
            elif within == said:
                within = ">" if said != ">" else ""
        parts.append(said)
        at += len(piece)
    return "".join(parts)
