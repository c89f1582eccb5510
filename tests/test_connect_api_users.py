"""Users and what they are given: statuses, security profiles, hierarchy, proficiencies; asked by unmodified boto3."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.connect_samples import NOBODY, code, new_instance, new_name, refusal
from tests.server import ACCOUNT, REGION, Server

IDENTITY = {"FirstName": "Zoë", "LastName": "Müller", "Email": "zoe@example.com"}
PHONE = {"PhoneType": "SOFT_PHONE", "AutoAccept": False, "AfterContactWorkTimeLimit": 30}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    served = Server(tmp_path_factory.mktemp("project"))
    yield served
    assert served.stop() == 0


@pytest.fixture(scope="module")
def connect(server: Server) -> Any:
    return server.client("connect")


@pytest.fixture(scope="module")
def instance(connect: Any) -> str:
    return new_instance(connect)


def agent_of(connect: Any, instance: str, **more: Any) -> dict[str, Any]:
    """What CreateUser needs in this instance."""
    profile = connect.list_routing_profiles(InstanceId=instance)["RoutingProfileSummaryList"][0]["Id"]
    security = connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"]
    return {
        "InstanceId": instance, "Username": f"u-{new_name('')[1:]}", "Password": "Passw0rd!", "IdentityInfo": IDENTITY,
        "PhoneConfig": PHONE, "RoutingProfileId": profile,
        "SecurityProfileIds": [each["Id"] for each in security if each["Name"] == "Agent"], **more,
    }  # fmt: skip


@pytest.fixture
def made(connect: Any, instance: str) -> Any:
    """Makes a user of its own for a test, and gives its id."""

    def make(**more: Any) -> str:
        return str(connect.create_user(**agent_of(connect, instance, **more))["UserId"])

    return make


def described(connect: Any, instance: str, user: str) -> Any:
    return connect.describe_user(InstanceId=instance, UserId=user)["User"]


# --- users ---


def test_a_new_user_is_as_it_was_asked_for(connect: Any, instance: str) -> None:
    asked = agent_of(connect, instance, Tags={"team": "sales"})
    answer = connect.create_user(**asked)
    found = described(connect, instance, answer["UserId"])

    del found["LastModifiedTime"]
    arn = f"arn:aws:connect:{REGION}:{ACCOUNT}:instance/{instance}/agent/{answer['UserId']}"
    kept = {name: value for name, value in asked.items() if name not in ("InstanceId", "Password")}
    assert found == {**kept, "Id": answer["UserId"], "Arn": arn, "LastModifiedRegion": REGION}
    assert answer["UserArn"] == arn
    assert code(connect.create_user, **asked) == "DuplicateResourceException"


def test_a_user_is_changed_in_parts(connect: Any, instance: str, made: Any) -> None:
    call = {"InstanceId": instance, "UserId": made()}
    security = connect.create_security_profile(InstanceId=instance, SecurityProfileName=new_name("profile"))
    identity, phone = {"FirstName": "Ann", "LastName": "Lee"}, {"PhoneType": "DESK_PHONE", "AutoAccept": True}
    before = described(connect, **{"instance": instance, "user": call["UserId"]})
    connect.update_user_identity_info(**call, IdentityInfo=identity)
    connect.update_user_phone_config(**call, PhoneConfig=phone)
    connect.update_user_security_profiles(**call, SecurityProfileIds=[security["SecurityProfileArn"]])
    connect.update_user_routing_profile(**call, RoutingProfileId=before["RoutingProfileId"])
    connect.update_user_config(**call, AutoAcceptConfigs=[{"Channel": "CHAT", "AutoAccept": True}])

    found = described(connect, instance, call["UserId"])
    assert (found["IdentityInfo"], found["PhoneConfig"]) == (identity, phone)
    assert found["SecurityProfileIds"] == [security["SecurityProfileId"]]
    assert found["AutoAcceptConfigs"] == [{"Channel": "CHAT", "AutoAccept": True}]
    assert (found["Username"], found["RoutingProfileId"]) == (before["Username"], before["RoutingProfileId"])


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"RoutingProfileId": NOBODY}, "ResourceNotFoundException"),
        ({"SecurityProfileIds": [NOBODY]}, "ResourceNotFoundException"),
        ({"HierarchyGroupId": NOBODY}, "ResourceNotFoundException"),
        ({"Password": "short1A"}, "InvalidParameterException"),
        ({"Password": "nocapital1"}, "InvalidParameterException"),
        ({"IdentityInfo": {"FirstName": "Ann"}}, "InvalidParameterException"),
        ({"AutoAcceptConfigs": [{"Channel": "VOICE", "AutoAccept": True}]}, "InvalidParameterException"),
    ],
)
def test_a_user_that_cannot_be_is_refused(connect: Any, instance: str, wrong: dict[str, Any], expected: str) -> None:
    asked = agent_of(connect, instance, **wrong)

    assert code(connect.create_user, **asked) == expected
    names = [each["Username"] for each in connect.list_users(InstanceId=instance)["UserSummaryList"]]
    assert asked["Username"] not in names


def test_a_password_is_for_instances_that_manage_identities(connect: Any) -> None:
    saml = new_instance(connect, IdentityManagementType="SAML")
    asked = agent_of(connect, saml)
    identity = {"FirstName": "Ann", "LastName": "Lee"}
    without = {name: value for name, value in asked.items() if name != "Password"}

    assert code(connect.create_user, **{**asked, "IdentityInfo": identity}) == "InvalidParameterException"
    assert code(connect.create_user, **without) == "InvalidParameterException"
    connect.create_user(**{**without, "IdentityInfo": identity})
    ours = agent_of(connect, new_instance(connect))
    del ours["Password"]
    assert code(connect.create_user, **ours) == "InvalidParameterException"


def test_a_deleted_user_is_gone_and_its_name_is_free(connect: Any, instance: str) -> None:
    asked = agent_of(connect, instance)
    user = connect.create_user(**asked)["UserId"]
    connect.delete_user(InstanceId=instance, UserId=user)

    assert code(connect.describe_user, InstanceId=instance, UserId=user) == "ResourceNotFoundException"
    assert connect.create_user(**asked)["UserId"] != user


def test_users_are_searched_by_names_tags_groups_and_proficiencies(connect: Any) -> None:
    instance = new_instance(connect)
    levels = {"LevelOne": {"Name": "Country"}, "LevelTwo": {"Name": "Site"}}
    connect.update_user_hierarchy_structure(InstanceId=instance, HierarchyStructure=levels)
    top = connect.create_user_hierarchy_group(InstanceId=instance, Name="Germany")["HierarchyGroupId"]
    below = connect.create_user_hierarchy_group(InstanceId=instance, Name="Berlin", ParentGroupId=top)
    values = {"StringList": ["German", "English"]}
    connect.create_predefined_attribute(InstanceId=instance, Name="Language", Values=values)
    connect.create_user(**agent_of(connect, instance, Username="anna", HierarchyGroupId=top, Tags={"team": "sales"}))
    asked = agent_of(connect, instance, Username="berta", HierarchyGroupId=below["HierarchyGroupArn"])
    profiles = connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"]
    asked["SecurityProfileIds"] = [each["Id"] for each in profiles if each["Name"] in ("Admin", "Agent")]
    berta = connect.create_user(**asked)["UserId"]
    skill = {"AttributeName": "Language", "AttributeValue": "German", "Level": 4}
    connect.associate_user_proficiencies(InstanceId=instance, UserId=berta, UserProficiencies=[skill])

    def search(criteria: Any = None, filters: Any = None) -> list[str]:
        more = {"SearchCriteria": criteria} if criteria else {}
        more |= {"SearchFilter": filters} if filters else {}
        return [user["Username"] for user in connect.search_users(InstanceId=instance, **more)["Users"]]

    def named(field: str, value: str, comparison: str = "EXACT") -> dict[str, Any]:
        return {"StringCondition": {"FieldName": field, "Value": value, "ComparisonType": comparison}}

    def good(comparison: str, **limits: int) -> dict[str, Any]:
        number = {"NumberCondition": {"FieldName": "level", "ComparisonType": comparison, **limits}}
        language = named("name", "Language")
        return {"ListCondition": {"TargetListType": "PROFICIENCIES", "Conditions": [language, number]}}

    assert search(named("Username", "ann", "STARTS_WITH")) == ["anna"]
    assert search(named("FirstName", "Zoë")) == ["anna", "berta"]
    found = [search(named("SecurityProfileId", id)) for id in asked["SecurityProfileIds"]]
    assert found == [["berta"], ["anna", "berta"]]
    assert search(named("RoutingProfileId", NOBODY)) == []
    assert search({"HierarchyGroupCondition": {"Value": top, "HierarchyGroupMatchType": "EXACT"}}) == ["anna"]
    within = {"HierarchyGroupCondition": {"Value": top, "HierarchyGroupMatchType": "WITH_CHILD_GROUPS"}}
    assert search(within) == ["anna", "berta"]
    assert search(None, {"UserAttributeFilter": within}) == ["anna", "berta"]
    assert search(None, {"TagFilter": {"TagCondition": {"TagKey": "team"}}}) == ["anna"]
    both = {"AndCondition": {"TagConditions": [{"TagKey": "team"}], **within}}
    assert search(None, {"UserAttributeFilter": both}) == ["anna"]
    assert search(good("GREATER_OR_EQUAL", MinValue=4)) == ["berta"]
    assert search(good("GREATER", MinValue=4)) == search(good("LESSER", MaxValue=4)) == []
    assert search(good("RANGE", MinValue=3, MaxValue=5)) == search(good("LESSER_OR_EQUAL", MaxValue=4)) == ["berta"]
    [found] = connect.search_users(InstanceId=instance, SearchCriteria=named("Username", "berta"))["Users"]
    assert found["PhoneConfig"]["AfterContactWorkTimeLimit"] == 30_000
    assert found["IdentityInfo"] == {"FirstName": "Zoë", "LastName": "Müller"}


# --- proficiencies and predefined attributes ---


def test_proficiencies_are_associated_changed_and_taken_away(connect: Any, instance: str, made: Any) -> None:
    call = {"InstanceId": instance, "UserId": made()}
    name = new_name("Language")
    connect.create_predefined_attribute(InstanceId=instance, Name=name, Values={"StringList": ["a", "b"]})
    first, second = ({"AttributeName": name, "AttributeValue": value, "Level": 1.0} for value in "ab")
    connect.associate_user_proficiencies(**call, UserProficiencies=[first])
    connect.update_user_proficiencies(**call, UserProficiencies=[{**first, "Level": 5.0}])

    assert connect.list_user_proficiencies(**call)["UserProficiencyList"] == [{**first, "Level": 5.0}]
    assert code(connect.update_user_proficiencies, **call, UserProficiencies=[second]) == "InvalidRequestException"
    for wrong in ({**first, "AttributeValue": "c"}, {**second, "AttributeName": "none"}, {**second, "Level": 1.5}):
        refused = code(connect.associate_user_proficiencies, **call, UserProficiencies=[wrong])
        assert refused == "InvalidParameterException"
    in_use = {"InstanceId": instance, "Name": name}
    assert code(connect.delete_predefined_attribute, **in_use) == "ResourceInUseException"
    gone = [{"AttributeName": name, "AttributeValue": "a"}]
    connect.disassociate_user_proficiencies(**call, UserProficiencies=gone)
    assert connect.list_user_proficiencies(**call)["UserProficiencyList"] == []
    connect.delete_predefined_attribute(**in_use)
    assert code(connect.describe_predefined_attribute, **in_use) == "ResourceNotFoundException"


def test_predefined_attributes_are_known_by_their_names(connect: Any) -> None:
    instance = new_instance(connect)
    for name in ("Sprache / Ü", "Skill"):
        connect.create_predefined_attribute(InstanceId=instance, Name=name, Values={"StringList": ["a"]})
    call = {"InstanceId": instance, "Name": "Sprache / Ü"}
    configuration = {"EnableValueValidationOnAssociation": True}
    more = {"Purposes": ["ROUTING"], "AttributeConfiguration": configuration}
    connect.update_predefined_attribute(**call, Values={"StringList": ["b"]}, **more)
    found = connect.describe_predefined_attribute(**call)["PredefinedAttribute"]

    assert found.items() >= {"Name": "Sprache / Ü", "Values": {"StringList": ["b"]}, **more}.items()
    listed = connect.list_predefined_attributes(InstanceId=instance)["PredefinedAttributeSummaryList"]
    assert [each["Name"] for each in listed] == ["Skill", "Sprache / Ü"]
    criteria = {"StringCondition": {"FieldName": "name", "Value": "ski", "ComparisonType": "STARTS_WITH"}}
    searched = connect.search_predefined_attributes(InstanceId=instance, SearchCriteria=criteria)
    assert [each["Name"] for each in searched["PredefinedAttributes"]] == ["Skill"]
    assert code(connect.create_predefined_attribute, **call) == "DuplicateResourceException"


# --- agent statuses ---


def test_available_and_offline_are_there_from_the_beginning(connect: Any) -> None:
    instance = new_instance(connect)
    listed = connect.list_agent_statuses(InstanceId=instance)["AgentStatusSummaryList"]
    offline = connect.list_agent_statuses(InstanceId=instance, AgentStatusTypes=["OFFLINE"])["AgentStatusSummaryList"]

    assert [(each["Name"], each["Type"]) for each in listed] == [("Available", "ROUTABLE"), ("Offline", "OFFLINE")]
    assert [each["Name"] for each in offline] == ["Offline"]
    call = {"InstanceId": instance, "AgentStatusId": offline[0]["Id"], "State": "DISABLED"}
    assert code(connect.update_agent_status, **call) == "InvalidRequestException"


def test_a_status_is_created_ordered_and_disabled(connect: Any) -> None:
    instance = new_instance(connect)
    asked = {"Name": "Lunch", "Description": "eats", "State": "ENABLED", "DisplayOrder": 1, "Tags": {"team": "sales"}}
    answer = connect.create_agent_status(InstanceId=instance, **asked)
    call = {"InstanceId": instance, "AgentStatusId": answer["AgentStatusId"]}
    found = connect.describe_agent_status(**call)["AgentStatus"]
    assert found.items() >= {**asked, "Type": "CUSTOM", "AgentStatusARN": answer["AgentStatusARN"]}.items()
    connect.update_agent_status(**call, Name="Break", State="DISABLED", ResetOrderNumber=True)

    found = connect.describe_agent_status(**call)["AgentStatus"]
    assert (found["Name"], found["State"], found["Description"]) == ("Break", "DISABLED", "eats")
    assert "DisplayOrder" not in found
    custom = {"StringCondition": {"FieldName": "type", "Value": "CUSTOM", "ComparisonType": "EXACT"}}
    searched = connect.search_agent_statuses(InstanceId=instance, SearchCriteria=custom)["AgentStatuses"]
    assert [each["Name"] for each in searched] == ["Break"]
    taken = {"Name": "Offline", "State": "ENABLED"}
    assert code(connect.create_agent_status, InstanceId=instance, **taken) == "DuplicateResourceException"


# --- security profiles ---


def test_a_security_profile_keeps_its_permissions_until_nobody_has_it(connect: Any, instance: str, made: Any) -> None:
    name = new_name("profile")
    asked = {"Description": "looks", "AllowedAccessControlTags": {"a": "b"}, "TagRestrictedResources": ["User"]}
    more = {"Permissions": ["BasicAgentAccess"], "Tags": {"team": "sales"}}
    answer = connect.create_security_profile(InstanceId=instance, SecurityProfileName=name, **asked, **more)
    call = {"InstanceId": instance, "SecurityProfileId": answer["SecurityProfileId"]}
    user = made(SecurityProfileIds=[answer["SecurityProfileId"]])
    found = connect.describe_security_profile(**call)["SecurityProfile"]

    identity = {"SecurityProfileName": name, "OrganizationResourceId": instance, "Arn": answer["SecurityProfileArn"]}
    assert found.items() >= {**asked, **identity, "Tags": {"team": "sales"}, "Type": "CUSTOMER_MANAGED"}.items()
    assert connect.list_security_profile_permissions(**call)["Permissions"] == ["BasicAgentAccess"]
    connect.update_security_profile(**call, Permissions=["OutboundCallAccess"])
    assert connect.list_security_profile_permissions(**call)["Permissions"] == ["OutboundCallAccess"]
    response = refusal(connect.delete_security_profile, **call)
    assert (response["Error"]["Code"], response["ResourceType"]) == ("ResourceInUseException", "USER")
    connect.delete_user(InstanceId=instance, UserId=user)
    connect.delete_security_profile(**call)
    assert code(connect.describe_security_profile, **call) == "ResourceNotFoundException"


def test_security_profiles_are_there_from_the_beginning_and_searched(connect: Any) -> None:
    instance = new_instance(connect)
    listed = connect.list_security_profiles(InstanceId=instance)["SecurityProfileSummaryList"]
    criteria = {"StringCondition": {"FieldName": "name", "Value": "agent", "ComparisonType": "CONTAINS"}}
    searched = connect.search_security_profiles(InstanceId=instance, SearchCriteria=criteria)["SecurityProfiles"]

    assert [each["Name"] for each in listed] == ["Admin", "Agent", "CallCenterManager", "QualityAnalyst"]
    assert [each["SecurityProfileName"] for each in searched] == ["Agent"]


# --- hierarchy ---


def test_levels_of_the_hierarchy_are_added_renamed_and_removed(connect: Any) -> None:
    instance = new_instance(connect)

    def structure() -> Any:
        found = connect.describe_user_hierarchy_structure(InstanceId=instance)["HierarchyStructure"]
        return {place: (level["Id"], level["Name"]) for place, level in found.items()}

    def update(**names: str) -> dict[str, Any]:
        levels = {place: {"Name": name} for place, name in names.items()}
        return {"InstanceId": instance, "HierarchyStructure": levels}

    assert structure() == {}
    connect.update_user_hierarchy_structure(**update(LevelOne="Country", LevelTwo="City"))
    connect.update_user_hierarchy_structure(**update(LevelOne="Country", LevelTwo="Site"))
    assert structure() == {"LevelOne": ("1", "Country"), "LevelTwo": ("2", "Site")}
    gap = update(LevelOne="Country", LevelThree="Site")
    assert code(connect.update_user_hierarchy_structure, **gap) == "InvalidRequestException"
    connect.create_user_hierarchy_group(InstanceId=instance, Name="Germany")
    connect.update_user_hierarchy_structure(**update(LevelOne="Country"))
    assert structure() == {"LevelOne": ("1", "Country")}
    assert code(connect.update_user_hierarchy_structure, **update()) == "ResourceInUseException"


def test_groups_of_the_hierarchy_stand_below_each_other(connect: Any) -> None:
    instance = new_instance(connect)
    call = {"InstanceId": instance}
    assert code(connect.create_user_hierarchy_group, **call, Name="too early") == "InvalidRequestException"
    levels = {"LevelOne": {"Name": "Country"}, "LevelTwo": {"Name": "Site"}}
    connect.update_user_hierarchy_structure(**call, HierarchyStructure=levels)
    top = connect.create_user_hierarchy_group(**call, Name="Germany")["HierarchyGroupId"]
    below = connect.create_user_hierarchy_group(**call, Name="Bonn", ParentGroupId=top)["HierarchyGroupId"]
    connect.update_user_hierarchy_group_name(**call, HierarchyGroupId=below, Name="Berlin")
    found = connect.describe_user_hierarchy_group(**call, HierarchyGroupId=below)["HierarchyGroup"]
    user = connect.create_user(**agent_of(connect, instance, HierarchyGroupId=below))["UserId"]

    path = {place: group["Name"] for place, group in found["HierarchyPath"].items()}
    assert (found["LevelId"], path) == ("2", {"LevelOne": "Germany", "LevelTwo": "Berlin"})
    deeper = {"Name": "too deep", "ParentGroupId": below}
    assert code(connect.create_user_hierarchy_group, **call, **deeper) == "InvalidRequestException"
    for group in (top, below):
        assert code(connect.delete_user_hierarchy_group, **call, HierarchyGroupId=group) == "ResourceInUseException"
    connect.update_user_hierarchy(**call, UserId=user)
    assert "HierarchyGroupId" not in described(connect, instance, user)
    connect.delete_user_hierarchy_group(**call, HierarchyGroupId=below)
    level = {"StringCondition": {"FieldName": "levelId", "Value": "1", "ComparisonType": "EXACT"}}
    searched = connect.search_user_hierarchy_groups(**call, SearchCriteria=level)["UserHierarchyGroups"]
    listed = connect.list_user_hierarchy_groups(**call)["UserHierarchyGroupSummaryList"]
    assert [each["Name"] for each in searched] == [each["Name"] for each in listed] == ["Germany"]
