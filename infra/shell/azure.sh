# shellcheck shell=bash
# The subscription: what must be there before anything is done, and what the last deployment made. Sourced, never run.

# Answers of az are JSON and read with jq, so that there is one way to read them.
ask_azure() {
    az "$@" -o json
}

need_programs() {
    local program
    for program in "$@"; do
        command -v "$program" >/dev/null || case $program in
            az) fail "az, the Azure CLI, is not installed." \
                "Install it: https://learn.microsoft.com/cli/azure/install-azure-cli, then: az login" ;;
            *) fail "$program is not installed." "Install it with the package manager of your system." ;;
        esac
    done
}

# Logged in, to the tenant of the parameter file, in the subscription that was meant.
need_login() {
    local account tenant subscription
    account=$(ask_azure account show 2>/dev/null) || fail "az is not logged in." "Run: az login --tenant $TENANT"
    tenant=$(jq -r .tenantId <<<"$account")
    subscription=$(jq -r .id <<<"$account")
    [ "$tenant" = "$TENANT" ] || fail "az is logged in to the tenant $tenant, the parameter file says $TENANT." \
        "Run: az login --tenant $TENANT"
    if [ -n "${AZURE_SUBSCRIPTION_ID:-}" ] && [ "$subscription" != "$AZURE_SUBSCRIPTION_ID" ]; then
        fail "az works in the subscription $subscription, AZURE_SUBSCRIPTION_ID says $AZURE_SUBSCRIPTION_ID." \
            "Run: az account set --subscription $AZURE_SUBSCRIPTION_ID"
    fi
    SUBSCRIPTION=$subscription
    say "subscription $(jq -r .name <<<"$account") ($SUBSCRIPTION)"
}

need_bicep() {
    az bicep version >/dev/null 2>&1 || fail "az cannot run Bicep." "Run: az bicep install"
}

# Print the resource providers that are needed and not registered; Flex Consumption needs Microsoft.App.
missing_providers() {
    local registered provider
    registered=$(ask_azure provider list | jq -r '.[] | select(.registrationState == "Registered").namespace')
    for provider in Microsoft.App Microsoft.Web Microsoft.Storage Microsoft.KeyVault Microsoft.ManagedIdentity \
        Microsoft.Cdn Microsoft.Network Microsoft.Insights Microsoft.OperationalInsights; do
        grep -qix "$provider" <<<"$registered" || printf '%s\n' "$provider"
    done
}

need_providers() {
    local provider missing
    missing=$(missing_providers)
    for provider in $missing; do
        step "register $provider"
        az provider register --namespace "$provider" --wait -o none ||
            fail "$provider cannot be registered." "An owner of the subscription runs: az provider register --namespace $provider --wait"
    done
}

# Every deployment has a name of its own, so that one that fails does not hide what the last good one has made.
deployment_names() {
    ask_azure deployment sub list | jq -r --arg name "$DEPLOYMENT" --argjson states "$1" \
        '[.[] | select(.name | test("^" + $name + "-[0-9]{14}$")) | select(.properties.provisioningState | IN($states[]))]
        | sort_by(.name)[].name'
}

# Set OUTPUTS to what the last deployment that succeeded has made, to nothing when there was none.
read_outputs() {
    local last
    if [ -n "${functionAppMain:-}" ]; then # azd has deployed, and gives the outputs to its hooks as variables
        OUTPUTS=$(jq -n '$ENV | with_entries(select(.key | test("^(functionApp|resourceGroup|storage|identity|keyVault|webhookUrl|frontDoor)")) | .value |= {value: .})')
        return
    fi
    last=$(deployment_names '["Succeeded"]' | tail -n 1)
    OUTPUTS=''
    [ -z "$last" ] || OUTPUTS=$(ask_azure deployment sub show --name "$last" | jq .properties.outputs)
}

need_outputs() {
    read_outputs
    [ -n "$OUTPUTS" ] || fail "there is no deployment $DEPLOYMENT that has succeeded." \
        "Run: infra/deploy.sh $PARAMETER_FILE"
}

# Print an output of the deployment, nothing when it has no such one.
output() {
    jq -r --arg name "$1" '.[$name].value // empty' <<<"$OUTPUTS"
}

# The parts of a node have the same names for both: main and peer.
output_of() {
    local ending
    case $2 in
        main) ending=Main ;;
        peer) ending=Peer ;;
    esac
    output "$1$ending"
}
