"""Chats between people: participants and their tokens, the transcript, and the sockets that it is pushed to.

`participant` is who takes part, `chats` what they do, `hub` their sockets, `socket` the frames on one of them.
Source: spec/participant-ws.md, which was checked with AWS's own client.
"""
