# Orchestrator: send a task to the research agent
ravi identity use orchestrator-agent
ravi email send \
--to research@in.ravi.app \
--subject "Task: summarize this URL" \
--body "Please summarize https://example.com/report.pdf and reply with bullet points."
# Research agent: poll inbox for work
ravi identity use research-agent
for i in $(seq 1 30); do
TASK=$(ravi inbox email --unread --json | jq -r '.[0] // empty')
[ -n "$TASK" ] && break
sleep 5
done
# Research agent: do the work, then reply
ravi email reply \
--message-id "$(echo "$TASK" | jq -r '.id')" \
--body "Summary: ..."
# Orchestrator: poll for the reply
ravi identity use orchestrator-agent
for i in $(seq 1 30); do
REPLY=$(ravi inbox email --unread --json | jq -r '.[0] // empty')
[ -n "$REPLY" ] && break
sleep 5
done
