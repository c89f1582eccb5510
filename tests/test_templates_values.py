"""Intrinsic functions, parameters, conditions and references: what each gives, and what each refuses."""

import json

import pytest

from offhook.model.instance import Instance
from offhook.templates.evaluate import MAX_MADE
from offhook.templates.physical import KINDS, physical_name
from offhook.templates.unknown import LOST

from .stacks import SAM, problem, refused, value, worked_out

INSTANCE = Instance().arn
PARAMETERS = """
Parameters:
  Stage: {Type: String, Default: dev}
  Zones: {Type: CommaDelimitedList, Default: 'a, b ,c'}
  Port: {Type: Number, Default: 80}
  Bare: {Type: String}
  Kept: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /shop/stage}
  Keys: {Type: 'AWS::SSM::Parameter::Value<List<String>>', Default: /shop/keys}
  Size: {Type: String, Default: small, AllowedValues: [small, 2, true]}
Conditions:
  IsDev: !Equals [!Ref Stage, dev]
  IsProd: !Equals [!Ref Stage, prod]
"""


# --- Ref


def test_ref_gives_a_parameter() -> None:
    assert value("!Ref Stage", PARAMETERS) == "dev"
    assert value("!Ref Port", PARAMETERS) == "80"
    assert value("!Ref Zones", PARAMETERS) == ["a", "b", "c"]
    assert value("!Ref Stage", PARAMETERS, parameters={"Stage": "prod"}) == "prod"
    assert value("!Ref Kept", PARAMETERS, parameters={"Kept": "x"}) == "x"
    assert value("!Ref Keys", PARAMETERS, parameters={"Keys": "x,y"}) == ["x", "y"]


def test_a_parameter_without_a_value_says_where_to_give_it() -> None:
    cure = 'give it in offhook.toml: [functions.stack] parameters = { Bare = "…" }.'
    assert problem("!Ref Bare", PARAMETERS) == f"parameter Bare has no default; {cure}"
    assert problem("[!Ref Bare, !Sub '${Bare}', !Ref Bare]", PARAMETERS) == f"parameter Bare has no default; {cure}"
    assert problem("!Ref Kept", PARAMETERS).startswith("parameter Kept names a value that SSM keeps; give it in")


def test_a_parameter_has_one_of_its_allowed_values() -> None:
    assert value("!Ref Size", PARAMETERS) == "small"
    assert value("!Ref Size", PARAMETERS, parameters={"Size": "2"}) == "2"
    assert value("!Ref Size", PARAMETERS, parameters={"Size": "true"}) == "true"
    assert problem("!Ref Size", PARAMETERS, parameters={"Size": "big"}) == (
        "parameter Size must be one of small, 2, True."
    )


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("AccountId", "111122223333"),
        ("Region", "us-east-1"),
        ("Partition", "aws"),
        ("URLSuffix", "amazonaws.com"),
        ("StackName", "demo"),
        ("NotificationARNs", []),
    ],
)
def test_pseudo_parameters_have_values_that_never_change(name: str, expected: object) -> None:
    assert value(f"!Ref AWS::{name}") == expected


def test_the_stack_has_an_id_and_an_instance_its_region() -> None:
    stack_id = value("!Ref AWS::StackId")
    assert stack_id.startswith("arn:aws:cloudformation:us-east-1:111122223333:stack/demo/")
    assert stack_id == value("!Ref AWS::StackId")
    assert value("!Ref AWS::Region", instance=Instance(region="eu-west-1")) == "eu-west-1"
    assert problem("!Ref AWS::Planet") == "AWS::Planet is no pseudo parameter of CloudFormation's."


def test_no_value_takes_its_entry_away() -> None:
    assert value("{a: !Ref AWS::NoValue, b: 1, c: [1, !Ref AWS::NoValue]}") == {"b": 1, "c": [1]}
    assert value("!Ref AWS::NoValue") is None


def test_ref_takes_a_name() -> None:
    assert problem("Ref: [a]") == "Ref takes a name."


# --- Fn::GetAtt and what there is to get


MORE = """
More:
  Table: {Type: 'AWS::DynamoDB::Table', Properties: {TableName: states}}
  Fn: {Type: 'AWS::Lambda::Function', Properties: {FunctionName: lookup}}
  Unnamed: {Type: 'AWS::Lambda::Function'}
  Live: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Fn, FunctionVersion: '2', Name: live}}
  One: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Fn}}
  Two: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Fn}}
  Other: {Type: 'AWS::Lambda::Version', Properties: {FunctionName: !Ref Unnamed}}
  Layer: {Type: 'AWS::Lambda::LayerVersion', Properties: {LayerName: deps}}
  Instance: {Type: 'AWS::Connect::Instance'}
  Queue: {Type: 'AWS::Connect::Queue', Properties: {Name: !Sub 'Support ${AWS::Region}'}}
  Flow: {Type: 'AWS::Connect::ContactFlow', Properties: {Name: Main}}
  FlowVersion: {Type: 'AWS::Connect::ContactFlowVersion', Properties: {ContactFlowId: !Ref Flow}}
  Bot: {Type: 'AWS::Lex::Bot'}
  BotAlias: {Type: 'AWS::Lex::BotAlias', Properties: {BotId: !Ref Bot}}
  Never: {Type: 'AWS::SQS::Queue', Condition: IsProd}
  Nested: {Type: 'AWS::CloudFormation::Stack'}
  Thing: {Type: 'Custom::Thing'}
"""


def of(expression: str) -> object:
    return value(expression, PARAMETERS + MORE)


def test_ref_of_a_resource_is_what_its_type_gives() -> None:
    lambdas = "arn:aws:lambda:us-east-1:111122223333"
    assert of("!Ref Table") == "states"
    assert of("!Ref Fn") == "lookup"
    assert of("!Ref Unnamed") == physical_name("demo", "Unnamed")
    assert of("!Ref Live") == f"{lambdas}:function:lookup:live"
    assert of("!Ref Two") == f"{lambdas}:function:lookup:2"
    assert of("!Ref Other") == f"{lambdas}:function:{physical_name('demo', 'Unnamed')}:1"
    assert of("!Ref Layer") == f"{lambdas}:layer:deps:1"
    assert of("!Ref Instance") == INSTANCE
    assert of("!Ref Queue") == Instance().resource("queue", "Support us-east-1").arn
    assert of("!Ref FlowVersion") == f"{Instance().resource('flow', 'Main').arn}:1"
    assert str(of("!Ref Thing")).startswith("demo-Thing-")


def test_attributes_are_what_the_type_gives() -> None:
    assert of("!GetAtt Table.Arn") == "arn:aws:dynamodb:us-east-1:111122223333:table/states"
    assert of("!GetAtt [Fn, Arn]") == "arn:aws:lambda:us-east-1:111122223333:function:lookup"
    assert of("!GetAtt Two.Version") == "2"
    assert of("!GetAtt Instance.Id") == Instance().id
    assert of("!GetAtt Queue.QueueArn") == of("!Ref Queue")
    assert str(of("!GetAtt BotAlias.Arn")).startswith(f"arn:aws:lex:us-east-1:111122223333:bot-alias/{of('!Ref Bot')}/")


def test_the_attribute_may_be_a_parameter() -> None:
    parameters = "Parameters: {What: {Type: String, Default: Arn}}\n" + MORE
    assert value("!GetAtt [Table, !Ref What]", "Conditions: {IsProd: !Equals [1, 2]}\n" + parameters) == (
        of("!GetAtt Table.Arn")
    )


def test_every_type_of_the_table_gives_all_that_it_names() -> None:
    for type_, kind in KINDS.items():
        properties = (
            "{FunctionName: f, Name: n, ContactFlowId: c, ContactFlowModuleId: m, BotId: b, AutoPublishAlias: l}"
        )
        more = f"More: {{R: {{Type: '{type_}', Properties: {properties}}}}}"
        for attribute in ("Ref", *kind.attributes):
            found = value("!Ref R" if attribute == "Ref" else f"!GetAtt R.{attribute}", more)
            assert isinstance(found, str)
            assert found
            assert "{" not in found


def test_what_only_aws_knows_says_how_to_give_it() -> None:
    cure = 'give its value in offhook.toml: [functions.stack] imports = { "Nested.Outputs.Url" = "…" }.'
    assert problem("!GetAtt Nested.Outputs.Url", PARAMETERS + MORE) == (
        f"only AWS knows Outputs.Url of Nested (AWS::CloudFormation::Stack); {cure}"
    )
    imports = {"Nested.Outputs.Url": "http://x", "Thing": "id-1"}
    assert value("!GetAtt Nested.Outputs.Url", PARAMETERS + MORE, imports=imports) == "http://x"
    assert value("!Ref Thing", PARAMETERS + MORE, imports=imports) == "id-1"
    assert value("!Sub '${Nested.Outputs.Url}/${Thing}'", PARAMETERS + MORE, imports=imports) == "http://x/id-1"


def test_a_resource_whose_condition_is_false_is_not_there() -> None:
    assert problem("!Ref Never", PARAMETERS + MORE) == "Never is not made: its condition IsProd is false."


def test_a_name_that_cannot_be_told_loses_what_is_made_of_it() -> None:
    more = "More: {Q: {Type: 'AWS::Connect::Queue', Properties: {Name: !Ref Bare}}, T: {Type: 'AWS::S3::Bucket', "
    more += (
        "Properties: {BucketName: !Ref Bare}}, A: {Type: 'AWS::Lambda::Alias', Properties: {FunctionName: !Ref Bare}},"
    )
    more += "B: {Type: 'AWS::Lambda::Alias', Properties: {Name: {}}}}"
    found, problems = worked_out("[!Ref Q, !GetAtt T.Arn, !Ref A, !Ref B]", PARAMETERS + more)

    assert found is LOST
    assert problems[0].startswith("Q: Name: parameter Bare has no default")
    assert problems[1:] == [
        "A: Name: is missing.",
        "B: FunctionName: is missing.",
        "B: Name: must be text, and is an object.",
    ]


def test_what_sam_makes_beside_a_function_can_be_named() -> None:
    more = "More: {Fn: {Type: 'AWS::Serverless::Function', Properties: {FunctionName: lookup, AutoPublishAlias: live}}}"
    arn = "arn:aws:lambda:us-east-1:111122223333:function:lookup"
    assert value("!Ref Fn.Alias", SAM + more) == f"{arn}:live"
    assert value("!Sub ${Fn.Version}", SAM + more) == f"{arn}:1"
    assert value("!Ref FnAliaslive", SAM + more) == f"{arn}:live"
    assert str(value("!GetAtt FnRole.Arn", SAM + more)).startswith("arn:aws:iam::111122223333:role/demo-FnRole-")
    assert problem("!Sub 'https://${ServerlessRestApi}/x'", SAM + more).startswith(
        "ServerlessRestApi is made by SAM, and offhook does not know it; give its value in offhook.toml:"
    )
    assert value("!Ref ServerlessRestApi", SAM + more, imports={"ServerlessRestApi": "abc"}) == "abc"


@pytest.mark.parametrize(
    "expression", ["!GetAtt Fn", "!GetAtt [Fn]", "!GetAtt [Fn, Arn, x]", "Fn::GetAtt: {a: b, c: d}"]
)
def test_get_att_takes_an_id_and_an_attribute(expression: str) -> None:
    assert "Fn::GetAtt takes a l" in problem(expression, PARAMETERS + MORE)


def test_get_att_takes_text() -> None:
    assert problem("!GetAtt [[Fn], Arn]") == "Fn::GetAtt takes a logical id and an attribute."
    assert problem("!GetAtt [X, [Arn]]") == "the attribute of Fn::GetAtt must be text, and is a list."


# --- Fn::Sub


def test_sub_fills_in_names() -> None:
    assert value("!Sub '${Stage}-${AWS::Region}-${Table.Arn}-${!Literal}-$x'", PARAMETERS + MORE) == (
        "dev-us-east-1-arn:aws:dynamodb:us-east-1:111122223333:table/states-${Literal}-$x"
    )
    assert value("!Sub ['${a}${Stage}${b}', {a: 1, b: !Ref Port, Stage: !Sub '<${Stage}>'}]", PARAMETERS) == "1<dev>80"
    assert value("!Sub ['${Table.Arn}', {'Table.Arn': x}]", PARAMETERS + MORE) == "x"


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        (
            "!Sub '${a b}'",
            "${a b} in Fn::Sub may hold letters, digits, dots and colons; write ${!…} for text that only",
        ),
        ("!Sub ''", None),
        ("!Sub '${Zones}'", "${Zones} must be text, and is a list."),
        ("!Sub [x]", "Fn::Sub takes a list of 2."),
        ("!Sub [x, y]", "Fn::Sub takes text, or a list of text and a mapping."),
        ("!Sub {a: b}", "Fn::Sub takes text, or a list of text and a mapping."),
        ("!Sub '${AWS::NoValue}'", "${AWS::NoValue} must be text, and is absent."),
    ],
)
def test_sub_refuses(expression: str, sentence: str | None) -> None:
    if sentence is None:
        assert value(expression, PARAMETERS) == ""
    else:
        assert problem(expression, PARAMETERS).startswith(sentence)


# --- lists and texts


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("!Join ['-', [a, 1, true, !Ref Stage, !Ref AWS::NoValue, 1.50]]", "a-1-true-dev-1.50"),
        ("!Join ['', !Ref Zones]", "abc"),
        ("!Join [!Ref Stage, !Split [',', 'x,y']]", "xdevy"),
        ("!Split ['|', 'a||b']", ["a", "", "b"]),
        ("!Select [1, !Ref Zones]", "b"),
        ("!Select ['0', [a]]", "a"),
        ("!Select [!Select [0, ['1']], [a, {b: !Ref Stage}]]", {"b": "dev"}),
        ("Fn::Base64: !Sub 'hi ${Stage}'", "aGkgZGV2"),
        ("Fn::ToJsonString: {a: [1, 1.50, true, !Ref Stage]}", '{"a":[1,1.50,true,"dev"]}'),
        ("Fn::Length: !Ref Zones", 3),
        ("!If [IsDev, a, !Ref Bare]", "a"),
        ("!If [IsProd, !Ref Bare, !Ref AWS::NoValue]", None),
    ],
)
def test_functions_of_lists_and_texts(expression: str, expected: object) -> None:
    assert value(expression, PARAMETERS) == expected


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("!Join [a]", "Fn::Join takes a list of 2."),
        ("!Join ['', a]", "Fn::Join takes a list."),
        ("!Join ['', [[a]]]", "each part of Fn::Join must be text, and is a list."),
        ("!Join [[], [a]]", "the delimiter of Fn::Join must be text, and is a list."),
        ("!Split a", "Fn::Split takes a list of 2."),
        ("!Split ['', a]", "the delimiter of Fn::Split must not be empty."),
        ("!Split [',', [a]]", "what Fn::Split takes must be text, and is a list."),
        ("!Select [1]", "Fn::Select takes a list of 2."),
        ("!Select [3, !Ref Zones]", "Fn::Select asks for item 3 of a list of 3, which counts from 0."),
        ("!Select [-1, [a]]", "Fn::Select asks for item -1 of a list of 1, which counts from 0."),
        ("!Select [0, a]", "Fn::Select takes a list."),
        ("Fn::Base64: [a]", "what Fn::Base64 takes must be text, and is a list."),
        ("Fn::ToJsonString: a", "Fn::ToJsonString takes a mapping or a list."),
        ("Fn::Length: a", "Fn::Length takes a list."),
        ("!If [IsDev, a]", "Fn::If takes a list of 3."),
        ("!If [[], a, b]", "Fn::If takes the name of a condition first."),
        ("!GetAZs us-east-1", "Fn::GetAZs asks AWS, and there is none to ask; write a parameter in its place."),
        ("!Cidr [a, b, c]", "Fn::Cidr asks AWS, and there is none to ask; write a parameter in its place."),
        ("!Equals [a, b]", "Fn::Equals stands in a value, and belongs under Conditions."),
        ("Fn::Guess: a", "Fn::Guess is no function that offhook knows."),
        ("!ImportValue [a]", "what Fn::ImportValue takes must be text, and is a list."),
    ],
)
def test_functions_refuse_what_they_do_not_take(expression: str, sentence: str) -> None:
    assert problem(expression, PARAMETERS) == sentence


@pytest.mark.parametrize(
    "expression",
    [
        "!Join ['', [!Ref Bare]]", "!Join [!Ref Bare, [a]]", "!Join ['', !Ref Bare]", "!Split [',', !Ref Bare]",
        "!Select [!Ref Bare, [a]]", "!Sub '${Bare}'", "!Sub ['${a}', {a: !Ref Bare}]", "Fn::Base64: !Ref Bare",
        "Fn::ToJsonString: {a: !Ref Bare}", "Fn::Length: !Ref Bare", "!FindInMap [!Ref Bare, a, b]", "{a: !Ref Bare}",
        "[a, [!Ref Bare]]", "!ImportValue {Ref: Bare}", "!GetAtt [X, !Ref Bare]", "!If [OfBare, a, b]",
        "!Transform {Name: 'AWS::Include', Parameters: {Location: !Ref Bare}}",
    ],
)  # fmt: skip
def test_what_is_made_of_a_lost_value_is_lost_without_another_word(expression: str) -> None:
    found, problems = worked_out(expression, PARAMETERS + "  OfBare: !Equals [!Ref Bare, x]\n")

    assert found is LOST
    assert len(problems) == 1
    assert "parameter Bare has no default" in problems[0]


# --- mappings


MAPPINGS = "Mappings: {Sizes: {dev: {Memory: 256, Zones: [a, b]}}}\n"


def test_find_in_map_gives_what_is_there() -> None:
    assert value("!FindInMap [Sizes, !Ref Stage, Memory]", PARAMETERS + MAPPINGS) == 256
    assert value("!Select [1, !FindInMap [Sizes, dev, Zones]]", MAPPINGS) == "b"
    assert value("!FindInMap [Sizes, prod, Memory, {DefaultValue: !Ref Stage}]", PARAMETERS + MAPPINGS) == "dev"


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("!FindInMap [Sizes, dev]", "Fn::FindInMap takes a list of 3 or 4."),
        ("!FindInMap [Sizes, prod, Memory]", "Fn::FindInMap Sizes prod Memory: there is no 'prod'; there is dev."),
        ("!FindInMap [Sizes, dev, CPU, {}]", "Fn::FindInMap Sizes dev CPU: there is no 'CPU'; there is Memory, Zones."),
        ("!FindInMap [!Sub Sizes, dev, [a]]", "each name of Fn::FindInMap must be text, and is a list."),
    ],
)
def test_find_in_map_refuses(expression: str, sentence: str) -> None:
    assert problem(expression, MAPPINGS) == sentence


def test_a_mapping_may_be_too_flat() -> None:
    assert problem("!FindInMap [M, a, b]", "Mappings: {M: {a: 1}}") == (
        "Fn::FindInMap M a b: there is no 'b'; there is nothing."
    )


# --- conditions


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("!Equals [!Ref Stage, dev]", True),
        ("!Equals [true, 'true']", True),
        ("!Equals [1, '1.0']", False),
        ("!Not [!Equals [a, b]]", True),
        ("!And [!Condition IsDev, !Not [!Condition IsProd]]", True),
        ("!And [!Condition IsDev, !Condition IsProd]", False),
        ("!Or [!Condition IsProd, !Condition IsDev]", True),
        ("!Or [!Condition IsProd, !Condition IsProd]", False),
    ],
)
def test_conditions(condition: str, holds: bool) -> None:
    assert value("!If [C, held, failed]", f"{PARAMETERS}  C: {condition}\n") == ("held" if holds else "failed")


@pytest.mark.parametrize(
    ("condition", "sentence"),
    [
        ("!Equals [a]", "Fn::Equals takes a list of 2."),
        ("!Equals [a, [b]]", "each side of Fn::Equals must be text, and is a list."),
        ("!Not [!Condition IsDev, !Condition IsDev]", "Fn::Not takes a list of 1."),
        ("!Not a", "Fn::Not takes a list of 1."),
        ("!And [!Condition IsDev]", "Fn::And takes a list of 2 or 3 or 4 or 5 or 6 or 7 or 8 or 9 or 10."),
        ("true", "a condition is one of Condition, Fn::And, Fn::Or, Fn::Not, Fn::Equals."),
        ("{a: 1, b: 2}", "a condition is one of Condition, Fn::And, Fn::Or, Fn::Not, Fn::Equals."),
        ("!Ref Stage", "a condition is one of Condition, Fn::And, Fn::Or, Fn::Not, Fn::Equals."),
        ("{Condition: [a]}", "a condition is one of Condition, Fn::And, Fn::Or, Fn::Not, Fn::Equals."),
    ],
)
def test_conditions_refuse(condition: str, sentence: str) -> None:
    found, problems = worked_out("!If [C, a, b]", f"{PARAMETERS}  C: {condition}\n")

    assert found is LOST
    assert problems == [f"Conditions: C: {sentence}"]


def test_a_lost_condition_loses_what_is_made_of_it() -> None:
    conditions = "  C: !Or [!Equals [!Ref Bare, a], !Equals [b, b]]\n  D: !Not [!Condition C]\n"
    found, problems = worked_out("[!If [C, a, b], !If [D, a, b]]", PARAMETERS + conditions)

    assert found is LOST
    assert [each.partition(":")[0] for each in problems] == ["Conditions"]


# --- values from outside


def test_exports_and_dynamic_references_are_given_in_offhook_toml() -> None:
    imports = {"net-Vpc": "vpc-1", "{{resolve:ssm:/a}}": "A", "{{resolve:secretsmanager:b:SecretString:c}}": "B"}

    assert value("!ImportValue net-Vpc", imports=imports) == "vpc-1"
    assert (
        value("Fn::ImportValue: !Sub 'net-${Name}'", "Parameters: {Name: {Default: Vpc}}", imports=imports) == "vpc-1"
    )
    assert value("['{{resolve:ssm:/a}}', {x: 'a {{resolve:ssm:/a}} {{resolve:secretsmanager:b:SecretString:c}}'}]",
                 imports=imports) == ["A", {"x": "a A B"}]  # fmt: skip
    assert value("'{{ jinja }} and {{resolve}}'") == "{{ jinja }} and {{resolve}}"


def test_what_is_not_given_says_where_to_give_it() -> None:
    cure = "give its value in offhook.toml: [functions.stack] imports ="
    assert problem("!ImportValue net-Vpc") == f"'net-Vpc' is exported by another stack; {cure} {{ net-Vpc = \"…\" }}."
    assert problem("!Sub 'x {{resolve:ssm:/a}}'") == (
        f'{{{{resolve:ssm:/a}}}} is kept by AWS; {cure} {{ "{{{{resolve:ssm:/a}}}}" = "…" }}.'
    )
    found, problems = worked_out("{a: ['{{resolve:ssm:/a}}'], b: !Sub '{{resolve:ssm:/a}}'}")
    assert found is LOST
    assert len(problems) == 1


def test_an_included_file_is_given_as_a_file() -> None:
    include = "!Transform {Name: 'AWS::Include', Parameters: {Location: 's3://b/${Stage}.yaml'}}"
    document = {"Text": {"Fn::Sub": "of ${Stage}"}}

    assert value(include, PARAMETERS, imports={"s3://b/${Stage}.yaml": document}) == {"Text": "of dev"}
    assert problem(include, PARAMETERS).startswith(
        "AWS::Include of s3://b/${Stage}.yaml is a file that AWS keeps; give"
    )
    for macro in ("!Transform {Name: Mine, Parameters: {}}", "!Transform {Name: 'AWS::Include'}", "!Transform x"):
        assert problem(macro) == "Fn::Transform is a macro, which only AWS can run; give the processed template."


# --- bounds


def test_texts_that_multiply_are_bounded() -> None:
    rows = [f"  S{n}: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: !Sub '%s'}}}}" for n in range(9)]
    tenfold = "\n".join(row % (f"${{S{n + 1}}}" * 10) for n, row in enumerate(rows))
    more = f"More:\n{tenfold}\n  S9: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: x}}}}\n"
    found, problems = worked_out("!Ref S0", more)

    assert found is LOST
    assert len(problems) == 1
    assert problems[0].endswith(f"the texts of the template have more than {MAX_MADE:,} characters together.")


def test_references_that_lead_on_and_on_are_bounded() -> None:
    chain = "".join(
        f"  S{n}: {{Type: 'AWS::S3::Bucket', Properties: {{BucketName: !Sub 'x${{S{n + 1}}}'}}}}\n" for n in range(500)
    )
    more = f"More:\n{chain}  S500: {{Type: 'AWS::S3::Bucket'}}\n"
    found, problems = worked_out("!Ref S0", more)

    assert found is LOST
    assert len(problems) == 1
    assert problems[0].endswith("is nested too deeply, over all that it refers to.")


def test_conditions_that_lead_on_and_on_are_bounded() -> None:
    chain = "".join(f"  C{n}: !Not [!Condition C{n + 1}]\n" for n in range(500))
    found, problems = worked_out("!If [C0, a, b]", f"Conditions:\n{chain}  C500: !Equals [a, a]\n")

    assert found is LOST
    assert [each.partition(": ")[2].partition(": ")[2] for each in problems] == [
        "is nested too deeply, over all that it refers to."
    ]


@pytest.mark.parametrize("wrap", ["!Sub ['${{a}}', {{a: {}}}]", "!If [IsDev, {}, a]", "!Join ['', [{}]]", "{{a: {}}}"])
def test_values_as_deep_as_a_template_can_be_are_worked_out(wrap: str) -> None:
    expression = "deep"
    for _ in range(28):
        expression = wrap.format(expression)

    assert "deep" in str(value(expression, PARAMETERS))


# --- the template as a whole


def test_names_that_there_are_not_are_all_told() -> None:
    text = """
    Parameters: {Stage: {Type: String}}
    Mappings: {Sizes: {}}
    Conditions: {IsDev: !Equals [!Ref Stagge, dev], Or: !Or [!Condition IsDef, !Condition IsDev]}
    Resources:
      Table: {Type: 'AWS::DynamoDB::Table', Condition: IsDew}
      Topic:
        Type: AWS::SNS::Topic
        DependsOn: [Table, Tabel]
        Properties:
          A: !Ref Tabel
          B: !GetAtt Stage.Arn
          C: !Sub ['${Tible} ${Tible.Arn} ${local} ${!x}', {local: 1}]
          D: !If [IsDeb, !FindInMap [Size, a, b], !Ref AWS::NoValue]
          E: {Condition: nobody}
          F: !Transform {Name: x, Parameters: {a: !Ref unseen}}
    """
    assert sorted(refused(text)) == [
        "Conditions: IsDev: 'Stagge' is no parameter or resource of the template; nearest: Stage.",
        "Conditions: Or: 'IsDef' is no condition of the template; nearest: IsDev.",
        "Table: 'IsDew' is no condition of the template; nearest: IsDev.",
        "Topic: 'IsDeb' is no condition of the template; nearest: IsDev.",
        "Topic: 'Size' is no mapping of the template; nearest: Sizes.",
        "Topic: 'Stage' is no resource of the template.",
        "Topic: 'Tabel' is no parameter or resource of the template; nearest: Table.",
        "Topic: 'Tabel' is no resource of the template; nearest: Table.",
        "Topic: 'Tible' is no parameter or resource of the template; nearest: Table.",
        "Topic: 'Tible' is no resource of the template; nearest: Table.",
    ]


def test_a_name_that_sam_may_make_is_no_mistake_in_sam_alone() -> None:
    table = "Table: {Type: 'AWS::Serverless::SimpleTable', DependsOn: [TableRole], Properties: {A: !Ref %s}}"
    text = f"Resources: {{{table}}}"

    assert refused(text % "TableKey") == [
        "Table: 'TableKey' is no parameter or resource of the template; nearest: Table.",
        "Table: 'TableRole' is no resource of the template; nearest: Table.",
    ]
    assert refused(SAM + text % "Gone") == ["Table: 'Gone' is no parameter or resource of the template."]
    assert refused(SAM + "Conditions: {A: !Condition TableX}\n" + text % "TableKey") == [
        "Conditions: A: 'TableX' is no condition of the template."
    ]


def test_circles_are_told_once_each() -> None:
    text = """
    Conditions: {Even: !Not [!Condition Odd], Odd: !Not [!Condition Even], Fine: !Equals [a, a]}
    Resources:
      A: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Sub 'x${B}'}}
      B: {Type: 'AWS::SNS::Topic', DependsOn: C}
      C: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !GetAtt A.TopicName}}
      D: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref D}}
      E: {Type: 'AWS::SNS::Topic', Properties: {TopicName: !Ref A}}
      Fn:
        Type: AWS::Lambda::Function
        Condition: Even
        Properties: {FunctionName: !Ref D, Handler: a.b, Runtime: python3.11, Code: ., Role: !Ref E}
    """
    assert refused(text) == [
        "A -> B -> C -> A: these resources refer to one another in a circle.",
        "D -> D: these resources refer to one another in a circle.",
        "Even -> Odd -> Even: these conditions refer to one another in a circle.",
    ]


def test_long_circles_and_many_mistakes_stay_cheap() -> None:
    ring = {
        f"R{n}": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": {"Ref": f"R{(n + 1) % 4000}"}}}
        for n in range(4000)
    }
    selves = {f"S{n}": {"Type": "AWS::SNS::Topic", "DependsOn": f"S{n}"} for n in range(300)}
    lost = {f"L{n}": {"Type": "AWS::SNS::Topic", "DependsOn": f"gone{n}"} for n in range(300)}

    problems = refused(json.dumps({"Resources": ring | selves | lost}))

    assert len(problems) == 100
    assert problems[50].count(" -> ") == 4000


def test_names_are_made_as_cloudformation_makes_them() -> None:
    assert physical_name("demo", "Lookup") == physical_name("demo", "Lookup")
    assert physical_name("demo", "Lookup") != physical_name("prod", "Lookup")
    long = physical_name("s" * 40, "L" * 40)
    assert long.startswith(f"{'s' * 24}-{'L' * 24}-")
    assert len(long) <= 64
