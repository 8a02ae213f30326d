# shellcheck shell=bash
# Secrets on their way into the vaults: variables of this process and standard input, never a file, never an argument
# that other processes can read. Sourced, never run.

SECRET_NAME=dynamics-client-secret
# What the runbook asks for; a check compares. A key of the one function: one of the host would open the search, too.
WEBHOOK_FUNCTION=ris
WEBHOOK_KEY_NAME=webhook

# Does the node's vault have a secret, its client secret if none is named? Asked for where no right to read secrets is needed.
vault_has_secret() {
    local vault name=${2:-$SECRET_NAME}
    vault=$(output_of keyVault "$1")
    [ -n "$vault" ] || return 1
    az rest --method get --url "/subscriptions/$SUBSCRIPTION/resourceGroups/$(output_of resourceGroup "$1")/providers/Microsoft.KeyVault/vaults/$vault/secrets?api-version=2024-11-01" \
        -o json | jq -e --arg name "$name" 'any(.value[]; .name == $name)' >/dev/null
}

# Print a secret of the node's vault; nothing when there is none or it may not be read.
kept_secret() {
    local vault kept=''
    vault=$(output_of keyVault "$1")
    [ -z "$vault" ] || kept=$(ask_azure keyvault secret show --vault-name "$vault" --name "$2" 2>/dev/null) || kept=''
    jq -r '.value // empty' <<<"$kept"
}

# Does the deployment carry a secret that the vaults do not have? One that cannot be read there counts as another.
has_new_secrets() {
    local pair value
    [ -z "$CLIENT_SECRET_MAIN$CLIENT_SECRET_PEER" ] || return 0
    for pair in desktopSecret=desktop-secret desktopSecretPrevious=desktop-secret-previous \
        headerSecret=ris-header-secret headerSecretPrevious=ris-header-secret-previous; do
        value=$(parameter "$PARAMETER_FILE" "${pair%%=*}" '')
        [ -z "$value" ] || [ "$(kept_secret main "${pair#*=}")" = "$value" ] || return 0
    done
    return 1
}

put_into_vault() {
    local vault
    vault=$(output_of keyVault "$1")
    tr -d '\n' | az keyvault secret set --vault-name "$vault" --name "$SECRET_NAME" --value @- -o none || fail \
        "the secret could not be put into the vault $vault." \
        "Whoever is logged in needs the role Key Vault Secrets Officer on it, and a network that it lets in."
}

# Have a node take the vault's client secret anew, and tell it the day on which that ends. A restart alone may go on
# with what was read of the vault within the last 24 hours (Microsoft Learn, "Use Key Vault references": understand
# rotation).
show_secret_to_node() {
    local group site
    group=$(output_of resourceGroup "$1") site=$(output_of functionApp "$1")
    az rest --method post --url "/subscriptions/$SUBSCRIPTION/resourceGroups/$group/providers/Microsoft.Web/sites/$site/config/configreferences/appsettings/refresh?api-version=2022-03-01" -o none
    ask_azure functionapp config appsettings set --resource-group "$group" --name "$site" \
        --settings "DYNAMICS_CLIENT_SECRET_EXPIRES=$(newest_secret_ends "$1")" >/dev/null
}

# Set CLIENT_SECRET_MAIN or CLIENT_SECRET_PEER for the deployment: what a person gave; nothing when the vault has that
# one, or has one and none was given; what a person types with ASK_SECRETS=1; a new one made in Entra otherwise.
settle_client_secret() {
    local variable secret=''
    variable=CLIENT_SECRET_$(capitals "$1")
    if [ "$FEDERATED" = true ]; then
        :
    elif [ -n "${!variable:-}" ]; then
        secret=${!variable}
        [ "$(kept_secret "$1" "$SECRET_NAME")" != "$secret" ] || secret=''
    elif vault_has_secret "$1"; then
        :
    elif [ "${ASK_SECRETS:-}" = 1 ]; then
        printf 'client secret of %s (is not shown): ' "$1" >&2
        IFS= read -rs secret || true
        printf '\n' >&2
        [ -n "$secret" ] || fail "no client secret was given for $1." "Type it, or leave ASK_SECRETS away to have one made."
    else
        step "client secret of $(application_name "$1")"
        secret=$(make_client_secret "$1")
    fi
    export "$variable=$secret"
}

# Set CLIENT_SECRET_EXPIRES_MAIN or ..._PEER to the day on which the newest secret in Entra ends: the alarm 30 days
# before it goes by a setting of the node.
settle_expiry() {
    local variable day=''
    variable=CLIENT_SECRET_EXPIRES_$(capitals "$1")
    if [ "$FEDERATED" != true ] && [ -z "${!variable:-}" ]; then
        day=$(newest_secret_ends "$1")
        export "$variable=$day"
    fi
}

newest_secret_ends() {
    ask_azure ad app credential list --id "$(client_id_of "$1")" |
        jq -r 'sort_by(.startDateTime) | last | .endDateTime // "" | .[:10]'
}

# Set DESKTOP_SECRET from the vault, if there is one and nobody gave another: without it the nodes would refuse desktops.
settle_desktop_secret() {
    if [ -z "${DESKTOP_SECRET:-}" ] && vault_has_secret main desktop-secret; then
        DESKTOP_SECRET=$(ask_azure keyvault secret show --vault-name "$(output_of keyVault main)" --name desktop-secret |
            jq -r .value) || fail "the secret of the desktops cannot be read from the vault $(output_of keyVault main)." \
            "Set DESKTOP_SECRET, or get the role Key Vault Secrets User on the vault."
    fi
    export DESKTOP_SECRET=${DESKTOP_SECRET:-}
}

# The same function key on both nodes, so that one URL with ?code= is good whichever answers: what a person gave
# (WEBHOOK_KEY), else the one that main has, else peer's, else a new one. After the release: the host keeps its keys
# itself, and refuses one as long as it has no code.
settle_webhook_key() {
    local node main peer
    main=$(webhook_key_of main)
    peer=$(webhook_key_of peer)
    export WEBHOOK_KEY=${WEBHOOK_KEY:-${main:-$peer}}
    if [ -z "$WEBHOOK_KEY" ]; then
        WEBHOOK_KEY=$(head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n')
    fi
    for node in main peer; do
        [ "${!node}" != "$WEBHOOK_KEY" ] || continue
        step "key for the webhooks of $node"
        put_webhook_key "$node"
    done
}

webhook_key_of() {
    ask_azure functionapp function keys list --resource-group "$(output_of resourceGroup "$1")" \
        --name "$(output_of functionApp "$1")" --function-name "$WEBHOOK_FUNCTION" |
        jq -r --arg name "$WEBHOOK_KEY_NAME" '.[$name] // empty'
}

put_webhook_key() {
    jq -n '{properties: {name: env.WEBHOOK_KEY_NAME, value: env.WEBHOOK_KEY}}' | az rest --method put --url \
        "/subscriptions/$SUBSCRIPTION/resourceGroups/$(output_of resourceGroup "$1")/providers/Microsoft.Web/sites/$(output_of functionApp "$1")/functions/$WEBHOOK_FUNCTION/keys/$WEBHOOK_KEY_NAME?api-version=2024-04-01" \
        --body @- -o none
}
export WEBHOOK_KEY_NAME
