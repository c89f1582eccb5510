"""The errors that are raised. A flow's own mistakes are never raised: they are error branches or problems."""


class UsageError(Exception):
    """The caller's mistake: bad input, an unknown contact. Nothing was changed. `problems` has one sentence each."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class StoreRefused(Exception):
    """What was to be written was not, and nothing of it: the store is full, lost, or somebody else's."""


class InternalError(Exception):
    """Our mistake. The driver parks the contact and reports; it does not guess."""
