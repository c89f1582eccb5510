"""What a template deploys: functions, flows, hours, queues, and who may invoke what."""

from pathlib import Path
from typing import Any

import pytest

from offhook.model.flow import FLOW_TYPES, MODULE
from offhook.model.instance import Alias, Instance, QueueSettings, Statement
from offhook.templates.contents import Code, Contents, Layer
from offhook.templates.physical import physical_name

from .stacks import SAM, only, read, refused

FIXTURES = Path(__file__).parent / "fixtures/templates"
INSTANCE = Instance().arn
LAMBDAS = "arn:aws:lambda:us-east-1:111122223333"


def function(properties: str, *, kind: str = "AWS::Serverless::Function", more: str = "", **said: Any) -> str:
    properties = f"Handler: a.b, Runtime: python3.11, {properties}"
    return f"{SAM}Resources:\n  Fn:\n    Type: {kind}\n    Properties: {{{properties}}}\n{more}"


# --- the sample


def sample(**said: Any) -> Contents:
    return read((FIXTURES / "sam/template.yaml").read_text(), **said)


def test_the_sample_resolves_completely() -> None:
    contents = sample()
    lookup = only(contents)
    name = physical_name("demo", "Lookup")
    (main,) = contents.flows

    assert (lookup.logical_id, lookup.resource.name, lookup.resource.arn) == (
        "Lookup",
        name,
        f"{LAMBDAS}:function:{name}",
    )
    assert lookup.resource.matches == ("${Lookup.Arn}", "${Lookup}")
    assert (lookup.code, lookup.handler, lookup.runtime) == (Code(path="src/"), "lookup.handler", "python3.11")
    assert (lookup.timeout_seconds, lookup.memory_mb) == (2, 256)
    assert lookup.environment == {
        "STAGE": "dev", "TABLE": physical_name("demo", "States"), "GREETING": "Hello from dev",
    }  # fmt: skip
    assert (main.resource.name, main.type) == ("Main line (dev)", "CONTACT_FLOW")
    assert f'"LambdaFunctionARN": "{lookup.resource.arn}"' in main.content
    assert f'"QueueId": "{Instance().resource("queue", "Support").arn}"' in main.content
    assert "${not} a variable" in main.content
    assert contents.hours == {
        "Office hours": {"time_zone": "America/New_York", "monday": ["09:00-17:30"], "friday": ["09:00-12:00"]}
    }
    assert contents.queues == (QueueSettings("Support", "Office hours", 10),)
    assert contents.associated == {name}
    assert contents.warnings == ()


def test_a_parameter_changes_what_depends_on_it() -> None:
    contents = sample(parameters={"Stage": "prod"})

    assert only(contents).environment["GREETING"] == "Welcome"
    assert contents.flows[0].resource.name == "Main line (prod)"


def test_a_parameter_that_there_is_not_is_told() -> None:
    text = "Resources: {}"
    assert refused(text, parameters={"Stage": "x"}) == [
        "[functions.stack] parameters: 'Stage' is no parameter of the template; it has none."
    ]
    assert refused("Parameters: {Stage: {Default: a}, Size: {}}\n" + text, parameters={"Stag": "x"}) == [
        "[functions.stack] parameters: 'Stag' is no parameter of the template; it has Stage, Size."
    ]


# --- shape


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("", ["found nothing where the template should be; it is a mapping with Resources."]),
        ("[1]", ["found a list where the template should be; it is a mapping with Resources."]),
        ("Parameters: {}", ["Resources are missing; this is no template."]),
        ("Resources: [1]", ["Resources: must be a mapping, and is a list."]),
        (
            "Resources: {A: 1, B: {Properties: []}, C: {Type: []}, D: {Type: x, Condition: [], DependsOn: {}}}",
            [
                "Resources: A: must be a mapping, and is a number.",
                "A: Type is missing.",
                "B: Type is missing.",
                "B: Properties: must be a mapping, and is a list.",
                "C: Type must be text.",
                "D: Condition must be the name of a condition.",
                "D: DependsOn must be a logical id or a list of them.",
            ],
        ),
        ("{Resources: {}, Parameters: {A: 1}}", ["Parameters: A: must be a mapping, and is a number."]),
        ("{Resources: {}, Mappings: 1}", ["Mappings: must be a mapping, and is a number."]),
        (SAM + "{Resources: {}, Globals: 1}", None),
    ],
)
def test_a_document_of_another_shape_is_refused(text: str, sentences: list[str] | None) -> None:
    if sentences is None:
        text = "Transform: AWS::Serverless-2016-10-31\nResources: {}\nGlobals: {Function: 1}"
        sentences = ["Globals: Function: must be a mapping, and is a number."]
    assert refused(text) == sentences


@pytest.mark.parametrize("transform", ["Mine", "[AWS::Serverless-2016-10-31, Mine]", "{Name: Mine, Parameters: {}}"])
def test_macros_are_refused_with_the_cure(transform: str) -> None:
    (sentence,) = refused(f"Transform: {transform}\nResources: {{}}")

    assert sentence.startswith("Transform: 'Mine' is a macro, which only AWS can run; give the processed template: aws")


def test_loops_are_refused_with_the_cure() -> None:
    (sentence,) = refused("Transform: AWS::LanguageExtensions\nResources: {'Fn::ForEach::Fns': [N, [a], {}]}")

    assert sentence.startswith("Resources: Fn::ForEach::Fns makes resources while AWS processes the template; give")


# --- functions


def test_globals_lie_under_functions() -> None:
    text = """
    Transform: AWS::Serverless-2016-10-31
    Globals:
      Function:
        Runtime: python3.11
        Handler: global.handler
        Timeout: 9
        Layers: [arn:one]
        Environment: {Variables: {A: global, B: !Ref AWS::Region}}
        VpcConfig: !If [a, b, c]
    Conditions: {a: !Equals [a, b]}
    Resources:
      Fn:
        Type: AWS::Serverless::Function
        Properties:
          CodeUri: src
          Handler: own.handler
          Layers: [arn:two]
          Environment: {Variables: {A: own, B: plain, C: 1}}
          VpcConfig: {SubnetIds: []}
      Plain:
        Type: AWS::Lambda::Function
        Properties: {Code: src, Handler: a.b, Runtime: python3.11}
    """
    fn, plain = read(text).functions

    assert (fn.handler, fn.timeout_seconds) == ("own.handler", 9)
    assert [layer.name for layer in fn.layers] == ["arn:one", "arn:two"]
    assert fn.environment == {"A": "own", "B": "plain", "C": "1"}
    assert (plain.timeout_seconds, plain.memory_mb, plain.environment) == (3, 128, {})


def test_a_function_has_all_its_settings() -> None:
    properties = (
        "CodeUri: ., FunctionName: lookup, Timeout: '7', MemorySize: 512, ReservedConcurrentExecutions: 0, "
        "Environment: {Variables: {A: !Sub '${AWS::Region}', N: 1.50, T: true, Gone: !Ref AWS::NoValue, Null: }}"
    )
    found = only(read(function(properties)))

    assert (found.resource.name, found.timeout_seconds, found.memory_mb, found.reserved) == ("lookup", 7, 512, 0)
    assert found.environment == {"A": "us-east-1", "N": "1.50", "T": "true"}


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ("CodeUri: src/", Code(path="src/")),
        ("CodeUri: ''", Code(path=".")),
        ("CodeUri: 's3://bucket/key.zip'", Code(elsewhere="at s3://bucket/key.zip")),
        ("CodeUri: {Bucket: !Ref B, Key: key.zip}", Code(key="key.zip", elsewhere="in an S3 bucket")),
        ("CodeUri: {Bucket: b, Key: !Ref B}", Code(elsewhere="in an S3 bucket")),
        ("InlineCode: 'x = 1'", Code(inline="x = 1")),
        ("PackageType: Image, ImageUri: x", Code(elsewhere="in a container image")),
    ],
)
def test_sam_says_where_code_lies(properties: str, code: Code) -> None:
    assert only(read("Parameters: {B: {Type: String}}\n" + function(properties))).code == code


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ("Code: ./dir", Code(path="./dir")),
        ("Code: {ZipFile: !Sub 'region = \"${AWS::Region}\"'}", Code(inline='region = "us-east-1"')),
        ("Code: {S3Bucket: !Sub '${B}', S3Key: abc.zip}", Code(key="abc.zip", elsewhere="in an S3 bucket")),
        ("PackageType: Image, Code: {ImageUri: x}", Code(elsewhere="in a container image")),
    ],
)
def test_cloudformation_says_where_code_lies(properties: str, code: Code) -> None:
    text = "Parameters: {B: {Type: String}}\n" + function(properties, kind="AWS::Lambda::Function")
    assert only(read(text)).code == code


def test_an_image_needs_no_handler() -> None:
    text = "Resources: {Fn: {Type: 'AWS::Lambda::Function', Properties: {PackageType: Image, Code: {ImageUri: x}}}}"
    found = only(read(text))

    assert (found.handler, found.runtime) == ("", "")


@pytest.mark.parametrize(
    ("properties", "sentences"),
    [
        ("", ["CodeUri: is missing."]),
        ("CodeUri: !Ref AWS::NoValue", ["CodeUri: is missing."]),
        ("CodeUri: [a]", ["CodeUri: must be a path, or say where in S3 the code lies."]),
        ("CodeUri: !Ref B", ["CodeUri: parameter B has no default"]),
        ("CodeUri: ., FunctionName: 'a b'", ["FunctionName: is 'a b', must be 1..64 letters, digits, - and _."]),
        ("CodeUri: ., Timeout: 901", ["Timeout: is 901, must be a whole number in 1..900."]),
        ("CodeUri: ., Timeout: 1.5", ["Timeout: is 1.5, must be a whole number in 1..900."]),
        ("CodeUri: ., Timeout: []", ["Timeout: is a list, must be a whole number in 1..900."]),
        ("CodeUri: ., MemorySize: 64", ["MemorySize: is 64, must be a whole number in 128..10240."]),
        ("CodeUri: ., Handler: !Ref B", ["Handler: parameter B has no default"]),
        ("CodeUri: ., Runtime: !Ref AWS::NoValue", ["Runtime: is missing."]),
        ("CodeUri: ., Environment: x", ["Environment: must be a mapping, and is text."]),
        ("CodeUri: ., Environment: {Variables: []}", ["Environment.Variables: must be a mapping, and is a list."]),
        ("CodeUri: ., Environment: {Variables: {A: []}}", ["Environment.Variables.A: must be text, and is a list."]),
        (
            "CodeUri: ., Environment: {Variables: {A: !Ref B, C: !ImportValue d}}",
            ["Environment.Variables.A: parameter B has no default", "Environment.Variables.C: 'd' is exported by"],
        ),
        ("CodeUri: ., Layers: x", ["Layers: must be a list, and is text."]),
        ("CodeUri: ., Layers: [[]]", ["Layers: must be text, and is a list."]),
    ],
)
def test_what_is_wrong_with_a_function_names_the_property(properties: str, sentences: list[str]) -> None:
    text = "Parameters: {B: {Type: String}}\n" + function(properties)
    found = refused(text)

    assert len(found) == len(sentences)
    for problem, sentence in zip(found, sentences, strict=True):
        assert problem.startswith(f"Fn: {sentence}")


def test_everything_that_is_wrong_is_told_at_once() -> None:
    text = """
    Resources:
      A: {Type: 'AWS::Lambda::Function', Properties: {Timeout: 0}}
      B:
        Type: AWS::Lambda::Function
        Properties: {FunctionName: !Ref Gone, Code: ., Handler: a.b, Runtime: python3.11}
      C: {Type: 'AWS::Connect::Queue', Properties: {}}
    """
    assert refused(text) == [
        "B: 'Gone' is no parameter or resource of the template.",
        "A: Timeout: is 0, must be a whole number in 1..900.",
        "A: Code: is missing.",
        "A: Handler: is missing.",
        "A: Runtime: is missing.",
        "C: Name: is missing.",
    ]


def test_functions_have_names_of_their_own() -> None:
    text = """
    Conditions: {IsNot: !Equals [a, b]}
    Resources:
      A: {Type: 'AWS::Lambda::Function', Properties: {Code: ., Handler: a.b, Runtime: python3.11, FunctionName: same}}
      B: {Type: 'AWS::Lambda::Function', Properties: {Code: ., Handler: a.b, Runtime: python3.11, FunctionName: same}}
      C: {Type: 'AWS::Lambda::Function', Condition: IsNot, Properties: {FunctionName: same}}
    """
    assert refused(text) == ["B: FunctionName: 'same' is the name of A, too."]


def test_a_function_may_have_a_role_already() -> None:
    text = function("CodeUri: !GetAtt FnRole.Arn, Role: 'arn:aws:iam::111122223333:role/x'")

    (sentence,) = refused(text)
    assert sentence.startswith(
        "Fn: CodeUri: FnRole.Arn is made by SAM, and offhook does not know it; give its value in"
    )


def test_a_condition_that_there_is_not_is_told_once() -> None:
    assert refused(function("CodeUri: !If [Gone, a, b]")) == ["Fn: 'Gone' is no condition of the template."]


def test_layers_lie_in_the_template_or_in_aws() -> None:
    more = """
  Deps: {Type: AWS::Serverless::LayerVersion, Metadata: {BuildMethod: python3.11}, Properties: {ContentUri: deps}}
  Named: {Type: AWS::Lambda::LayerVersion, Properties: {LayerName: named, Content: {S3Bucket: b, S3Key: k}}}
  Not: {Type: AWS::Lambda::LayerVersion, Condition: IsNot}
Conditions: {IsNot: !Equals [a, b]}
"""
    powertools = "arn:aws:lambda:us-east-1:017000801446:layer:Powertools:5"
    layers = only(read(function(f"CodeUri: ., Layers: [!Ref Deps, !Ref Named, '{powertools}']", more=more))).layers

    assert layers == (
        Layer("Deps", Code(path="deps"), is_source=True),
        Layer("Named", Code(key="k", elsewhere="in an S3 bucket")),
        Layer(powertools),
    )


# --- flows and what they refer to


def test_flows_and_modules_have_names_types_and_content() -> None:
    text = """
    Resources:
      Main:
        Type: AWS::Connect::ContactFlow
        Properties:
          InstanceArn: !Ref Never
          Name: Main
          Type: CUSTOMER_QUEUE
          Content:
            Fn::Join: ['', ['{"module": "', !GetAtt Part.ContactFlowModuleArn, '"}']]
      Part:
        Type: AWS::Connect::ContactFlowModule
        Properties: {Name: Part, Content: {'Fn::ToJsonString': {Version: '2019-10-30', StartAction: !Ref AWS::Region}}}
    Parameters: {Never: {Type: String}}
    """
    main, part = read(text).flows
    module = Instance().resource("module", "Part")

    assert (main.type, main.content) == ("CUSTOMER_QUEUE", f'{{"module": "{module.arn}"}}')
    assert main.resource.matches == ("${Main.ContactFlowArn}", "${Main}")
    assert (main.resource.arn, main.resource.id) == (
        Instance().resource("flow", "Main").arn, Instance().resource("flow", "Main").id,
    )  # fmt: skip
    assert (part.type, part.content) == (MODULE, '{"Version":"2019-10-30","StartAction":"us-east-1"}')
    assert part.resource.arn == module.arn


def test_what_is_wrong_with_a_flow_is_told() -> None:
    text = """
    Conditions: {IsNot: !Equals [a, b]}
    Resources:
      A: {Type: 'AWS::Connect::ContactFlow', Properties: {Name: Same, Type: FLOW, Content: {a: b}}}
      B: {Type: 'AWS::Connect::ContactFlow', Properties: {Name: Same, Type: CONTACT_FLOW, Content: x}}
      C: {Type: 'AWS::Connect::ContactFlow', Properties: {Name: C}}
      D: {Type: 'AWS::Connect::ContactFlowModule', Properties: {Name: Same, Content: x}}
      E: {Type: 'AWS::Connect::ContactFlow', Condition: IsNot}
      F: {Type: 'AWS::Connect::ContactFlow', Properties: {Name: F, Type: CONTACT_FLOW, Content: !ImportValue flow}}
    """
    problems = refused(text)

    assert problems[:5] == [
        "A: Content: must be text, and is an object.",
        f"A: Type: is 'FLOW', must be one of {', '.join(FLOW_TYPES)}.",
        "B: Name: 'Same' is the name of A, too.",
        "C: Content: is missing.",
        "C: Type: is missing.",
    ]
    assert problems[5].startswith("F: Content: 'flow' is exported by another stack; give its value in offhook.toml:")
    assert len(problems) == 6


def test_prompts_and_views_are_known_by_name() -> None:
    text = """
    Resources:
      Beep: {Type: 'AWS::Connect::Prompt', Properties: {Name: Beep.wav}}
      Form: {Type: 'AWS::Connect::View', Properties: {Name: Form}}
    """
    assert [(each.kind, each.name, each.matches) for each in read(text).resources] == [
        ("prompt", "Beep.wav", ("${Beep.PromptArn}", "${Beep}")),
        ("view", "Form", ("${Form.ViewArn}", "${Form}")),
    ]


def test_nested_stacks_are_told() -> None:
    text = """
    Conditions: {IsNot: !Equals [a, b]}
    Resources:
      Inner: {Type: 'AWS::CloudFormation::Stack', Properties: {TemplateURL: inner.yaml}}
      Never: {Type: 'AWS::Serverless::Application', Condition: IsNot}
    """
    assert read(text).warnings == (
        "t.yaml: Inner: a nested stack is not read; name its template in a table [functions.NAME] of its own.",
    )


HOURS = """
Resources:
  Hours:
    Type: AWS::Connect::HoursOfOperation
    Properties:
      Name: Hours
      TimeZone: Europe/Berlin
"""


def test_hours_are_what_offhook_toml_would_say() -> None:
    text = f"""{HOURS}
      Config:
        - {{Day: MONDAY, StartTime: {{Hours: 9, Minutes: 0}}, EndTime: {{Hours: 12, Minutes: 0}}}}
        - {{Day: MONDAY, StartTime: {{Hours: '13', Minutes: '30'}}, EndTime: {{Hours: 0, Minutes: 0}}}}
      HoursOfOperationOverrides:
        - OverrideName: Christmas
          EffectiveFrom: '2026-12-25'
          EffectiveTill: '2026-12-26'
          OverrideConfig: []
        - OverrideName: New Year's Eve
          EffectiveFrom: '2026-12-31'
          EffectiveTill: '2026-12-31'
          OverrideConfig:
            - {{Day: THURSDAY, StartTime: {{Hours: 9, Minutes: 0}}, EndTime: {{Hours: 10, Minutes: 0}}}}
            - {{Day: THURSDAY, StartTime: {{Hours: 11, Minutes: 0}}, EndTime: {{Hours: 12, Minutes: 0}}}}
        - EffectiveFrom: '2027-01-01'
          EffectiveTill: '2027-01-01'
"""
    assert read(text).hours["Hours"] == {
        "time_zone": "Europe/Berlin",
        "monday": ["09:00-12:00", "13:30-00:00"],
        "overrides": [
            {"name": "Christmas", "from": "2026-12-25", "to": "2026-12-26", "open": "closed"},
            {
                "name": "New Year's Eve",
                "from": "2026-12-31",
                "to": "2026-12-31",
                "open": ["09:00-10:00", "11:00-12:00"],
            },
            {"name": "", "from": "2027-01-01", "to": "2027-01-01", "open": "closed"},
        ],
    }


def test_what_is_wrong_with_hours_is_told() -> None:
    text = f"""{HOURS}
      Config:
        - {{Day: Mon}}
        - {{Day: FRIDAY, StartTime: {{Hours: 24, Minutes: 0}}, EndTime: 5}}
        - x
      HoursOfOperationOverrides:
        - EffectiveFrom: '2026-12-25'
          EffectiveTill: '2026-12-26'
          OverrideConfig:
            - {{Day: FRIDAY, StartTime: {{Hours: 9, Minutes: 0}}, EndTime: {{Hours: 10, Minutes: 0}}}}
            - {{Day: SATURDAY, StartTime: {{Hours: 9, Minutes: 0}}, EndTime: {{Hours: 11, Minutes: 0}}}}
"""
    assert refused(text) == [
        "Hours: Config: Day is 'MON', must be one of MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY.",
        "Hours: Config.StartTime.Hours: is 24, must be a whole number in 0..23.",
        "Hours: Config.EndTime.Hours: is null, must be a whole number in 0..23.",
        "Hours: Config.EndTime.Minutes: is null, must be a whole number in 0..59.",
        "Hours: Config: must be a mapping, and is text.",
        "Hours: Config: Day is '', must be one of MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY.",
        "Hours: HoursOfOperationOverrides: has days of its own over several dates, which offhook cannot say; give them "
        "in [hours].",
    ]
    assert refused(f"{HOURS}      Config: 1\n") == ["Hours: Config: must be a list, and is a number."]


def test_a_queue_names_its_hours() -> None:
    queue = "  Queue: {Type: 'AWS::Connect::Queue', Properties: {Name: Q, HoursOfOperationArn: %s}}\n"

    assert read(HOURS + queue % "!GetAtt Hours.HoursOfOperationArn").queues == (QueueSettings("Q", "Hours"),)
    elsewhere = read(HOURS + queue % "'arn:aws:connect:x'")
    assert elsewhere.queues == (QueueSettings("Q"),)
    assert elsewhere.warnings == (
        "t.yaml: Queue: HoursOfOperationArn names hours that are not in the template; the queue counts as always open.",
    )
    (sentence,) = refused(f"Parameters: {{P: {{Type: String}}}}\n{HOURS}" + queue % "!Ref P")
    assert sentence.startswith("Queue: HoursOfOperationArn: parameter P has no default")


# --- who may invoke what


def linked(*resources: str, properties: str = "CodeUri: ., FunctionName: lookup", top: str = "") -> Contents:
    more = "".join(f"  {each}\n" for each in resources)
    return read(top + function(properties, more=more))


ASSOCIATION = (
    "Link: {Type: AWS::Connect::IntegrationAssociation, Properties: {InstanceId: !Ref Instance, "
    "IntegrationType: LAMBDA_FUNCTION, IntegrationArn: !GetAtt Fn.Arn}}"
)
PERMISSION = (
    "Permit: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Action: lambda:InvokeFunction, "
    "Principal: connect.amazonaws.com, SourceArn: !Ref Instance}}"
)
TOP = "Parameters: {Instance: {Type: String}}\n"


def test_association_and_permission_are_read_as_what_they_mean() -> None:
    contents = linked(ASSOCIATION, PERMISSION, top=TOP)

    assert contents.associated == {"lookup"}
    assert only(contents).resource.policy == (Statement("connect.amazonaws.com", source_arn=INSTANCE),)
    assert contents.warnings == ()


def test_an_association_alone_is_warned_about() -> None:
    contents = linked(ASSOCIATION, top=TOP)

    assert contents.associated == {"lookup"}
    assert only(contents).resource.policy == ()
    assert contents.warnings == (
        "t.yaml: Fn: Link adds it to the instance, and no AWS::Lambda::Permission lets connect.amazonaws.com invoke "
        "it.",
    )


def test_a_permission_alone_is_warned_about() -> None:
    contents = linked(PERMISSION, top=TOP)

    assert contents.associated == frozenset()
    assert contents.warnings == (
        "t.yaml: Fn: connect.amazonaws.com may invoke it, and no AWS::Connect::IntegrationAssociation adds it to the "
        "instance.",
    )


def test_a_function_that_a_flow_invokes_and_nobody_permits_is_warned_about() -> None:
    flow = (
        "%s: {Type: AWS::Connect::ContactFlow, Properties: {Name: %s, Type: CONTACT_FLOW, "
        'Content: !Sub \'{"LambdaFunctionARN": "${%s.Arn}"}\'}}'
    )
    other = (
        "Other: {Type: AWS::Serverless::Function, Properties: {Handler: a.b, Runtime: python3.11, CodeUri: ., "
        "FunctionName: lookup-2}}"
    )
    contents = linked(
        ASSOCIATION, PERMISSION, other, flow % ("Main", "Main", "Other"), flow % ("B", "B", "Fn"), top=TOP
    )

    assert contents.warnings == (
        "t.yaml: Other: Main invokes it, and it has neither an AWS::Connect::IntegrationAssociation nor a "
        "AWS::Lambda::Permission.",
    )


def test_where_a_template_links_nothing_nobody_keeps_account() -> None:
    other = (
        "Api: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Fn, Principal: apigateway.amazonaws.com}}"
    )
    contents = linked(other)

    assert contents.associated is None
    assert only(contents).resource.policy is None
    assert contents.warnings == ()


def test_versions_and_aliases_have_policies_of_their_own() -> None:
    contents = linked(
        "Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}",
        "Newer: {Type: AWS::Lambda::Version, Properties: {FunctionName: !Ref Fn}}",
        "Live: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: live, FunctionVersion: !GetAtt "
        "Version.Version, RoutingConfig: {AdditionalVersionWeights: [{FunctionVersion: !GetAtt Newer.Version, "
        "FunctionWeight: 0.25}, {FunctionVersion: '9'}, x]}}}",
        ASSOCIATION.replace("!GetAtt Fn.Arn", "!Ref Live"),
        PERMISSION,
        top=TOP,
    )

    assert contents.associated == {"lookup:live"}
    assert only(contents).resource.aliases == {"live": Alias("1", {"2": 0.25})}
    assert only(contents).resource.versions == ("1", "2")
    assert contents.warnings == (
        "t.yaml: Fn: connect.amazonaws.com may invoke it, and no AWS::Connect::IntegrationAssociation adds it to the "
        "instance.",
        "t.yaml: Fn (live): Link adds it to the instance, and no AWS::Lambda::Permission lets connect.amazonaws.com "
        "invoke it.",
    )


@pytest.mark.parametrize("alias", ["live", "!Ref Stage"])
def test_sam_publishes_an_alias(alias: str) -> None:
    contents = linked(
        ASSOCIATION.replace("!GetAtt Fn.Arn", "!Ref Fn.Alias"),
        PERMISSION.replace("!Ref Fn", "!Ref Fn.Alias"),
        properties=f"CodeUri: ., FunctionName: lookup, AutoPublishAlias: {alias}",
        top="Parameters: {Instance: {Type: String}, Stage: {Default: live}}\n",
    )

    assert contents.associated == {"lookup:live"}
    assert only(contents).resource.aliases == {"live": Alias("1")}
    assert only(contents).resource.policy == (
        Statement("connect.amazonaws.com", source_arn=INSTANCE, qualifier="live"),
    )
    assert contents.warnings == ()


@pytest.mark.parametrize(
    ("named", "qualifier"),
    [
        ("lookup", ""),
        ("lookup:live", "live"),
        ("111122223333:function:lookup", ""),
        (f"{LAMBDAS}:function:lookup:7", "7"),
    ],
)
def test_a_function_may_be_named_in_four_ways(named: str, qualifier: str) -> None:
    policy = only(linked(PERMISSION.replace("!Ref Fn", f"'{named}'"), top=TOP)).resource.policy

    assert policy is not None
    assert [each.qualifier for each in policy] == [qualifier]


def test_what_comes_from_outside_is_left_alone() -> None:
    contents = linked(
        PERMISSION.replace("!Ref Fn", "!ImportValue other-function"),
        ASSOCIATION.replace("!GetAtt Fn.Arn", "!ImportValue other-function").replace("Link", "Far"),
        ASSOCIATION.replace("LAMBDA_FUNCTION", "LEX_BOT").replace("Link", "Bot"),
        PERMISSION.replace("!Ref Instance", "!ImportValue instance").replace("Permit", "Some"),
        "Alias: {Type: AWS::Lambda::Alias, Properties: {FunctionName: far, Name: x}}",
        "Version: {Type: AWS::Lambda::Version, Properties: {FunctionName: 'arn:aws:sns:us-east-1:1:x'}}",
        "Never: {Type: AWS::Lambda::Alias, Condition: IsNot, Properties: {FunctionName: !Ref Fn, Name: x}}",
        "Plain: {Type: AWS::Lambda::Alias, Properties: {FunctionName: !Ref Fn, Name: y, FunctionVersion: '3'}}",
        top=TOP + "Conditions: {IsNot: !Equals [a, b]}\n",
    )

    assert contents.associated == frozenset()
    assert only(contents).resource.aliases == {"y": Alias("3")}
    assert only(contents).resource.policy == (Statement("connect.amazonaws.com"),)


def test_the_instance_of_the_template_is_the_projects() -> None:
    """Whatever ARN the template is given for its instance: its resources belong to the one that there is."""
    arn = "arn:aws:connect:eu-west-1:999988887777:instance/11111111-2222-4333-8444-555555555555"
    permission = PERMISSION.replace(
        "SourceArn: !Ref Instance", "SourceArn: !Ref Instance, SourceAccount: '999988887777'"
    )
    text = TOP + function("CodeUri: ., FunctionName: lookup", more=f"  {ASSOCIATION}\n  {permission}\n")

    assert only(read(text, parameters={"Instance": arn})).resource.policy == (
        Statement("connect.amazonaws.com", source_account="111122223333", source_arn=INSTANCE),
    )
    stranger = permission.replace("!Ref Instance", "'arn:aws:connect:x:y:instance/z'").replace("999988887777", "1")
    text = TOP + function("CodeUri: ., FunctionName: lookup", more=f"  {ASSOCIATION}\n  {stranger}\n")
    assert only(read(text, parameters={"Instance": arn})).resource.policy == (
        Statement("connect.amazonaws.com", source_account="1", source_arn="arn:aws:connect:x:y:instance/z"),
    )


def test_an_instance_that_is_no_arn_is_left_alone() -> None:
    permission = PERMISSION.replace("SourceArn: !Ref Instance", "SourceArn: mine, SourceAccount: '1'")
    contents = linked(ASSOCIATION.replace("!Ref Instance", "mine"), permission)

    assert only(contents).resource.policy == (
        Statement("connect.amazonaws.com", source_account="1", source_arn="mine"),
    )


def test_a_parameter_that_names_the_instance_need_not_be_given() -> None:
    text = """
    Parameters: {Id: {Type: String}, Arn: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /connect/arn}}
    Resources:
      A:
        Type: AWS::Connect::Prompt
        Properties: {Name: !Ref Arn, InstanceArn: !Sub 'arn:aws:connect:${AWS::Region}:1:instance/${Id}'}
      B: {Type: 'AWS::Connect::Prompt', Properties: {Name: !Sub 'b ${Id}', InstanceArn: !Ref Arn}}
      C: {Type: 'AWS::Connect::Prompt', Properties: {Name: c, InstanceArn: !ImportValue arn}}
      D: {Type: 'AWS::Connect::Prompt', Properties: {Name: d, InstanceArn: plain}}
    """
    assert [each.name for each in read(text).resources] == [INSTANCE, f"b {Instance().id}", "c", "d"]
