import subprocess
import json
import time
from typing import Optional
def ravi(identity: str, *args: str) -> dict:
    """Run a ravi CLI command as the given identity."""
    result = subprocess.run(
        ["ravi", "identity", "use", identity],
        capture_output=True, check=True
    )
    out = subprocess.run(
        ["ravi", *args, "--json"],
        capture_output=True, text=True, check=True
    )
    return json.loads(out.stdout)
def send_task(from_identity: str, to_email: str, subject: str, body: str) -> None:
    ravi(from_identity, "email", "send",
        "--to", to_email,
        "--subject", subject,
        "--body", body)
def wait_for_reply(identity: str, retries: int = 30, delay: float = 5.0) -> Optional[dict]:
    """Poll inbox until an unread message arrives or timeout."""
    for _ in range(retries):
        messages = ravi(identity, "inbox", "email", "--unread")
        if messages:
            return messages[0]
        time.sleep(delay)
    return None
# Orchestrator sends a task
send_task(
    from_identity="orchestrator",
    to_email="research@in.ravi.app",
    subject="Task: competitive analysis",
    body="List the top 3 competitors of Stripe and their pricing. Reply in JSON.",
)
# Orchestrator waits for the result
reply = wait_for_reply("orchestrator")
if reply:
    result_body = reply["body"]
    print("Received:", result_body)
else:
    print("Timeout — no reply received")
