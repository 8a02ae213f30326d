# shellcheck shell=bash
# What is deployed: the files of a commit that a node needs, and their version. Sourced, never run.

PACKAGE_PATHS='function_app.py host.json requirements.txt constraints.txt capture'

# Set PACKAGE_VERSION: the product's version and a fingerprint of the files, so that a commit which changes the
# documentation alone is no other release.
know_package() {
    PACKAGE_ROOT=$1 PACKAGE_COMMIT=$2
    local number print
    # shellcheck disable=SC2086  # several paths
    print=$(git -C "$PACKAGE_ROOT" ls-tree -r "$PACKAGE_COMMIT" -- $PACKAGE_PATHS 2>/dev/null || true)
    [ -n "$print" ] || fail \
        "the commit $PACKAGE_COMMIT is not there, or has no function_app.py." "Give --commit a commit of this repository."
    print=$(git hash-object --stdin <<<"$print")
    number=$(git -C "$PACKAGE_ROOT" show "$PACKAGE_COMMIT:pyproject.toml" | sed -n 's/^version = "\(.*\)"$/\1/p' | sed -n 1p)
    # shellcheck disable=SC2086
    if [ "$PACKAGE_COMMIT" = HEAD ] && [ -n "$(git -C "$PACKAGE_ROOT" status --porcelain -- $PACKAGE_PATHS)" ]; then
        fail "there are changes that are in no commit; they would not be released." "Commit them, or put them aside: git stash"
    fi
    PACKAGE_VERSION="$number+${print:0:12}"
}

# Write the package to $scratch/package.zip, if it has not been.
# shellcheck disable=SC2154  # scratch is the caller's folder, as in node.sh
make_package() {
    [ ! -e "$scratch/package.zip" ] || return 0
    printf '%s\n' "$PACKAGE_VERSION" >"$scratch/version.txt"
    # shellcheck disable=SC2086
    git -C "$PACKAGE_ROOT" archive --format=zip --output="$scratch/package.zip" \
        --prefix=capture/ --add-file="$scratch/version.txt" --prefix= "$PACKAGE_COMMIT" -- $PACKAGE_PATHS
}
