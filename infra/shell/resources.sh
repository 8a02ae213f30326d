# shellcheck shell=bash
# The resources of the Bicep files: what would change, and the change itself. Sourced, never run.

# What the parameter file takes from the environment must be taken by these names, and no secret may stand in it.
check_parameter_file() {
    local pair name variable value
    for pair in clientIdMain=CLIENT_ID_MAIN clientIdPeer=CLIENT_ID_PEER clientSecretMain=CLIENT_SECRET_MAIN \
        clientSecretPeer=CLIENT_SECRET_PEER; do
        name=${pair%%=*} variable=${pair#*=}
        value=$(parameter "$PARAMETER_FILE" "$name" '')
        # An empty one was empty at that time; what matters is that the value arrives.
        [ "$value" = "${!variable}" ] || fail "$PARAMETER_FILE: '$name' is not what the variable $variable says." \
            "Write: param $name = readEnvironmentVariable('$variable', '')"
    done
}

# The changes as JSON; what is certain not to change is left out.
planned_changes() {
    ask_azure deployment sub what-if --location "$LOCATION" --parameters "$PARAMETER_FILE" \
        --no-pretty-print | jq '[.changes[] | select(.changeType | IN("NoChange", "NoEffect", "Ignore") | not)]'
}

# A deployment that would change nothing is not made: writing app settings restarts a node even if they are the same.
build_resources() {
    check_parameter_file
    if [ -n "$OUTPUTS" ]; then
        local changes
        changes=$(planned_changes)
        if [ "$(jq length <<<"$changes")" -eq 0 ]; then
            say "the resources are as the parameter file says"
            return
        fi
        jq -r '.[] | "    \(.changeType) \(.resourceId)"' <<<"$changes"
    fi
    step "deployment $DEPLOYMENT (takes its time, above all the first one)"
    az deployment sub create --name "$DEPLOYMENT-$(date -u +%Y%m%d%H%M%S)" --location "$LOCATION" --parameters "$PARAMETER_FILE" -o none ||
        fail "the deployment $DEPLOYMENT failed; az has said why above." "Repair it and run the same command again."
    read_outputs
    [ -n "$OUTPUTS" ] || fail "the deployment $DEPLOYMENT has no outputs." "Run the same command again."
}
