"""Files that hold secrets: never indexed, never read for a model, never sent anywhere.

Judged by the path alone, so that nothing needs to be opened to know.
"""

import re

from codelab.workspace.folding import folded

_TEMPLATE_ENDINGS = (".example", ".sample", ".template", ".dist", ".defaults", ".tmpl")

_NAMES = frozenset(
    {
        ".env", ".envrc", ".netrc", "_netrc", ".pgpass", ".my.cnf", ".mylogin.cnf", ".npmrc", ".pypirc",
        ".yarnrc", ".git-credentials", ".htpasswd", ".dockercfg", ".dockerconfigjson", ".vault-token",
        ".boto", ".s3cfg", ".terraformrc", "terraform.rc", "kubeconfig", "wallet.dat", "credentials",
        "id_rsa", "id_dsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_ed25519_sk", "identity.age",
    }
)  # fmt: skip

_ENDINGS = (
    ".pem", ".key", ".p12", ".pfx", ".p8", ".pkcs12", ".jks", ".jceks", ".keystore", ".bcfks", ".kdb",
    ".kdbx", ".ppk", ".keychain", ".keychain-db", ".gpg", ".pgp", ".ovpn", ".tfstate", ".tfstate.backup",
    ".tfvars", ".tfvars.json", ".agekey", ".mobileprovision",
)  # fmt: skip

_DATA = r"\.(?:json|ya?ml|toml|ini|cfg|conf|csv|txt|xml|properties|env)"
_PATTERN = re.compile(
    "|".join(
        (
            r"\.env\..+",
            r".+\.env",
            rf"(?:.*[._-])?(?:credentials?|secrets?){_DATA}",
            r"client_secrets?.*\.json",
            r"service[._-]?account.*\.json",
            r"secring(?:\..+)?",
            r"(?:.+[._-])?id_(?:rsa|dsa|ecdsa|ed25519)",
            r".*private[._-]?key(?:\.txt|\.asc)?",
        )
    )
)

_FOLDERS = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".gcloud", ".password-store"})
_PLACES = (".docker/config.json", ".kube/config", ".git/config", ".git/credentials", ".config/gcloud/")


def is_secret(path: str) -> bool:
    """Tell whether a file is taken for one that holds secrets.

    Args:
        path: Relative to the workspace root, compared as the most lenient file system would.

    Returns:
        True for environment files (not their ``.example``), private keys, keystores and credentials.
    """
    whole = "/" + folded(path).strip("/")
    *folders, name = whole.split("/")
    if any(folder in _FOLDERS for folder in folders) or any(f"/{place}" in whole for place in _PLACES):
        return True
    if name.endswith(_TEMPLATE_ENDINGS) or name.endswith(".pub"):
        return False
    return name in _NAMES or name.endswith(_ENDINGS) or _PATTERN.fullmatch(name) is not None
