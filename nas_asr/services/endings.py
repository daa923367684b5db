"""Room: services.endings. The kind of a file by the ending of its name, as a column that both databases count by. No rows."""

from sqlalchemy import ColumnElement, and_, case, func

from nas_asr.store.models import LedgerLine

_LONGEST = 8


def ending() -> ColumnElement[str]:
    """A ledger line's ending, lower case and without its dot; empty where there is none.

    rtrim takes everything that is no dot from the end; what it leaves is the name without its ending.
    """
    name = func.lower(LedgerLine.path)
    found = func.replace(name, func.rtrim(name, func.replace(name, ".", "")), "")
    has_one = and_(name.contains("."), ~found.contains("/"), func.length(found) <= _LONGEST)
    return case((has_one, found), else_="")
