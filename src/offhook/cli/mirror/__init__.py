"""An instance in files, between any two endpoints of Amazon Connect: `offhook pull` writes it, `offhook push` makes it.

A thing (`thing`) is known by its kind and its name; ids and ARNs differ from instance to instance, so that files have
names in their place, as tokens (`token`). `read` gets an instance from an endpoint, `folder` keeps it, `plan` compares
a folder with another instance, `carry` makes the second one like the first. Nothing is ever deleted there.
"""
