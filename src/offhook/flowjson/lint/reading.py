"""What is found while a file is read (flowjson.read) and in its graph (flowjson.problems), explained."""

from offhook.flowjson.lint.rule import Rule

RULES = (
    Rule(
        name="bad-shape",
        title="A part of the file has the wrong shape",
        why="The Flow language fixes what is an object, a list or text. What does not fit is read as if it were "
        "absent, and Connect refuses the flow.",
    ),
    Rule(
        name="missing-identifier",
        title="An action has no identifier",
        why="Arrows lead to actions by their Identifier, so nothing can lead to this one. It is left out.",
    ),
    Rule(
        name="duplicate-identifier",
        title="Two actions have the same identifier",
        why="Identifiers must be unique in a flow. The first action counts here; Connect refuses the flow.",
    ),
    Rule(
        name="duplicate-key",
        title="A key occurs twice in one JSON object",
        why="JSON leaves open which of the two counts. Here it is the last one, as in most programs. Remove the other.",
        severity="warning",
    ),
    Rule(
        name="half-character",
        title="Text holds half of a character",
        why="JSON writes characters such as emoji as two escapes, \\ud83d\\ude00. One of them alone stands for nothing "
        "and cannot be said, sent or stored, so a replacement character is read there. Write the whole character.",
        severity="warning",
    ),
    Rule(
        name="unknown-flow-type",
        title="The file gives a flow type that offhook does not run",
        why="The type is ignored, so rules about types are not checked. Give one of the types of the Connect API.",
        severity="warning",
    ),
    Rule(
        name="content-length",
        title="The flow is longer than Connect takes",
        why="The API takes 256,000 characters of content. Move a part of the flow into another flow or a module.",
    ),
    Rule(
        name="not-converted",
        title="A module of the old export has no counterpart",
        why="It is kept under its old name, and takes its error branch when a contact reaches it.",
    ),
    Rule(
        name="unknown-operator",
        title="A condition of the old export has an unknown type",
        why="It is kept as it is, and is never true. The console wrote Equals, Contains, StartsWith, "
        "GreaterThan and the like.",
    ),
    Rule(
        name="no-start",
        title="The flow does not say where to begin",
        why="StartAction must be the Identifier of an action. A flow without one cannot run.",
    ),
    Rule(
        name="dangling-target",
        title="An arrow leads to an action that does not exist",
        why="Connect refuses the flow, and offhook does not run it where the arrow can be reached.",
    ),
    Rule(
        name="unreachable",
        title="No arrow leads to an action",
        why="It never runs. The designer leaves such blocks behind when an arrow is redrawn. Wire it or delete it.",
        severity="warning",
    ),
    Rule(
        name="too-many-actions",
        title="The flow has more actions than Connect takes",
        why="A flow may have 250 actions. Move a part of it into another flow or a module.",
    ),
    Rule(
        name="identifier-length",
        title="An identifier is longer than the API takes",
        why="The API takes 50 characters. The designer itself writes longer ones when a block is renamed.",
        severity="warning",
    ),
    Rule(
        name="identifier-characters",
        title="An identifier has characters that the API does not take",
        why="The designer itself writes them when a block is renamed. Rename the block before sending the flow by API.",
        severity="warning",
    ),
    Rule(
        name="publish",
        title="Connect refuses to publish the flow",
        why="`offhook lint --publish` prints what CreateContactFlow and UpdateContactFlowContent answer, in the words "
        "of the service: every problem at once, with the path of what is wrong. What the flow names is taken to exist. "
        "Without --publish the same mistakes are explained, with their cures.",
    ),
    Rule(
        name="identifier-name",
        title="An identifier is a reserved name",
        why="The API refuses a few names that JavaScript gives to every object, such as constructor.",
        severity="warning",
    ),
)
