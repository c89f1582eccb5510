"""A function for any flow: it answers what the contact was told to be answered, and that it was here."""

import json


def handler(event, context):
    print("asked with", json.dumps(event["Details"]["Parameters"]))
    wanted = event["Details"]["ContactData"]["Attributes"].get("answer", "{}")
    return {"State": "WA", **json.loads(wanted)}
