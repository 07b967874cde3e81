#!/usr/bin/env python3
"""An agent for tests that asks its client what the prompt says: the text is JSON, [METHOD, PARAMS],
the sessionId is put in. It says the answer, {"result": …} or {"error": …}, as JSON, and ends its turn."""

import json
import sys

CHUNK = 30000  # characters of one update: what is much longer would be cut in the record


def send(**message):
    sys.stdout.write(json.dumps(dict(jsonrpc="2.0", **message)) + "\n")
    sys.stdout.flush()


def main():
    asked, last = {}, 0  # the prompt's id and session by the id of what we ask
    for line in sys.stdin:
        m = json.loads(line)
        method, params = m.get("method"), m.get("params") or {}
        if method == "initialize":
            send(id=m["id"], result={"protocolVersion": 1, "agentCapabilities": {},
                                     "agentInfo": {"name": "asking", "version": "1"}})
        elif method == "session/new":
            send(id=m["id"], result={"sessionId": "one"})
        elif method == "session/prompt":
            what = json.loads("".join(b.get("text", "") for b in params["prompt"]))
            last += 1
            asked[last] = m["id"], params["sessionId"]
            send(id=last, method=what[0], params=dict(what[1], sessionId=params["sessionId"]))
        elif method is None and m.get("id") in asked:
            prompt, session = asked.pop(m["id"])
            answer = {k: m[k] for k in ("result", "error") if k in m}
            text = json.dumps(answer)
            for at in range(0, len(text), CHUNK):
                send(method="session/update", params={"sessionId": session, "update": {
                    "sessionUpdate": "agent_message_chunk",
                    "content": {"type": "text", "text": text[at:at + CHUNK]}}})
            send(id=prompt, result={"stopReason": "end_turn"})
        elif "id" in m and method:
            send(id=m["id"], error={"code": -32601, "message": "no such method"})


if __name__ == "__main__":
    main()
