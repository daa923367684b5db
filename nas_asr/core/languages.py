"""Room: core.languages. The languages a person can declare for a folder or a recording. Pure; `auto` means undeclared."""

from nas_asr.core.errors import Invalid

AUTO = "auto"
# Order is the order in which a page offers them: the two the product is made for, then what Fun-ASR-Nano serves.
LANGUAGES = (AUTO, "zh", "en", "ja", "ko", "yue", "de", "fr", "es", "it", "pt", "ru", "ar", "th", "vi", "id")


def check_language(language: str) -> str:
    """The language itself, or Invalid that names the ones we know."""
    if language not in LANGUAGES:
        raise Invalid(
            f"“{language}” is not a language we know.", f"Use one of: {', '.join(LANGUAGES)}.", field="language"
        )
    return language
