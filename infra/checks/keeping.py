"""What an account keeps and what it does not: the archive is protected, and what only passes through goes."""

from collections.abc import Iterator

from infra.checks.project import Problem, Project
from infra.checks.template import Expression, Value, text_of


def check(project: Project) -> Iterator[Problem]:
    """Both."""
    yield from _archive(project)
    yield from _old_versions(project)


def _archive(project: Project) -> Iterator[Problem]:
    """Versions, soft delete and an immutability policy: what is archived cannot be lost by a slip."""
    template = project.templates["modules/storage.bicep"]
    wanted: dict[str, dict[str, Value]] = {
        "Microsoft.Storage/storageAccounts/blobServices": {
            "properties.isVersioningEnabled": True,
            "properties.deleteRetentionPolicy.enabled": True,
            "properties.containerDeleteRetentionPolicy.enabled": True,
        },
        "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies": {
            "parent": Expression("archive"),
            "properties.immutabilityPeriodSinceCreationInDays": Expression("immutabilityDays"),
        },
    }
    for kind, properties in wanted.items():
        resources = template.resources(kind)
        for path, value in properties.items():
            if not resources or any(each.at(path) != value for each in resources):
                yield Problem("archive", f"{template.name}:1", f"{kind}: {path} must be {value}")
    for policy in template.resources("Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies"):
        if "= if (!archiveLocked) {" not in text_of(policy.node):
            what = "a policy that is locked must be left alone: Azure refuses to write it"
            yield Problem("archive", f"{template.name}:{policy.line}", what)
    archive = template.named.get("archive")
    if archive is None or archive.at("properties.immutableStorageWithVersioning.enabled") is not True:
        yield Problem("archive", f"{template.name}:1", "the archive's immutability must be by version")
    lock = project.main.named.get("lockImmutability")
    if lock is None or lock.value is not False:
        yield Problem("archive", "main.bicep:1", "lockImmutability must be false unless a person says otherwise")


def _old_versions(project: Project) -> Iterator[Problem]:
    """A lifecycle rule deletes the versions of what only passes through, and nothing else."""
    template = project.templates["modules/storage.bicep"]
    passing = {"${names.leaseContainer}/", "${names.desktopContainer}/", "${names.screenContainer}/"}
    cleaned: set[str] = set()
    for policy in template.resources("Microsoft.Storage/storageAccounts/managementPolicies"):
        rules = policy.at("properties.policy.rules")
        for rule in rules if isinstance(rules, list) else []:
            definition = rule.get("definition") if isinstance(rule, dict) else None
            if isinstance(definition, dict) and "'delete'" in repr(definition.get("actions")):
                filters = definition["filters"]
                prefixes = filters["prefixMatch"] if isinstance(filters, dict) else []
                for prefix in prefixes if isinstance(prefixes, list) else []:
                    cleaned.add((prefix.text if isinstance(prefix, Expression) else str(prefix)).strip("'"))
                # Staged screens are append blobs.
                if not isinstance(filters, dict) or filters["blobTypes"] != ["blockBlob", "appendBlob"]:
                    yield Problem("old versions", f"{template.name}:{policy.line}", "append blobs must go, too")
    if cleaned != passing:
        what = (
            f"versions must be deleted in {', '.join(sorted(passing))} alone, and are in {', '.join(sorted(cleaned))}"
        )
        yield Problem("old versions", f"{template.name}:1", what)
