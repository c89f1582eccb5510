"""What Ref and Fn::GetAtt give for resources that are only on paper: names, ids and ARNs that never change.

A resource without a name gets one as CloudFormation makes them, stack-LogicalId-SUFFIX, with a suffix that is derived
and not drawn. What belongs to an instance of Connect gets the ARN that offhook gives a resource of that kind and name,
so a flow that carries it finds the resource.
Source: "Return values" on the page of each type in CloudFormation's template reference; spec/iac.md section 2.
"""

import base64
import hashlib
from dataclasses import dataclass, field

from offhook.templates.outline import SERVERLESS_FUNCTION

# Lambda takes 64 characters: two parts of 24, two dashes and the suffix fit
_MAX_NAME = 64
_MAX_PART = 24
_SUFFIX = 12


@dataclass(frozen=True, slots=True)
class Kind:
    """`name`: the property that names the resource. `ref` and `attributes` are patterns.

    In a pattern, `{name}` is the name given or made, `{instance}` the instance's ARN, `{arn}` the ARN that the instance
    gives to the kind `connect`, `{function}` the ARN of the function that the property FunctionName means, `{number}`
    the version's number; `{account}`, `{region}`, `{instance_id}`, `{id}` and `{short_id}` (both
    derived) say themselves, and any other word is a property.
    """

    name: str = ""
    ref: str = "{name}"
    attributes: dict[str, str] = field(default_factory=dict)
    connect: str = ""


def physical_name(stack: str, logical_id: str) -> str:
    """The name of a resource that its template does not name."""
    digest = hashlib.sha256(f"{stack}\x00{logical_id}".encode()).digest()
    suffix = base64.b32encode(digest).decode()[:_SUFFIX]
    if len(stack) + len(logical_id) + 2 + _SUFFIX > _MAX_NAME:
        stack, logical_id = stack[:_MAX_PART], logical_id[:_MAX_PART]
    return f"{stack}-{logical_id}-{suffix}"


def _of_connect(kind: str, attribute: str) -> Kind:
    return Kind("Name", "{arn}", {attribute: "{arn}"}, kind)


def _arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{{region}}:{{account}}:{resource}"


_SERVICE_ROLE = "arn:aws:iam::{account}:role/aws-service-role/connect.amazonaws.com/"
_FUNCTION = _arn("lambda", "function:{name}")
_LAYER = Kind("LayerName", _arn("lambda", "layer:{name}:1"))

KINDS: dict[str, Kind] = {
    "AWS::Connect::Instance": Kind(
        ref="{instance}",
        attributes={
            "Arn": "{instance}",
            "Id": "{instance_id}",
            "InstanceStatus": "ACTIVE",
            "ServiceRole": _SERVICE_ROLE + "AWSServiceRoleForAmazonConnect",
        },
    ),
    "AWS::Connect::ContactFlow": _of_connect("flow", "ContactFlowArn"),
    "AWS::Connect::ContactFlowModule": _of_connect("module", "ContactFlowModuleArn"),
    "AWS::Connect::ContactFlowVersion": Kind(
        ref="{ContactFlowId}:1", attributes={"ContactFlowVersionARN": "{ContactFlowId}:1", "Version": "1"}
    ),
    "AWS::Connect::ContactFlowModuleVersion": Kind(
        ref="{ContactFlowModuleId}:1",
        attributes={"ContactFlowModuleVersionARN": "{ContactFlowModuleId}:1", "Version": "1"},
    ),
    "AWS::Connect::ContactFlowModuleAlias": Kind(
        ref="{ContactFlowModuleId}:{Name}", attributes={"ContactFlowModuleAliasARN": "{ContactFlowModuleId}:{Name}"}
    ),
    "AWS::Connect::HoursOfOperation": _of_connect("hours", "HoursOfOperationArn"),
    "AWS::Connect::Queue": _of_connect("queue", "QueueArn"),
    "AWS::Connect::Prompt": _of_connect("prompt", "PromptArn"),
    "AWS::Connect::View": _of_connect("view", "ViewArn"),
    "AWS::Connect::QuickConnect": _of_connect("transfer-destination", "QuickConnectArn"),
    "AWS::Connect::RoutingProfile": _of_connect("routing-profile", "RoutingProfileArn"),
    "AWS::Connect::User": Kind("Username", "{arn}", {"UserArn": "{arn}"}, "agent"),
    "AWS::Connect::SecurityProfile": Kind(
        "SecurityProfileName", "{arn}", {"SecurityProfileArn": "{arn}"}, "security-profile"
    ),
    "AWS::Lambda::Function": Kind("FunctionName", attributes={"Arn": _FUNCTION}),
    SERVERLESS_FUNCTION: Kind(
        "FunctionName",
        attributes={"Arn": _FUNCTION, "Alias": f"{_FUNCTION}:{{AutoPublishAlias}}", "Version": f"{_FUNCTION}:1"},
    ),
    "AWS::Lambda::Alias": Kind(ref="{function}:{Name}", attributes={"AliasArn": "{function}:{Name}"}),
    "AWS::Lambda::Version": Kind(
        ref="{function}:{number}", attributes={"FunctionArn": "{function}:{number}", "Version": "{number}"}
    ),
    "AWS::Lambda::LayerVersion": _LAYER,
    "AWS::Serverless::LayerVersion": _LAYER,
    "AWS::DynamoDB::Table": Kind("TableName", attributes={"Arn": _arn("dynamodb", "table/{name}")}),
    "AWS::DynamoDB::GlobalTable": Kind("TableName", attributes={"Arn": _arn("dynamodb", "table/{name}")}),
    "AWS::Serverless::SimpleTable": Kind("TableName", attributes={"Arn": _arn("dynamodb", "table/{name}")}),
    "AWS::S3::Bucket": Kind(
        "BucketName",
        attributes={
            "Arn": "arn:aws:s3:::{name}",
            "DomainName": "{name}.s3.amazonaws.com",
            "RegionalDomainName": "{name}.s3.{region}.amazonaws.com",
        },
    ),
    "AWS::SQS::Queue": Kind(
        "QueueName",
        "https://sqs.{region}.amazonaws.com/{account}/{name}",
        {
            "Arn": _arn("sqs", "{name}"),
            "QueueName": "{name}",
            "QueueUrl": "https://sqs.{region}.amazonaws.com/{account}/{name}",
        },
    ),
    "AWS::SNS::Topic": Kind(
        "TopicName", _arn("sns", "{name}"), {"TopicArn": _arn("sns", "{name}"), "TopicName": "{name}"}
    ),
    "AWS::IAM::Role": Kind("RoleName", attributes={"Arn": "arn:aws:iam::{account}:role/{name}"}),
    "AWS::KMS::Key": Kind(ref="{id}", attributes={"Arn": _arn("kms", "key/{id}"), "KeyId": "{id}"}),
    "AWS::Kinesis::Stream": Kind("Name", attributes={"Arn": _arn("kinesis", "stream/{name}")}),
    "AWS::Events::EventBus": Kind("Name", attributes={"Arn": _arn("events", "event-bus/{name}"), "Name": "{name}"}),
    "AWS::Logs::LogGroup": Kind("LogGroupName", attributes={"Arn": _arn("logs", "log-group:{name}:*")}),
    "AWS::SecretsManager::Secret": Kind(
        "Name", _arn("secretsmanager", "secret:{name}"), {"Id": _arn("secretsmanager", "secret:{name}")}
    ),
    "AWS::SSM::Parameter": Kind("Name"),
    "AWS::StepFunctions::StateMachine": Kind(
        "StateMachineName",
        _arn("states", "stateMachine:{name}"),
        {"Arn": _arn("states", "stateMachine:{name}"), "Name": "{name}"},
    ),
    "AWS::Serverless::StateMachine": Kind(
        "Name",
        _arn("states", "stateMachine:{name}"),
        {"Arn": _arn("states", "stateMachine:{name}"), "Name": "{name}"},
    ),
    "AWS::Lex::Bot": Kind(ref="{short_id}", attributes={"Id": "{short_id}", "Arn": _arn("lex", "bot/{short_id}")}),
    "AWS::Lex::BotAlias": Kind(
        ref="{short_id}|{BotId}",
        attributes={
            "BotAliasId": "{short_id}",
            "Arn": _arn("lex", "bot-alias/{BotId}/{short_id}"),
            "BotAliasStatus": "Available",
        },
    ),
}
OTHER = Kind()
