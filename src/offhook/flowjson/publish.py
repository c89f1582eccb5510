"""What CreateContactFlow and UpdateContactFlowContent (Status PUBLISHED), and the operations of modules, refuse.

    problems(content, CATALOGUE, flow_type="CONTACT_FLOW", known=lambda kind, raw: raw in arns[kind])

Source of messages and rules: spec/validation.md.
"""

from collections.abc import Callable

from offhook.core.spec import Catalogue

MAX_PROBLEMS = 50
MAX_MESSAGE = 256
Known = Callable[[str, str], bool]


class Broken(Exception):
    """The content is no flow at all: InvalidRequestException, where a flow with mistakes has a list of problems."""


def problems(content: str, catalogue: Catalogue, *, flow_type: str, known: Known | None = None) -> list[str]:
    """Why Connect would refuse to publish the content as a flow of this type (MODULE for modules); [] if it would not.

    `known(kind, raw)` says whether a resource exists in the instance, None: nobody asks. `kind` is one of
    core.resolve (queue, flow, module, hours, prompt, function, bot, view, agent, …), `raw` an id or ARN as it is
    written, with its qualifier. Broken where the content is no flow at all.
    """
    raise NotImplementedError
