"""Parameters of calls that make something, as clients would send them.

`*` is a new name, `@QueueId` something that is there; None leaves a member out.
"""

import json
from typing import Any

from tests.connect_samples import MODULE, TEST_CASE, VIEW

WAITING = json.dumps(
    {
        "Version": "2019-10-30",
        "StartAction": "wait",
        "Metadata": {},
        "Actions": [
            {
                "Identifier": "wait",
                "Type": "Wait",
                "Parameters": {"TimeLimitSeconds": "600"},
                "Transitions": {
                    "NextAction": "end",
                    "Conditions": [
                        {"NextAction": "end", "Condition": {"Operator": "Equals", "Operands": ["WaitCompleted"]}}
                    ],
                    "Errors": [
                        {"NextAction": "end", "ErrorType": "NoMatchingError"},
                    ],
                },
            },
            {"Identifier": "end", "Type": "DisconnectParticipant", "Parameters": {}, "Transitions": {}},
        ],
    }
)
_SPAN = {"StartTime": {"Hours": 9, "Minutes": 0}, "EndTime": {"Hours": 17, "Minutes": 0}}
SAMPLES: dict[str, Any] = {
    "CreateContactFlow": {"Type": "CONTACT_FLOW", "Name": "*", "Content": WAITING, "Status": None},
    "CreateContactFlowModule": {
        "Name": "*", "Content": MODULE, "Settings": None, "ExternalInvocationConfiguration": None,
    },
    "CreateContactFlowVersion": {"ContactFlowId": "@ContactFlowId", "FlowContentSha256": None},
    "CreateContactFlowModuleVersion": {"ContactFlowModuleId": "@ContactFlowModuleId", "FlowModuleContentSha256": None},
    "CreateContactFlowAlias": {"ContactFlowId": "@ContactFlowId", "AliasName": "*", "ContactFlowVersion": 1},
    "CreateContactFlowModuleAlias": {
        "ContactFlowModuleId": "@ContactFlowModuleId", "AliasName": "*", "ContactFlowModuleVersion": 1,
    },
    "CreateHoursOfOperation": {
        "Name": "*", "TimeZone": "UTC", "Config": [{"Day": "MONDAY", **_SPAN}], "ParentHoursOfOperationConfigs": None,
    },
    "CreateHoursOfOperationOverride": {
        "HoursOfOperationId": "@HoursOfOperationId", "Name": "*", "EffectiveFrom": "2027-01-01",
        "EffectiveTill": "2027-01-02", "Config": [{"Day": "MONDAY", **_SPAN}], "RecurrenceConfig": None,
        "OverrideType": None,
    },
    "CreatePrompt": {"Name": "*", "S3Uri": "s3://bucket/a.wav"},
    "CreateQueue": {
        "Name": "*", "HoursOfOperationId": "@HoursOfOperationId", "OutboundCallerConfig": None,
        "QuickConnectIds": None, "OutboundEmailConfig": None, "EmailAddressesConfig": None,
    },
    "CreateQuickConnect": {
        "Name": "*",
        "QuickConnectConfig": {
            "QuickConnectType": "QUEUE", "QueueConfig": {"QueueId": "@QueueId", "ContactFlowId": "@ContactFlowId"},
        },
    },
    "CreateRoutingProfile": {
        "Name": "*", "DefaultOutboundQueueId": "@QueueId", "QueueConfigs": None, "ManualAssignmentQueueConfigs": None,
        "MediaConcurrencies": [{"Channel": "VOICE", "Concurrency": 1}],
    },
    "CreateSecurityProfile": {"SecurityProfileName": "*", "Permissions": ["BasicAgentAccess"]},
    "CreateUser": {
        "Username": "*", "Password": "Secret-1234", "SecurityProfileIds": ["@SecurityProfileId"],
        "RoutingProfileId": "@RoutingProfileId", "HierarchyGroupId": None, "DirectoryUserId": None,
        "PhoneConfig": {"PhoneType": "SOFT_PHONE", "AutoAccept": True},
        "IdentityInfo": {"FirstName": "a", "LastName": "b", "Email": "a@example.com"},
    },
    "CreateUserHierarchyGroup": {"Name": "*", "ParentGroupId": None},
    "CreateView": {"Name": "*", "Status": "PUBLISHED", "Content": VIEW},
    "CreateViewVersion": {"ViewId": "@ViewId", "ViewContentSha256": None},
    "CreateTestCase": {"Name": "*", "Content": TEST_CASE, "EntryPoint": None},
    "CreatePredefinedAttribute": {"Name": "*", "Values": {"StringList": ["a", "b"]}},
    "CreateAgentStatus": {"Name": "*", "State": "ENABLED"},
    "AssociateInstanceStorageConfig": {
        "ResourceType": "CALL_RECORDINGS",
        "StorageConfig": {"StorageType": "S3", "S3Config": {"BucketName": "b", "BucketPrefix": "p"}},
    },
    "ClaimPhoneNumber": {"PhoneNumber": "+12065550100", "TargetArn": None, "InstanceId": "@InstanceId"},
    "StartChatContact": {
        "ContactFlowId": "@ContactFlowId", "ParticipantDetails": {"DisplayName": "Zoe"}, "Attributes": {"a": "b"},
        "InitialMessage": None, "PersistentChat": None, "RelatedContactId": None, "ClientToken": None,
        "SupportedMessagingContentTypes": None, "SegmentAttributes": None, "ParticipantConfiguration": None,
    },
    "StartTaskContact": {
        "ContactFlowId": "@ContactFlowId", "Name": "*", "TaskTemplateId": None, "QuickConnectId": None,
        "PreviousContactId": None, "RelatedContactId": None, "ScheduledTime": None, "ClientToken": None,
        "References": None, "SegmentAttributes": None, "Attachments": None,
    },
    "StartOutboundVoiceContact": {
        "ContactFlowId": "@ContactFlowId", "DestinationPhoneNumber": "+12065550101", "QueueId": "@QueueId",
        "TrafficType": None, "CampaignId": None, "AnswerMachineDetectionConfig": None, "ClientToken": None,
        "SourcePhoneNumber": None, "RelatedContactId": None, "OutboundStrategy": None,
    },
    "CreateParticipantConnection": {
        "ParticipantToken": "@ParticipantToken", "Type": ["WEBSOCKET", "CONNECTION_CREDENTIALS"],
    },
    "SendMessage": {"ConnectionToken": "@ConnectionToken", "ContentType": "text/plain", "Content": "*"},
    "UpdateContactAttributes": {"InitialContactId": "@ContactId", "Attributes": {"a": "*"}},
}  # fmt: skip
