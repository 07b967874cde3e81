# Read all messages in a thread
ravi inbox email --json | jq '.[] | {from, subject, timestamp}'
# Check what the orchestrator sent and received
ravi identity use orchestrator
ravi inbox email --all --json | jq '.[] | {from, to, subject, timestamp}'
