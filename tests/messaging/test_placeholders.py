"""Words in brackets that stand for something of the contact or the invoice."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.placeholders import PLACEHOLDERS, UnknownPlaceholder, check, fill, has_link

ADA = {"contact-firstname": "Ada", "invoice-due": "£120.00", "invoice-link": "https://crm.example.com/i/x/"}


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("Hi [contact-firstname], [invoice-due] is due.", "Hi Ada, £120.00 is due."),
        ("Pay: [invoice-link]", "Pay: https://crm.example.com/i/x/"),
        ("For [contact-company]", "For your company"),
        ("Dear [contact-lastname].", "Dear ."),
        ("[ ] and [] stay, as do [2026] and [unknown]", "[ ] and [] stay, as do [2026] and [unknown]"),
        ("No words at all", "No words at all"),
    ],
)
def test_a_message_is_written_with_the_contacts_values_or_their_fallbacks(body: str, written: str) -> None:
    assert fill(body, ADA) == written


def test_a_contact_without_a_first_name_is_greeted_all_the_same() -> None:
    assert fill("Hi [contact-firstname]!", {"contact-firstname": "  "}) == "Hi there!"


def test_a_name_that_looks_like_a_placeholder_is_only_a_name() -> None:
    values = {"contact-firstname": "[invoice-link]", "invoice-link": "https://crm.example.com/i/x/"}
    assert fill("Hi [contact-firstname]", values) == "Hi [invoice-link]"


@pytest.mark.parametrize(
    ("body", "words", "said"),
    [
        ("Hi [contact-frstname]", ["contact-frstname"], "[contact-frstname] stands for nothing"),
        ("Hi [Contact First Name]", ["Contact First Name"], "did you mean [contact-firstname]?"),
        ("[b] [a] [b]", ["a", "b"], "[a], [b] stands for nothing"),
    ],
)
def test_a_word_nobody_knows_is_refused_with_what_was_probably_meant(body: str, words: list[str], said: str) -> None:
    with pytest.raises(UnknownPlaceholder) as refused:
        check(body)
    assert refused.value.words == words
    assert said in str(refused.value)


@pytest.mark.parametrize("body", ["", "Hi [contact-firstname]", "[ ] [] [!] a]b[c", *(f"[{w}]" for w in PLACEHOLDERS)])
def test_what_stands_for_something_or_is_no_word_is_accepted(body: str) -> None:
    check(body)


@given(st.text(), st.dictionaries(st.sampled_from(sorted(PLACEHOLDERS)), st.text()))
def test_no_message_ever_says_none_or_keeps_a_known_placeholder_from_its_text(
    body: str, values: dict[str, str]
) -> None:
    written = fill(body, {word: value.replace("[", "(") for word, value in values.items()})
    assert not any(one.written in written for one in PLACEHOLDERS.values())


def test_whether_a_message_has_its_link_is_known() -> None:
    assert has_link("Pay here: [invoice-link]")
    assert not has_link("Pay here")
