# shellcheck shell=bash
# The archives' immutability policies. Sourced, never run.

ARCHIVE_CONTAINER=recordings

# Print a node's policy as JSON: state, days, etag. State "none" when there is no policy.
policy_of() {
    local found
    found=$(az rest --method get --url "/subscriptions/$SUBSCRIPTION/resourceGroups/$(output_of resourceGroup "$1")/providers/Microsoft.Storage/storageAccounts/$(output_of storage "$1")/blobServices/default/containers/$ARCHIVE_CONTAINER/immutabilityPolicies/default?api-version=2025-01-01" \
        -o json 2>/dev/null || printf '{}')
    jq -c '{state: (.properties.state // "none"), days: (.properties.immutabilityPeriodSinceCreationInDays // 0), etag}' <<<"$found"
}

# Set ARCHIVE_LOCKED_MAIN or ..._PEER for the deployment: a policy that is locked cannot be written again, and a
# deployment that tried would fail.
know_archive() {
    local variable name state=none
    variable=ARCHIVE_LOCKED_$(capitals "$1")
    name=archiveLocked$2
    [ -z "$OUTPUTS" ] || state=$(policy_of "$1" | jq -r .state)
    if [ "$state" = Locked ]; then export "$variable=true"; else export "$variable=false"; fi
    [ "$(parameter "$PARAMETER_FILE" "$name" false)" = "${!variable}" ] ||
        fail "$PARAMETER_FILE: '$name' is not what the variable $variable says." \
            "Write: param $name = bool(readEnvironmentVariable('$variable', 'false'))"
}

# Lock what is not locked, if a person says so: nobody can unlock it, Microsoft included.
lock_archives() {
    local node policy
    for node in main peer; do
        policy=$(policy_of "$node")
        [ "$(jq -r .state <<<"$policy")" = Unlocked ] || continue
        say "The archive of $node ($(output_of storage "$node")) is to be locked: for $(jq -r .days <<<"$policy") days nobody can delete or"
        say "change a recording, nor the account with it. This cannot be undone."
        ask_person "Type the name of the account to lock it:"
        if [ "$ANSWER" != "$(output_of storage "$node")" ]; then
            say "It was not locked; the next run asks again."
            continue
        fi
        step "lock of $(output_of storage "$node")"
        az storage container immutability-policy lock --resource-group "$(output_of resourceGroup "$node")" \
            --account-name "$(output_of storage "$node")" --container-name "$ARCHIVE_CONTAINER" \
            --if-match "$(jq -r .etag <<<"$policy")" -o none
    done
}
