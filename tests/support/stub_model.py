#!/usr/bin/env python3
"""A model that is none, on the loopback, for coding agents in tests: it speaks as OpenAI (chat
completions and responses), Anthropic (messages) and Gemini (generateContent) do, streaming where asked,
and does what the prompt says.

    TOOL:NAME {json} END    one call of the tool NAME, in the order of the prompt; behind the last
                            result, and without such words, it answers with a text
    SLOWLY                  that text comes word by word for minutes, until the client hangs up;
                            QUICKLY behind it takes that back
    Review the code in the file "PATH"
                            it reads that file by the tool that the agent has for it; its review is
                            what the tool has told

Every request is kept as (api, path, body) in `asked`. The dialects have one shape here: a list of
(role, text) with the roles user, assistant and tool, and the names of the tools on offer."""

import http.server
import json
import re
import sys
import threading
import time

DIRECTIVE = re.compile(r"TOOL:(\S+) (\{.*?\}) END", re.S)
REVIEW = re.compile(r'Review the code in the file ("(?:[^"\\]|\\.)*")')
READERS = {"read": "filePath", "read_file": "file_path", "Read": "file_path"}
DONE = "The stub has nothing left to do."
REVIEWED = "I have reviewed this: "


def text_of(content):
    """The text of whatever dialects call content: a string, a part, or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        return text_of(content.get("text") or content.get("content") or content.get("output") or "")
    return "\n".join(text_of(part) for part in content or [])


def review(turns, tools):
    """What it does next about a file that it was asked to review; None: it was not asked."""
    asked = max((i for i, (role, text) in enumerate(turns) if role == "user" and
                 REVIEW.search(text)), default=None)
    if asked is None:
        return None
    told = [text for role, text in turns[asked + 1:] if role == "tool"]
    if told:
        return REVIEWED + told[-1], None
    tool = next((t for t in tools if t in READERS), None)
    if not tool:
        return "There is no tool that reads; there are %s." % ", ".join(tools), None
    path = json.loads(REVIEW.findall(turns[asked][1])[-1])
    return "I read it. ", (tool, {READERS[tool]: path})


def decide(turns, tools):
    """What the model does next: (text, None) or (text, (tool, arguments))."""
    reviewing = review(turns, tools)
    if reviewing:
        return reviewing
    last = max((i for i, (role, text) in enumerate(turns) if role == "user" and
                DIRECTIVE.search(text)), default=None)
    said = max((i for i, (role, _) in enumerate(turns) if role == "assistant"), default=-1)
    newest = "\n".join(text for role, text in turns[said + 1:] if role == "user")
    if last is not None:
        wanted = DIRECTIVE.findall(turns[last][1])
        done = sum(1 for role, _ in turns[last + 1:] if role == "tool")
        if done < len(wanted):
            name, arguments = wanted[done]
            tool = next((t for t in sorted(tools, key=len) if t.endswith(name)), None)
            if tool:
                return "I call %s. " % tool, (tool, json.loads(arguments))
            return "There is no tool %s; there are %s." % (name, ", ".join(tools)), None
    if newest.rfind("SLOWLY") > newest.rfind("QUICKLY"):
        # No word twice: some agents end a turn that goes round in circles.
        return "slowly " + " ".join("%d." % (i * i) for i in range(6000)), None
    return DONE, None


class Dialect:
    """One API: what a request holds, and what an answer looks like, whole and in parts."""

    def __init__(self, body, path):
        self.body, self.path = body, path
        self.stream = bool(body.get("stream"))


class Chat(Dialect):
    def turns(self):
        return [(m.get("role"), text_of(m.get("content"))) for m in self.body.get("messages", [])]

    def tools(self):
        return [t.get("function", {}).get("name") for t in self.body.get("tools") or []]

    def frame(self, **more):
        kind = "chat.completion.chunk" if self.stream else "chat.completion"
        return dict(dict(id="chat-1", object=kind, created=1, model=self.body.get("model")), **more)

    @staticmethod
    def usage():
        return {"prompt_tokens": 20, "completion_tokens": 10, "total_tokens": 30}

    def call(self, number, call):
        return {"index": 0, "id": "call_%d" % number, "type": "function",
                "function": {"name": call[0], "arguments": json.dumps(call[1])}}

    def whole(self, number, text, call):
        message = {"role": "assistant", "content": text}
        if call:
            message["tool_calls"] = [self.call(number, call)]
        return self.frame(usage=self.usage(), choices=[{
            "index": 0, "message": message, "finish_reason": "tool_calls" if call else "stop"}])

    def parts(self, number, words, call):
        def delta(what, why=None):
            return None, self.frame(choices=[{"index": 0, "delta": what, "finish_reason": why}])
        yield delta({"role": "assistant", "content": ""})
        for word in words:
            yield delta({"content": word})
        if call:
            yield delta({"tool_calls": [self.call(number, call)]})
        yield delta({}, "tool_calls" if call else "stop")
        yield None, self.frame(choices=[], usage=self.usage())
        yield None, "[DONE]"


class Responses(Dialect):
    """OpenAI's newer API: items instead of messages. Tools may be grouped in namespaces."""

    def turns(self):
        given = self.body.get("input") or []
        for item in [{"role": "user", "content": given}] if isinstance(given, str) else given:
            kind = item.get("type", "message")
            if kind.endswith("_output"):
                yield "tool", text_of(item.get("output"))
            elif kind.endswith("_call"):
                yield "assistant", ""
            else:
                yield item.get("role"), text_of(item.get("content"))

    def tools(self):
        for tool in self.body.get("tools") or []:
            for one in tool.get("tools") or []:
                yield "%s/%s" % (tool.get("name"), one.get("name"))
            if not tool.get("tools"):
                yield tool.get("name") or tool.get("type")

    def items(self, number, text, call):
        found = [{"type": "message", "id": "msg_%d" % number, "role": "assistant",
                  "status": "completed",
                  "content": [{"type": "output_text", "text": text, "annotations": []}]}]
        if call:
            space, _, name = call[0].rpartition("/")
            item = {"type": "function_call", "id": "fc_%d" % number, "call_id": "call_%d" % number,
                    "name": name, "arguments": json.dumps(call[1]), "status": "completed"}
            if space:
                item["namespace"] = space
            found.append(item)
        return found

    def whole(self, number, text, call, status="completed"):
        return {"id": "resp_%d" % number, "object": "response", "created_at": 1, "status": status,
                "model": self.body.get("model"),
                "output": self.items(number, text, call) if status == "completed" else [],
                "usage": {"input_tokens": 20, "input_tokens_details": {"cached_tokens": 0},
                          "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 0},
                          "total_tokens": 30}}

    def parts(self, number, words, call):
        text, count = "", iter(range(1 << 30))

        def event(kind, **more):
            return kind, dict(more, type=kind, sequence_number=next(count))
        at = {"item_id": "msg_%d" % number, "output_index": 0, "content_index": 0}
        empty = dict(self.items(number, "", None)[0], status="in_progress", content=[])
        yield event("response.created", response=self.whole(number, "", None, "in_progress"))
        yield event("response.output_item.added", output_index=0, item=empty)
        yield event("response.content_part.added", part={"type": "output_text", "text": "",
                                                         "annotations": []}, **at)
        for word in words:
            text += word
            yield event("response.output_text.delta", delta=word, **at)
        yield event("response.output_text.done", text=text, **at)
        for i, item in enumerate(self.items(number, text, call)):
            if i:
                yield event("response.output_item.added", output_index=i,
                            item=dict(item, status="in_progress", arguments=""))
                yield event("response.function_call_arguments.done", item_id=item["id"],
                            output_index=i, arguments=item["arguments"])
            yield event("response.output_item.done", output_index=i, item=item)
        yield event("response.completed", response=self.whole(number, text, call))


class Messages(Dialect):
    def turns(self):
        for message in self.body.get("messages", []):
            content = message.get("content")
            parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
            for part in parts:
                kind = part.get("type")
                role = "tool" if kind == "tool_result" else message.get("role")
                yield role, text_of(part)

    def tools(self):
        return [t.get("name") for t in self.body.get("tools") or []]

    def head(self, number):
        return {"id": "msg_%d" % number, "type": "message", "role": "assistant",
                "model": self.body.get("model"), "content": [], "stop_reason": None,
                "stop_sequence": None,
                "usage": {"input_tokens": 20, "output_tokens": 1, "cache_creation_input_tokens": 0,
                          "cache_read_input_tokens": 0}}

    def use(self, number, call):
        return {"type": "tool_use", "id": "toolu_%d" % number, "name": call[0], "input": call[1]}

    def whole(self, number, text, call):
        content = [{"type": "text", "text": text}] + ([self.use(number, call)] if call else [])
        return dict(self.head(number), content=content,
                    stop_reason="tool_use" if call else "end_turn")

    def parts(self, number, words, call):
        def event(kind, **more):
            return kind, dict(more, type=kind)
        yield event("message_start", message=self.head(number))
        yield event("content_block_start", index=0, content_block={"type": "text", "text": ""})
        for word in words:
            yield event("content_block_delta", index=0, delta={"type": "text_delta", "text": word})
        yield event("content_block_stop", index=0)
        if call:
            yield event("content_block_start", index=1,
                        content_block=dict(self.use(number, call), input={}))
            yield event("content_block_delta", index=1, delta={
                "type": "input_json_delta", "partial_json": json.dumps(call[1])})
            yield event("content_block_stop", index=1)
        yield event("message_delta", usage={"output_tokens": 10}, delta={
            "stop_reason": "tool_use" if call else "end_turn", "stop_sequence": None})
        yield event("message_stop")


class Gemini(Dialect):
    def __init__(self, body, path):
        super().__init__(body, path)
        self.stream = "streamGenerateContent" in path

    def turns(self):
        for content in self.body.get("contents") or []:
            for part in content.get("parts") or []:
                if "functionResponse" in part:
                    yield "tool", json.dumps(part["functionResponse"].get("response"))
                else:
                    role = "assistant" if content.get("role") == "model" else "user"
                    yield role, part.get("text") or ""

    def tools(self):
        return [f.get("name") for t in self.body.get("tools") or []
                for f in t.get("functionDeclarations") or []]

    def frame(self, parts, end):
        candidate = {"index": 0, "content": {"role": "model", "parts": parts}}
        if end:
            candidate["finishReason"] = "STOP"
        return {"candidates": [candidate], "modelVersion": "stub-1", "responseId": "stub",
                "usageMetadata": {"promptTokenCount": 20, "candidatesTokenCount": 10,
                                  "totalTokenCount": 30}}

    def last(self, call):
        return [{"functionCall": {"name": call[0], "args": call[1]}}] if call else [{"text": ""}]

    def whole(self, number, text, call):
        return self.frame([{"text": text}] + (self.last(call) if call else []), True)

    def parts(self, number, words, call):
        for word in words:
            yield None, self.frame([{"text": word}], False)
        yield None, self.frame(self.last(call), True)


DIALECTS = ((re.compile(r"/chat/completions"), Chat), (re.compile(r"/responses(\?|$)"), Responses),
            (re.compile(r"/messages(\?|$)"), Messages), (re.compile(r"enerateContent"), Gemini))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        self.server.asked.append((None, self.path, None))
        if "/models" in self.path:
            model = {"id": "stub-1", "name": "models/stub-1", "object": "model", "type": "model",
                     "display_name": "stub-1", "created": 1}
            self.answer({"object": "list", "data": [model], "models": [], "has_more": False})
        else:
            self.answer({"error": {"message": "there is nothing here"}}, 404)

    do_HEAD = do_GET

    def do_POST(self):
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        try:
            body = json.loads(data or b"{}")
        except ValueError:
            body = {}
        kind = next((k for pattern, k in DIALECTS if pattern.search(self.path)), None)
        self.server.asked.append((kind and kind.__name__, self.path, body))
        if re.search(r"count_?tokens", self.path, re.I):
            self.answer({"input_tokens": 20, "totalTokens": 20})
        elif kind:
            self.reply(kind(body, self.path), len(self.server.asked))
        else:
            self.answer({"error": {"message": "there is nothing here"}}, 404)

    def reply(self, dialect, number):
        text, call = decide(list(dialect.turns()), [t for t in dialect.tools() if t])
        if not dialect.stream:
            self.answer(dialect.whole(number, text, call))
            return
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        slow = text.startswith("slowly ")

        def words():
            for word in re.findall(r"\S+\s*", text):
                yield word
                if slow and self.server.stopping.wait(0.05):
                    return
        try:
            for event, value in dialect.parts(number, words(), call):
                line = value if isinstance(value, str) else json.dumps(value)
                self.wfile.write((("event: %s\n" % event if event else "") +
                                  "data: %s\n\n" % line).encode())
                self.wfile.flush()
        except OSError:
            pass  # the client has hung up


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port=0):
        super().__init__(("127.0.0.1", port), Handler)
        self.asked, self.stopping = [], threading.Event()
        self.url = "http://127.0.0.1:%d" % self.server_address[1]

    def handle_error(self, *_):
        pass  # clients hang up when they like

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.shutdown()
        self.server_close()


if __name__ == "__main__":
    with Server(int(sys.argv[1]) if len(sys.argv) > 1 else 0) as server:
        print(server.url, flush=True)
        while True:
            time.sleep(3600)
