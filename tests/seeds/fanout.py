import subprocess, json, time, concurrent.futures
SPECIALISTS = {
    "research": "research@in.ravi.app",
    "finance": "invoices@in.ravi.app",
    "scheduler": "calendar@in.ravi.app",
}
def dispatch(to_email: str, subject: str, body: str):
    subprocess.run(
        ["ravi", "--identity", "orchestrator",
        "email", "send",
        "--to", to_email,
        "--subject", subject,
        "--body", body],
        check=True,
    )
# Fan out tasks to all specialists
dispatch(SPECIALISTS["research"], "Task: market report", "Summarize AI market in 2026.")
dispatch(SPECIALISTS["finance"], "Task: cost estimate", "Estimate AWS cost for 1M API calls/day.")
dispatch(SPECIALISTS["scheduler"], "Task: meeting slots", "Find 3 open slots next week for a 30-min call.")
# Collect replies as they arrive (poll orchestrator inbox)
collected = []
deadline = time.time() + 120 # 2-minute window
while len(collected) < len(SPECIALISTS) and time.time() < deadline:
    messages = json.loads(
        subprocess.check_output(["ravi", "--identity", "orchestrator",
        "inbox", "email", "--unread", "--json"])
    )
    for msg in messages:
        if msg not in collected:
            collected.append(msg)
            print(f"Got reply from {msg['from']}: {msg['subject']}")
    if len(collected) < len(SPECIALISTS):
        time.sleep(5)
print(f"Collected {len(collected)}/{len(SPECIALISTS)} replies")
