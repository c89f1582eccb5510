"""The AWS APIs over HTTP, as AWS's own clients speak them.

`gateway` is one application for every service of one port. It knows nothing of any operation: botocore's models say
how a request is routed (`route`), read (`parse`), checked (`validate`) and answered (`serialise`). A `service` has a
handler for each operation that is built; every other operation of the model answers 501 with its name.
Measured before it was written: spec/gateway.md.
"""
