"""Country codes as QuickBooks writes them: two letters, and three since 2025."""

from babel.core import get_global


def two_letters(code: str) -> str:
    """ISO 3166 alpha-2 of an alpha-2 or alpha-3 code; what is neither counts as US, where most companies are.

    "UK", which people write for GB, is understood too.
    """
    code = code.strip().upper()
    aliases = get_global("territory_aliases").get(code)
    if aliases:
        return aliases[0]
    return code if len(code) == 2 else "US"
