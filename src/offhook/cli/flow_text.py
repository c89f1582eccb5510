"""The flows of a project as the texts that Connect's API would hold."""

from pathlib import Path

from offhook.blocks import catalogue
from offhook.cli.file import contents
from offhook.cli.project import Project
from offhook.flowjson.text import parse, write
from offhook.flowjson.write import to_language
from offhook.model.errors import UsageError
from offhook.model.flow import Flow


def texts(project: Project) -> dict[str, str]:
    """By ARN, the project's own flows: a file that is a bare flow byte for byte, an old export converted, and what
    stands in something else (an API's answer, a template) as it would be sent.
    """
    return {arn: _text(project.instance.flows[arn], path) for arn, path in project.files.items()}


def _text(flow: Flow, path: Path) -> str:
    if flow.format == "legacy":
        return write(to_language(flow, catalogue())) + "\n"
    return _of_file(flow, path) or write(flow.document, flow.content_style or "indent2")


def _of_file(flow: Flow, path: Path) -> str:
    """The file's text, where it is the flow and nothing else; else ""."""
    try:
        text = contents(path, name=str(path)).decode("utf-8-sig")
        document, _ = parse(text)
    except (UsageError, UnicodeDecodeError):
        return ""
    return text if document == flow.document else ""
