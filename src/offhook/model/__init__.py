"""What exists and how it is stored. Plain values, no behaviour.

Glossary. AWS's words keep AWS's meaning: a *contact* runs through *flows*; a flow is made of *actions* (the
designer calls them blocks, the old export modules). Our own words, defined once, here:

- *line*: one party that can listen (`customer`, `agent`). At most one flow runs on a line.
- *run*: a flow running on a line: where it stands, what it remembers, whom it returns to.
- *frame*: a caller that waits in a run's return stack while a flow module runs.
- *memo*: what a block that waits wants to be given back when it is resumed.
- *event*: something that happened, coming in. *Effect*: something wanted, going out.
- *phase*: which part of its life a contact is in.
"""
