import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.core.ssml import MAX_BILLED, MAX_CHARACTERS, pause_ms, problem, speech_ms, spoken_text


@pytest.mark.parametrize(
    "text",
    [
        "<speak></speak>",
        "<speak/>",
        " \n<speak>Hi</speak>\n",
        "<speak>Hi Tom &amp; Co, 1 &lt; 2, &#233;</speak>",
        '<speak>You are on hold <break time="10s"/></speak>',
        '<speak><p>\n<prosody rate="91%">Please wait. <break time="2s"/></prosody>\n</p></speak>',
        '<speak><say-as interpret-as="telephone">2065550100</say-as></speak>',
        '<speak><amazon:effect name="whispered">psst</amazon:effect></speak>',
        '<speak xml:lang="ja-JP"><made-up>窓口</made-up></speak>',
        '<speak version="1.1" xmlns="http://www.w3.org/2001/10/synthesis">Hi</speak>',
        '<?xml version="1.0" encoding="UTF-16"?><speak>déjà vu</speak>',
        "<speak><![CDATA[Tom & Co]]><!-- aside --></speak>",
    ],
)
def test_ssml_that_connect_speaks_has_no_problem(text: str) -> None:
    assert problem(text) is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("<speak>Hi Tom & Co</speak>", "cannot be read"),
        ("<speak>1 < 2</speak>", "cannot be read"),
        ("<speak>Hi", "cannot be read"),
        ("<speak><p>Hi</speak>", "mismatched tag"),
        ("<speak>&nbsp;</speak>", "undefined entity"),
        ("<speak>a</speak><speak>b</speak>", "cannot be read"),
        ("Welcome to ACME", "cannot be read"),
        ("", "cannot be read"),
        ("<speak>\x00</speak>", "cannot be read"),
        ('<break time="1s"/>', "<speak>"),
        ("<p>Hi</p>", "<speak>"),
        ("<Speak>Hi</Speak>", "<speak>"),
        ("<speak>\ud800</speak>", "surrogate"),
        ("<!DOCTYPE speak><speak>Hi</speak>", "document type"),
        ('<!DOCTYPE speak [<!ENTITY a "b">]><speak>&a;</speak>', "document type"),
        ('<!DOCTYPE speak [<!ENTITY a SYSTEM "file:///etc/passwd">]><speak>&a;</speak>', "document type"),
        ('<!DOCTYPE speak SYSTEM "http://example.com/x.dtd"><speak>Hi</speak>', "document type"),
    ],
)
def test_a_problem_says_why_in_one_sentence(text: str, why: str) -> None:
    found = problem(text)

    assert found is not None
    assert why in found
    assert found.endswith(".") and "\n" not in found


def test_an_ampersand_from_a_function_is_a_problem_that_names_the_cure() -> None:
    """https://github.com/aws-solutions-library-samples/qnabot-on-aws/issues/68: fine as text, not as SSML."""
    found = problem("<speak>Hi Tom & Co</speak>")

    assert found is not None
    assert "&amp;" in found
    assert "Tom" not in found
    assert problem("<speak>Hi Tom &amp; Co</speak>") is None


def test_the_whole_may_have_6000_characters() -> None:
    longest = f"<speak>{'<p/>' * 1496}x</speak>"

    assert len(longest) == MAX_CHARACTERS
    assert problem(longest) is None
    assert "6001" in (problem(longest + " ") or "")


def test_3000_characters_outside_of_tags_are_spoken() -> None:
    assert problem(f"<speak>{'x' * MAX_BILLED}<break/></speak>") is None
    assert "3001" in (problem(f"<speak>{'x' * MAX_BILLED}<p>y</p></speak>") or "")
    assert problem(f"<speak>{'&amp;' * 1000}</speak>") is None


@pytest.mark.parametrize(
    ("ssml", "words"),
    [
        ("<speak>Hello  Tom\n</speak>", "Hello Tom"),
        ("<speak>Tom &amp; Co</speak>", "Tom & Co"),
        ("<speak><p>One.</p><p>Two.</p></speak>", "One. Two."),
        ('<speak>One<break time="1s"/>two</speak>', "One two"),
        ('<speak>2<sub alias="nd">nd</sub></speak>', "2nd"),
        ("<speak><!-- aside -->Hi</speak>", "Hi"),
        ("<speak></speak>", ""),
        ("Tom & Co", "Tom & Co"),
    ],
)
def test_the_words_are_what_stands_outside_of_tags(ssml: str, words: str) -> None:
    assert spoken_text(ssml) == words


@pytest.mark.parametrize(
    ("breaks", "ms"),
    [
        ("", 0),
        ('<break time="3s"/>', 3000),
        ('<break time="500ms"/>', 500),
        ('<break time="1.5s"/>', 1500),
        ('<break time=" +.25s "/>', 250),
        ('<break time="3s"/>and<break time="500ms"/>', 3500),
        ('<break time="10s"/>', 10_000),
        ('<break time="15s"/>', 10_000),
        ("<break/>", 300),
        ('<break strength="strong"/>', 300),
        ('<break time="soon"/>', 300),
        ('<break time="-1s"/>', 300),
    ],
)
def test_breaks_are_silent_for_as_long_as_they_say(breaks: str, ms: int) -> None:
    assert pause_ms(f"<speak>{breaks}</speak>") == ms


def test_what_cannot_be_read_has_no_pauses() -> None:
    assert pause_ms('<speak><break time="3s"/>') == 0


def test_speech_takes_a_constant_time_per_character() -> None:
    assert speech_ms("text", "Hello there") == 11 * 65
    assert speech_ms("ssml", "<speak><p>Hello there</p></speak>") == 11 * 65
    assert speech_ms("ssml", '<speak>Hello there<break time="2s"/></speak>') == 11 * 65 + 2000


@pytest.mark.parametrize("kind", ["prompt", "media"])
def test_a_recording_counts_as_three_seconds(kind: str) -> None:
    assert speech_ms(kind, "arn:aws:connect:us-east-1:111122223333:instance/i/prompt/p") == 3000


@pytest.mark.parametrize(("kind", "text"), [("text", ""), ("text", "a"), ("ssml", "<speak></speak>")])
def test_no_speech_is_shorter_than_a_tenth_of_a_second(kind: str, text: str) -> None:
    assert speech_ms(kind, text) == 100


@given(st.text())
def test_any_text_is_judged_and_measured(text: str) -> None:
    found = problem(text)

    assert found is None or found.endswith(".")
    assert speech_ms("ssml", text) >= 100
    assert isinstance(spoken_text(text), str)


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=200))
def test_escaped_text_is_always_acceptable_and_heard(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    assert problem(f"<speak>{escaped}</speak>") is None
    assert spoken_text(f"<speak>{escaped}</speak>") == " ".join(text.split())
