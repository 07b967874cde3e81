import { execSync } from "child_process";
function ravi(identity: string, ...args: string[]): unknown {
execSync(`ravi identity use ${identity}`);
const out = execSync(`ravi ${args.join(" ")} --json`, { encoding: "utf8" });
return JSON.parse(out);
}
async function waitForReply(
identity: string,
retries = 30,
delayMs = 5000
): Promise<Record<string, unknown> | null> {
for (let i = 0; i < retries; i++) {
const messages = ravi(identity, "inbox", "email", "--unread") as Array<
Record<string, unknown>
>;
if (messages.length > 0) return messages[0];
await new Promise((r) => setTimeout(r, delayMs));
}
return null;
}
// Dispatch a task from the orchestrator
ravi(
"orchestrator",
"email send",
"--to research@in.ravi.app",
'--subject "Task: research request"',
'--body "Summarize the state of AI coding assistants in 2026."'
);
// Await the reply
const reply = await waitForReply("orchestrator");
if (reply) {
console.log("Result:", reply.body);
} else {
console.error("No reply received within timeout");
}
