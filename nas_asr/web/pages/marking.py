"""Room: web.pages.marking. Puts <mark> around found words: escaped first, marked after. The only place that makes markup."""

from collections.abc import Iterable

from markupsafe import Markup, escape


def marked(text: str, places: Iterable[tuple[int, int]]) -> Markup:
    """The text as HTML with the places [start, end) marked; places are in order and do not overlap."""
    parts: list[Markup] = []
    at = 0
    for start, end in places:
        parts += [escape(text[at:start]), Markup("<mark>"), escape(text[start:end]), Markup("</mark>")]
        at = end
    parts.append(escape(text[at:]))
    return Markup("").join(parts)
