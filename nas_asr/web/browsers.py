"""Room: web.browsers. What a browser calls itself, in words for the list of one's sessions. Decides nothing by it."""

from flask import request

from nas_asr.services.sessions import Arrival

# The first that stands in the name counts: nearly all of them say that they are Safari and Mozilla, too.
_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("MicroMessenger", "WeChat"),
    ("Firefox", "Firefox"), ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chromium", "Chromium"), ("Chrome", "Chrome"),
    ("Safari", "Safari"), ("curl", "curl"), ("python", "Python"),
)  # fmt: skip
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"), ("CrOS", "ChromeOS"),
    ("Windows", "Windows"), ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def in_words(user_agent: str) -> str:
    """Such as `Firefox, Windows`; empty where nothing of it is known."""
    found = (next((word for sign, word in known if sign in user_agent), "") for known in (_BROWSERS, _SYSTEMS))
    return ", ".join(word for word in found if word)


def arrival() -> Arrival:
    """From where this request comes."""
    return Arrival(request.remote_addr or "", in_words(request.user_agent.string))
