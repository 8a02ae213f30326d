# shellcheck shell=bash
# App registrations and their credentials. Sourced, never run.

NO_ID=00000000-0000-0000-0000-000000000000

application_name() {
    printf '%s-%s-%s' "$PREFIX" "$ENVIRONMENT" "$1"
}

capitals() {
    printf '%s' "$1" | tr '[:lower:]' '[:upper:]'
}

# Set CLIENT_ID_MAIN or CLIENT_ID_PEER to the client id of the node's app registration; make what is not there.
find_or_make_application() {
    local name found count id
    name=$(application_name "$1")
    found=$(ask_azure ad app list --filter "displayName eq '$name'")
    count=$(jq length <<<"$found")
    case $count in
        0)
            step "app registration $name"
            id=$(ask_azure ad app create --display-name "$name" --sign-in-audience AzureADMyOrg | jq -r .appId)
            ;;
        1) id=$(jq -r '.[0].appId' <<<"$found") ;;
        *) fail "there are $count app registrations named $name in Entra." \
            "Delete those that are not used, or choose another environmentName." ;;
    esac
    if [ "$(ask_azure ad sp list --filter "appId eq '$id'" | jq length)" -eq 0 ]; then
        step "service principal of $name"
        az ad sp create --id "$id" -o none
    fi
    export "CLIENT_ID_$(capitals "$1")=$id"
}

client_id_of() {
    local variable
    variable=CLIENT_ID_$(capitals "$1")
    printf '%s' "${!variable}"
}

# Make a client secret beside those that there are, and print it: whoever calls this takes it into a variable.
make_client_secret() {
    ask_azure ad app credential reset --id "$(client_id_of "$1")" --append --display-name "$(application_name "$1")" \
        --years 1 | jq -r .password
}

# Let the node's managed identity stand in for a client secret: Entra then trusts its tokens as the application's.
federate() {
    local id subject wanted there
    id=$(client_id_of "$1")
    subject=$(output_of identityPrincipalId "$1")
    [ -n "$subject" ] || fail "the deployment has no output identityPrincipalId for $1." \
        "Run: infra/deploy.sh $PARAMETER_FILE"
    wanted=$(jq -nc --arg tenant "$TENANT" --arg subject "$subject" '{
        name: "node", issuer: "https://login.microsoftonline.com/\($tenant)/v2.0", subject: $subject,
        audiences: ["api://AzureADTokenExchange"], description: "the managed identity of the node"}')
    there=$(ask_azure ad app federated-credential list --id "$id" | jq -c '[.[] | select(.name == "node")][0] // empty')
    if [ -z "$there" ]; then
        step "federated credential of $(application_name "$1")"
        az ad app federated-credential create --id "$id" --parameters "$wanted" -o none
    elif [ "$(jq -r '[.issuer, .subject, .audiences[0]] | join(" ")' <<<"$there")" != \
        "$(jq -r '[.issuer, .subject, .audiences[0]] | join(" ")' <<<"$wanted")" ]; then
        step "federated credential of $(application_name "$1") is brought up to date"
        az ad app federated-credential update --id "$id" --federated-credential-id node --parameters "$wanted" -o none
    fi
}

# A client secret that nobody uses any more is still as good as the federated credential.
say_left_secrets() {
    local key
    for key in $(ask_azure ad app credential list --id "$(client_id_of "$1")" | jq -r '.[].keyId'); do
        say "$(application_name "$1") has a client secret that is valid and not used. Delete it:" \
            "az ad app credential delete --id $(client_id_of "$1") --key-id $key"
    done
}

# As find_or_make_application, but makes nothing: the client id of one that is not there is a guid of zeros.
know_application() {
    local id
    id=$(ask_azure ad app list --filter "displayName eq '$(application_name "$1")'" | jq -r '.[0].appId // empty')
    export "CLIENT_ID_$(capitals "$1")=${id:-$NO_ID}"
}
