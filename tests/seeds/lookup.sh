# Retrieve the email for a named identity
ravi identity list --json | jq -r '.[] | select(.name == "research-agent") | .email'
