"""Contacts that survive anything: the machine on asyncio, one SQL database, the clock of the wall.

Rule of the house: commit, then perform. A contact has its turns one after the other (`cell`). A turn steps what lies in
its inbox, gathers what must be written (`turn`), waits until that is committed, and only then lets the outside know:
functions are invoked, agents asked, messages pushed. A process that dies at any point finds again what it had not done:

- what will happen to a contact (timers, ends of prompts, what contacts tell each other) is a row of `due`, and the row
  goes in the same transaction in which it happens;
- what is asked of the outside (functions, services, queues) is a row of `outbox` until the answer is in; a new process
  asks again, with the same ids, and a second answer meets a deaf machine;
- who waits in a queue or is with an agent follows from the contacts, so the routing machine is built anew from them.

A contact that nothing happens to leaves memory. `runtime` is the whole; `order` says what each effect means for a turn
and after it, `floor` is queues and agents, `chat` what is written into transcripts, `voice` a simulated callee.
"""
