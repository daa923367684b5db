"""Room: web.hosts. Which names of this server are answered, where Werkzeug's list cannot say it. No page, no redirect."""

import ipaddress
import re
from collections.abc import Iterable

from flask import Request

_IN_BRACKETS = re.compile(r"\[([0-9A-Fa-f:.]+)\](?::\d{1,5})?")


class HostedRequest(Request):
    """A request whose Host may be an IPv6 address: Werkzeug cuts its list at the first colon and knows none of them."""

    @property
    def trusted_hosts(self) -> list[str] | None:
        """The list that Werkzeug compares with; None where the host is one of our addresses and nothing is left to ask."""
        literal = _IN_BRACKETS.fullmatch(self.environ.get("HTTP_HOST", ""))
        found = _address(literal[1]) if literal else None
        return None if found is not None and found in map(_address, self._trusted or ()) else self._trusted

    @trusted_hosts.setter
    def trusted_hosts(self, names: Iterable[str] | None) -> None:
        self._trusted = None if names is None else list(names)

    _trusted: list[str] | None = None


def _address(name: str) -> ipaddress.IPv6Address | None:
    try:
        return ipaddress.IPv6Address(name.strip("[]"))
    except ValueError:
        return None
