"""Text of flows and functions on its way to a terminal."""


def one_line(text: str, width: int = 0) -> str:
    """The text on one line, without what a terminal would act on; cut to `width` characters if that is given."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if not width or len(line) <= width else f"{line[: width - 1]}…"
