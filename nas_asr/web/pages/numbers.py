"""Room: web.pages.numbers. Whole numbers from addresses and forms, as far as a database compares them. No field's meaning."""

_MOST_DIGITS = 9


def number(text: str) -> int:
    """For `get(name, type=number)`. Raises ValueError: whatever is no number, or a larger one than any that we gave away."""
    text = text.strip()
    if not text.isascii() or not text.isdigit() or len(text) > _MOST_DIGITS:
        raise ValueError("not a number of ours")
    return int(text)
