"""Set voice: the text-to-speech voice of what is said from here on.

Only voice contacts have a voice; elsewhere the block does nothing. The service checks none of its parameters when a
flow is published. A voice that does not exist broke speech in 2023 and takes the error branch on newer pages, after
which Joanna speaks. A list of voices grows old, so a name that is not in ours goes on with a warning; strict takes
the newer text by its word. The language of the voice is kept in the flow's Metadata only: where the designer shall
set the contact's language, too, it writes an UpdateContactData action beside this one.
Source: APIReference/contact-actions-updatecontacttexttospeechvoice.html; adminguide/set-voice.html; the voices are
those of the VoiceId type in the Amazon Polly API (botocore 1.44).
"""

from typing import Annotated

import msgspec

from offhook.core.spec import DYNAMIC, BlockSpec, Ctx, ErrorBranch, Exit, Legacy, LogRecord, Outcome
from offhook.model.contact import Voice

VOICES = frozenset(
    """
    Aditi Adriano Ambre Amy Andres Aria Arjun Arlet Arthur Astrid Ayanda Beatrice Bianca Brian Burcu Camila Carla Carlos
    Carmen Carolina Celine Chantal Conchita Cristiano Curtis Daniel Danielle Dora Elin Emma Enrique Ewa Filiz Florian
    Gabrielle Geraint Giorgio Gregory Gwyneth Hala Hannah Hans Hiujin Hyunduk Ida Ines Isabelle Ivy Jacek Jan Jasmine
    Jihye Jitka Joanna Joey Justin Kajal Karl Kazuha Kendra Kenneth Kevin Kiara Kimberly Laura Lea Lennart Leo Liam Lisa
    Liv Lorenzo Lotte Lucia Lupe Mads Maja Marlene Mathieu Matthew Maxim Mia Miguel Mizuki Naja Nate Niamh Nicole Ola
    Olivia Pedro Penelope Raveena Remi Ricardo Ruben Russell Ruth Sabrina Salli Seoyeon Sergio Sofie Stephen Suvi Takumi
    Tatyana Thiago Tiffany Tina Tomoko Vicki Vitoria Zayd Zeina Zhiyu
    """.split()
)


class Params(msgspec.Struct, frozen=True, rename="pascal"):
    text_to_speech_voice: Annotated[str, DYNAMIC, msgspec.Meta(title="Voice")]
    text_to_speech_engine: Annotated[str, DYNAMIC, msgspec.Meta(title="Engine")] = ""
    text_to_speech_style: Annotated[str, DYNAMIC, msgspec.Meta(title="Speaking style")] = ""


def enter(p: Params, ctx: Ctx) -> Outcome:
    name = p.text_to_speech_voice
    style = "" if p.text_to_speech_style == "None" else p.text_to_speech_style
    if name in VOICES:
        return Exit(set={"voice": Voice(name, p.text_to_speech_engine, style)})
    if not name or ctx.strict:
        detail = f"TextToSpeechVoice: {name!r} is no voice of Amazon Polly; Joanna speaks from here on."
        return Exit(error="NoMatchingError", set={"voice": Voice()}, cause="unknown_voice", detail=detail)
    warning = f"{name!r} is no voice of Amazon Polly that is known here; Connect takes the error branch if it has none."
    return Exit(set={"voice": Voice(name, p.text_to_speech_engine, style)}, warnings=(warning,))


def log(p: Params | None, outcome: Exit) -> tuple[LogRecord, ...]:
    if p is None:
        return (LogRecord(),)
    names = {
        "GlobalVoice": p.text_to_speech_voice,
        "GlobalEngine": p.text_to_speech_engine,
        "SpeakingStyle": p.text_to_speech_style,
    }
    return (LogRecord({name: value for name, value in names.items() if value}),)


BLOCKS = (
    BlockSpec(
        action="UpdateContactTextToSpeechVoice",
        title="Set voice",
        summary="Sets the text-to-speech voice for the rest of the contact.",
        group="set",
        kind="contact",
        params=Params,
        enter=enter,
        errors=(ErrorBranch("NoMatchingError", required=False),),
        channels={"CHAT": "skip", "TASK": "skip", "EMAIL": "skip"},
        legacy=(
            Legacy(
                "SetVoice",
                rename={
                    "GlobalVoice": "TextToSpeechVoice",
                    "GlobalEngine": "TextToSpeechEngine",
                    "SpeakingStyle": "TextToSpeechStyle",
                },
            ),
        ),
        log_name="SetVoice",
        log=log,
        example={"TextToSpeechVoice": "Amy", "TextToSpeechEngine": "Neural", "TextToSpeechStyle": "None"},
    ),
)
