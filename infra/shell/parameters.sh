# shellcheck shell=bash
# Reads the parameter file (.bicepparam) as far as the scripts need it. Sourced, never run.
#
# Two ways to write a value are understood: a literal, and readEnvironmentVariable('NAME', 'default'). Whatever else
# Bicep allows is refused, since a script that guesses would build something else than Bicep does.

# Print a parameter of the file $1; $3 is what stands for one that is not there.
parameter() {
    local file=$1 name=$2 line variable
    line=$(sed -n "s/^[[:space:]]*param[[:space:]][[:space:]]*${name}[[:space:]]*=[[:space:]]*//p" "$file" | sed -n '$p')
    if [[ $line =~ readEnvironmentVariable\(\'([A-Za-z_][A-Za-z_0-9]*)\'[[:space:]]*(,[[:space:]]*\'([^\']*)\')?\) ]]; then
        variable=${BASH_REMATCH[1]}
        printf '%s' "${!variable:-${BASH_REMATCH[3]:-}}"
    elif [[ $line =~ ^\'([^\']*)\' ]] || [[ $line =~ ^(true|false|[0-9]+) ]]; then
        printf '%s' "${BASH_REMATCH[1]}"
    elif [ -z "$line" ] && [ $# -ge 3 ]; then
        printf '%s' "$3"
    elif [ -z "$line" ]; then
        fail "$file: there is no parameter '$name'." "Add: param $name = '...'"
    else
        fail "$file: the value of '$name' cannot be read by the scripts." \
            "Write a literal ('...') or readEnvironmentVariable('NAME', '...')."
    fi
}

# Read what the scripts use into PARAMETER_FILE, PREFIX, ENVIRONMENT and so on.
read_parameters() {
    PARAMETER_FILE=$1
    [ -r "$PARAMETER_FILE" ] || fail "$PARAMETER_FILE: there is no such file." \
        "Give the parameter file, such as infra/main.bicepparam."
    PREFIX=$(parameter "$PARAMETER_FILE" namePrefix)
    ENVIRONMENT=$(parameter "$PARAMETER_FILE" environmentName)
    LOCATION=$(parameter "$PARAMETER_FILE" locationMain)
    TENANT=$(parameter "$PARAMETER_FILE" tenantId)
    DYNAMICS=$(parameter "$PARAMETER_FILE" dynamicsUrl)
    DYNAMICS=${DYNAMICS%/}
    FEDERATED=$(parameter "$PARAMETER_FILE" federatedCredentials false)
    LOCKED=$(parameter "$PARAMETER_FILE" lockImmutability false)
    local name
    for name in PREFIX ENVIRONMENT LOCATION TENANT DYNAMICS; do
        [ -n "${!name}" ] || fail "$PARAMETER_FILE: namePrefix, environmentName, locationMain, tenantId and dynamicsUrl must not be empty." \
            "What is read from the environment must be set there."
    done
    [[ $DYNAMICS =~ ^https://[A-Za-z0-9.-]+$ ]] || fail "$PARAMETER_FILE: dynamicsUrl is '$DYNAMICS'." \
        "It must look like https://contoso.crm4.dynamics.com."
    # As the resource groups: two pairs of one subscription may have the same environment.
    DEPLOYMENT="$PREFIX-$ENVIRONMENT"
    export PARAMETER_FILE PREFIX ENVIRONMENT LOCATION TENANT DYNAMICS FEDERATED LOCKED DEPLOYMENT
}
