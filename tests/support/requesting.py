"""A session with the asking agent: each call is one request of an agent to its hub."""

import json
import os
import sys

from world import Failed, check


class Refused(Exception):
    def __init__(self, error):
        super().__init__("%d: %s" % (error["code"], error["message"]))
        self.code, self.message = error["code"], error["message"]


def configure(w):
    """Makes the agent known to a hub that is not started yet."""
    os.makedirs(w.path("config/baton"), exist_ok=True)
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "asking_agent.py")
    with open(w.path("config/baton/config.json"), "w") as f:
        json.dump({"agents": {"asking": {"command": [sys.executable, script]}}}, f)


class Asking:
    def __init__(self, w, cwd, *more):
        self.w, self.cwd = w, cwd
        os.makedirs(cwd, exist_ok=True)
        self.id = w.baton("session", "create", "asking", "--cwd", cwd, *more)["sessionId"]

    def start(self, method, **params):
        """Asks without waiting; answer() has what came of it."""
        self.w.baton("session", "prompt", self.id, "--no-wait",
                     input=json.dumps([method, params]).encode())

    def answer(self):
        return self.judge(self.w.baton("session", "wait", self.id, "--timeout", "60"))

    def ask(self, method, **params):
        return self.judge(self.w.baton("session", "prompt", self.id,
                                       input=json.dumps([method, params]).encode()))

    @staticmethod
    def judge(turn):
        answer = json.loads(turn["text"])
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def refused(self, code, word, method, **params):
        """The request is refused with this code, and the sentence has this word."""
        try:
            got = self.ask(method, **params)
        except Refused as e:
            check(e.code == code, "%s %r: %s, not %d" % (method, params, e, code))
            check(word in e.message, "%r is not in: %s" % (word, e.message))
            return
        raise Failed("%s %r was not refused: %r" % (method, params, got))

    def events(self, method):
        return [e["notification"]["params"]
                for e in self.w.baton("session", "events", self.id, "--method", method)]
