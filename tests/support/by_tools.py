"""What an agent does with baton by its MCP tools alone: it is written to, answers, writes of its own
accord, reads a shell's screen, takes the free baton, types, and passes it on. Told from outside, so
each agent goes through the same:

    use(calls)   has the agent call these tools, (name, arguments) each, in one turn; gives a text in
                 which all that they gave back is somewhere"""

from wire import Client
from world import check, wait_until

QUESTION = "What stands on the screen?"


def goes_through(w, member, use):
    shell = w.baton("-w", "main", "shell", "open", "--", "sh", "-c",
                    "echo on-the'-'screen; cat")["shellId"]
    w.baton("shell", "wait", shell, "--text", "^on-the-screen")
    with Client(w, identity="ada", kind="console") as ada:
        ada.call("comms.receive")
        # It is known before it has called anything.
        question = ada.call("comms.send", to=member, message=QUESTION)["message_id"]
        check(QUESTION in use([("comms_receive", {})]), "it has received")
        receipt = ada.call("comms.receipts", message_id=question)["receipts"][0]
        check((receipt["to"], receipt["status"]) == (member, "acknowledged"), receipt)

        text = use([("shell_snapshot", {"shellId": shell}),
                    ("comms_send", {"to": "ada", "message": "on-the-screen", "reply_to": question}),
                    ("comms_send", {"to": "ada", "message": "Now I type", "priority": "high"})])
        check("on-the-screen" in text, "it has read the screen: " + text)
        got = ada.call("comms.receive")["messages"]
        check([(m["from"], m["message"], m["priority"], m.get("reply_to")) for m in got] ==
              [(member, "Now I type", "high", None),
               (member, "on-the-screen", "normal", question)], "sent and replied: %s" % got)

        use([("baton_request", {"target": shell})])  # agents ask, and have a free one at once
        check(holder(w, shell) == member, "it has the baton: %s" % holder(w, shell))
        text = use([("shell_write", {"shellId": shell, "text": "typed by a tool\n"}),
                    ("shell_wait", {"shellId": shell, "text": "typed by a tool"}),
                    ("baton_pass", {"target": shell, "to": "ada", "note": "yours"})])
        screen = w.baton("shell", "snapshot", shell)["text"]
        check("typed by a tool" in screen, "it has typed: %s\n%s" % (screen, text))
        wait_until(lambda: holder(w, shell) == "ada", 20, "the baton to be passed")
        changes = [(e["data"].get("from"), e["data"].get("to")) for e in
                   w.baton("events", "since", "--kind", "batonChanged", "--target", shell)["events"]]
        check(changes == [("", member), (member, "ada")], "who had it: %s" % changes)
    w.baton("shell", "close", shell)


def holder(w, shell):
    return next(s for s in w.baton("baton", "status", shell))["holder"]
