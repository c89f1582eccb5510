"""Templates of SAM, CloudFormation and CDK, read without AWS: what they deploy, as a project would say it.

Text becomes a plain document (`syntax`), the document its parts (`outline`), whose references are checked as a whole
(`graph`). Values are worked out only where something asks for them (`evaluate`, with `intrinsic` and `physical`), by
the readers of functions, flows and permissions (`read`, `function`, `connect`, `permit`). All of that is pure; `load`
alone touches files. See docs/adr/0007.
"""
