# shellcheck shell=bash
# The resources of the Bicep files: what would change, and the change itself. Sourced, never run.

# What the parameter file takes from the environment must be taken by these names, and no secret may stand in it.
check_parameter_file() {
    local pair name variable value
    for pair in clientIdMain=CLIENT_ID_MAIN clientIdPeer=CLIENT_ID_PEER clientSecretMain=CLIENT_SECRET_MAIN \
        clientSecretPeer=CLIENT_SECRET_PEER fingerprint=FINGERPRINT; do
        name=${pair%%=*} variable=${pair#*=}
        value=$(parameter "$PARAMETER_FILE" "$name" '')
        # An empty one was empty at that time; what matters is that the value arrives.
        [ "$value" = "${!variable}" ] || fail "$PARAMETER_FILE: '$name' is not what the variable $variable says." \
            "Write: param $name = readEnvironmentVariable('$variable', '')"
    done
}

# Print what the resources are made from as one number: the templates with what they load, the parameter file, and what
# that reads from the environment. A deployment carries it, so that the next one knows whether it would be the same.
fingerprint() {
    local infra
    infra=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    {
        find "$infra" -path "$infra/checks" -prune -o \
            -type f \( -name '*.bicep' -o -name '*.json' -o -name '*.kql' \) -print |
            LC_ALL=C sort | git hash-object --no-filters --stdin-paths
        git hash-object --no-filters "$PARAMETER_FILE"
        read_by_parameters
    } | git hash-object --stdin
}

# Print what the parameter file reads from the environment: of a secret only whether there is one. What only says that
# something stays as it is (a client secret that is not given, an archive that is locked) makes no difference.
read_by_parameters() {
    local name variable
    awk '$1 == "param" { name = $2 }
        {
            while (match($0, /readEnvironmentVariable\(\047[A-Za-z_0-9]+/)) {
                print name, substr($0, RSTART + 25, RLENGTH - 25)
                $0 = substr($0, RSTART + RLENGTH)
            }
        }' "$PARAMETER_FILE" |
        while read -r name variable; do
            case $name in
                fingerprint | clientSecretMain | clientSecretPeer | archiveLocked*) ;;
                *Secret | *SecretPrevious) printf '%s %s\n' "$name" "${!variable:+given}" ;;
                *) printf '%s %s\n' "$name" "${!variable:-}" ;;
            esac
        done
}

# For a person to see; what-if also names what it cannot compare.
say_planned_changes() {
    ask_azure deployment sub what-if --location "$LOCATION" --parameters "$PARAMETER_FILE" --no-pretty-print |
        jq -r '.changes[] | select(.changeType | IN("NoChange", "NoEffect", "Ignore") | not)
            | "    \(.changeType) \(.resourceId)"'
}

# A deployment that would be the same as the last one is not made: writing app settings restarts a node even if they are
# what they were. With --again it is made, which undoes what was changed by hand.
build_resources() {
    export FINGERPRINT
    FINGERPRINT=$(fingerprint)
    check_parameter_file
    if [ -n "$OUTPUTS" ]; then
        if [ "${1:-}" != --again ] && [ "$(output fingerprint)" = "$FINGERPRINT" ] && ! has_new_secrets; then
            say "the resources are as the parameter file says"
            return
        fi
        say_planned_changes
    fi
    step "deployment $DEPLOYMENT (takes its time, above all the first one)"
    az deployment sub create --name "$DEPLOYMENT-$(date -u +%Y%m%d%H%M%S)" --location "$LOCATION" --parameters "$PARAMETER_FILE" -o none ||
        fail "the deployment $DEPLOYMENT failed; az has said why above." "Repair it and run the same command again."
    read_outputs
    [ -n "$OUTPUTS" ] || fail "the deployment $DEPLOYMENT has no outputs." "Run the same command again."
}
