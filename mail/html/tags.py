"""Which HTML elements do what to the text of a mail."""

# ruff: noqa: SIM905 - a line of words reads better than thirty lines of one string each

from __future__ import annotations

DROPPED = frozenset(
    "script style head title meta link base template noscript object embed applet iframe audio "
    "video canvas svg math map select option datalist input button frameset frame".split()
)
HARD = frozenset("p ul ol dl blockquote pre h1 h2 h3 h4 h5 h6 hr fieldset figure menu dir".split())
SOFT = frozenset(
    "div section article header footer main nav aside center address form body html li dt dd tr "
    "caption figcaption table tbody thead tfoot summary details legend".split()
)
BOLD = frozenset({"b", "strong", "th", "dt"})
ITALIC = frozenset({"i", "em", "cite", "var", "dfn"})
STRIKE = frozenset({"s", "strike", "del"})
CODE = frozenset({"code", "tt", "kbd", "samp"})
HEADINGS = {f"h{level}": level for level in range(1, 7)}
VOID = frozenset(
    "area base br col embed hr img input link meta param source track wbr bgsound frame".split()
)
BLOCKS = frozenset(
    "address article aside blockquote center details dialog dd dir div dl dt fieldset figcaption "
    "figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li main menu nav ol p pre section "
    "summary table ul".split()
)
CELL_SCOPE = frozenset("table td th caption html body".split())
INLINE = frozenset(
    "a b big code del em font i ins kbd mark nobr q s samp small span strike strong sub sup tt u "
    "var abbr cite label".split()
)
FILE_ENDINGS = frozenset(
    "pdf doc docx xls xlsx ppt pptx txt csv zip jpg jpeg "
    "png gif html htm eml ics xml json md".split()
)
"""Ends of file names that look like ends of host names."""
WEIGHTED = BOLD | ITALIC | STRIKE | CODE
