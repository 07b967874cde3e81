"""What the door of a sandbox lets an agent do, row by row of the catalogue. A row that is not named
here fails the test: whoever adds one says what it is to those who are locked in.

  owner   it needs the owner's role: refused, whatever is named
  place   it names a workspace, or something in one: refused for those of others, not for its own
  own     the same, but what becomes of it in its own workspace is no matter of the door
  nowhere it names no place, or is for people alone: refused
  self    about the caller, or its handler leaves out what is elsewhere: answered
  client  it runs in the caller's own process: the hub does not know it"""

ROWS = {
    "owner": """hub.stop hub.reload hub.upgrade config.show workspace.close workspace.delete baton.invite
        invite.list invite.revoke member.kick session.destroy identity.revoke identity.alias
        email.deliver email.upload""",
    "place": """workspace.open shell.open shell.list shell.write shell.keys shell.resize
        shell.snapshot shell.wait shell.read shell.rename shell.close stream.read stream.records
        events.since events.next member.list member.look layout.get layout.put baton.request
        baton.release baton.status baton.log session.list fs.read fs.write fs.list fs.stat fs.exists fs.mkdir fs.move
        fs.delete process.list process.output process.wait
        process.spawn process.exec process.write process.close-stdin process.signal process.remove""",
    "own": """session.permissions session.suggestions session.create session.prompt session.wait
        session.cancel session.get session.events session.answer session.suggest session.accept session.drop session.resume session.set-mode
        session.config session.rename session.close baton.pass baton.deny baton.withdraw""",
    "nowhere": """hub.status audit.log audit.verify identity.create identity.use comms.resume
        comms.refuse baton.take""",
    "self": """hub.hello workspace.list stream.list member.alive session.agents comms.send
        comms.broadcast comms.subscribe comms.unsubscribe comms.publish comms.channels comms.receive
        comms.ack comms.nack comms.dead comms.requeue comms.receipts comms.paused identity.list identity.get email.send email.reply email.reply-all email.forward
        email.resend email.read email.thread email.attachment email.raw inbox.email inbox.wait
        inbox.list inbox.text inbox.mark inbox.people binding.list policy.list policy.explain
        policy.tiers policy.next approval.accept approval.reject approval.list approval.show approval.watch""",
    "client": """hub.run hub.start hub.doctor stream.export stream.play events.follow
        email.export""",
}

EXPECTED = {method: kind for kind, methods in ROWS.items() for method in methods.split()}

# What a call is made of, by the names of its parameters; the rest follows from the schema.
PLACES = ("workspace", "key", "shellId", "streamId", "processId", "sessionId", "target")
VALUES = {"wait": 0, "timeout": 0.01, "path": "walk.txt", "to": "walk2.txt", "content": "x",
          "exit": True, "rows": 24, "cols": 80, "layout": {}, "text": "x", "keys": ["x"],
          "command": ["/bin/cat"], "name": "walker", "message": {"text": "hello"},
          "approvalId": "ap999", "hash": "0" * 64}


def value_of(schema):
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type", "string")
    kind = kind[0] if isinstance(kind, list) else kind
    if kind in ("integer", "number"):
        return max(schema.get("minimum", 1), 1)
    return {"boolean": False, "array": ["x"], "object": {}}.get(kind, "x")


def params_of(row, places):
    """The row's required parameters, and those of places that it has."""
    have, params = row["input"].get("properties", {}), {}
    for name in row["input"].get("required", []):
        params[name] = VALUES.get(name, value_of(have[name]))
    for name in ("wait", "timeout", "exit"):
        if name in have and have[name].get("type") != "boolean" or name == "exit" and name in have:
            params[name] = max(VALUES[name], have[name].get("minimum", 0))
    if row["method"] == "shell.open":
        params["command"] = VALUES["command"]
    if row["method"].startswith(("comms.", "email.")) and "to" in params:
        params["to"] = [places["member"]]
    for name in PLACES:
        if name in have:
            params[name] = places[name]
    return params
