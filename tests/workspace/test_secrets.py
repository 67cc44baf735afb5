"""Files that hold secrets are known by their path."""

import pytest

from codelab.workspace.secrets import is_secret

SECRET = """
.env .env.local deploy/.env.production prod.env .ENV config/.Env .envrc
id_rsa keys/id_ed25519 deploy_id_rsa server.pem tls/server.key cert.p12 cert.PFX release.jks app.keystore
.netrc _netrc .pgpass .npmrc .pypirc .git-credentials .htpasswd .aws/credentials .ssh/config .gnupg/anything
credentials credentials.json app-credentials.yml secrets.yaml config/secrets.toml client_secret_123.json
service-account-prod.json .docker/config.json .kube/config kubeconfig terraform.tfstate prod.tfvars
.git/config private_key.txt config/master.key wallet.dat vault.kdbx backup.gpg
""".split()  # noqa: SIM905 - a list of names is read, not counted

PLAIN = """
.env.example .env.sample config/.env.template env.py environment.md src/secrets.py credentials.py keys.py
id_rsa.pub key.go docs/secret-sharing.md tokenizer.json src/credentials/__init__.py package.json config.json
monkey.txt turnkey.md envelope.ts credentials_test.go .editorconfig
""".split()  # noqa: SIM905 - a list of names is read, not counted


@pytest.mark.req("INDEX-1", "SAFE-5")
@pytest.mark.parametrize("path", SECRET)
def test_a_file_that_holds_secrets_is_known_by_its_path(path: str) -> None:
    assert is_secret(path)


@pytest.mark.req("INDEX-1")
@pytest.mark.parametrize("path", PLAIN)
def test_source_templates_and_public_keys_are_not_taken_for_secrets(path: str) -> None:
    assert not is_secret(path)
