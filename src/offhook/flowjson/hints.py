"""Friendly names that a Flow-language file gives for the ids in its parameters.

The designer keeps them in `Metadata.ActionMetadata.<id>`: newer consoles as `parameters.<Parameter>.displayName`,
nested as the parameters are; older ones under a key per kind of resource. A `ResourceName` (or `resourceName`) may
also stand beside the id itself. Source: public exports.
"""

from collections.abc import Iterator
from typing import Any

# key in the metadata: the parameter whose friendly name it holds, as an object's `text`, or as text
_AS_TEXT_OF = {
    "queue": "QueueId",
    "contactFlow": "ContactFlowId",
    "ContactFlow": "ContactFlowId",
    "Hours": "HoursOfOperationId",
}
_AS_TEXT = {
    "contactFlowModuleName": "FlowModuleId",
    "promptName": "PromptId",
    "lexV2BotName": "LexV2Bot.AliasArn",
    "templateName": "TemplateId",
}
_BESIDE = ("resourceName", "ResourceName")


def hints_of(parameters: dict[str, Any], metadata: Any) -> dict[str, str]:
    """Friendly names by parameter path (`QueueId`, `EventHooks.CustomerQueue`, `Messages.0.PromptId`).

    `metadata` is the designer's entry for the action, of any shape.
    """
    found = dict(_beside(parameters, ""))
    if isinstance(metadata, dict):
        for path, name in _of_designer(parameters, metadata):
            if isinstance(name, str) and name:
                found[path] = name
    return found


def _of_designer(parameters: dict[str, Any], metadata: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    hooks = parameters.get("EventHooks")
    for key, path in _AS_TEXT_OF.items():
        named = metadata.get(key)
        if isinstance(named, dict):
            # the flow of an event hook is shown under the same key as one that is called
            paths = (
                [f"EventHooks.{hook}" for hook in hooks]
                if path == "ContactFlowId" and isinstance(hooks, dict)
                else [path]
            )
            yield from ((path, named.get("text")) for path in paths)
    audio = metadata.get("audio")
    for index, item in enumerate(audio if isinstance(audio, list) else ()):
        if isinstance(item, dict) and item.get("type") == "Prompt":
            yield f"Messages.{index}.PromptId", item.get("text")
    for key, path in _AS_TEXT.items():
        yield path, metadata.get(key)
    if isinstance(shown := metadata.get("parameters"), dict):
        yield from _shown(shown, "")


def _shown(entries: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, entry in entries.items():
        if isinstance(entry, dict):
            # a bot's alias is shown by the name of the alias, and the bot is what is looked for
            yield prefix + key, entry.get("lexV2BotName") or entry.get("displayName") or entry.get("resourceName")
            yield from _shown(entry, f"{prefix}{key}.")


def _beside(holder: dict[str, Any] | list[Any], prefix: str) -> Iterator[tuple[str, str]]:
    parts = holder if isinstance(holder, dict) else {str(index): item for index, item in enumerate(holder)}
    name = next((parts[key] for key in _BESIDE if isinstance(parts.get(key), str)), "")
    for key, item in parts.items():
        if name and key.endswith(("Id", "ARN", "Arn")):
            yield prefix + key, name
        if isinstance(item, dict | list):
            yield from _beside(item, f"{prefix}{key}.")
