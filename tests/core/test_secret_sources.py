"""Which values of an environment, and of a file that holds secrets, are secrets."""

from pathlib import Path

import pytest

from codelab.core.secret_sources import values_of_environment, values_of_file

pytestmark = pytest.mark.req("SAFE-7")


def test_variables_named_like_keys_hold_secrets_and_others_do_not(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("")
    environ = {
        "OPENAI_API_KEY": "sk-0123456789",
        "GITHUB_TOKEN": "ghp_0123456789",
        "db_password": "correct horse",
        "DATABASE_URL": "postgres://me:hunter2%2Fhunter@db/shop",
        "NPM_AUTH": "bnBtOm5wbTpucG0=",
        "SSH_KEY": str(tmp_path / "key.pem"),
        "TOKENIZERS_PARALLELISM": "false",
        "SOME_TOKEN": "short",
        "THEIR_AUTH": "required",
        "PATH": "/usr/local/bin:/usr/bin",
        "HOME": "/home/somebody",
        "EDITOR": "neovim-nightly",
        "KEYBOARD_LAYOUT": "us-international",
        "AUTHOR_NAME": "Ada Lovelace",
    }
    assert values_of_environment(environ) == {
        "sk-0123456789", "ghp_0123456789", "correct horse", "hunter2%2Fhunter", "hunter2/hunter",
        "bnBtOm5wbTpucG0=",
    }  # fmt: skip


def test_files_of_secrets_are_read_in_their_usual_forms() -> None:
    env = """
# comment
DEBUG=production
export API_KEY="quoted-0001"
DB_PASSWORD='single-0002'  # with a remark
PLAIN_TOKEN=bare-value-0003
URL=redis://:pass-0004@cache:6379/0
HOST=localhost
SOMETHING=a1b2c3d4e5
"""
    assert values_of_file(env) == {
        "quoted-0001", "single-0002", "bare-value-0003", "pass-0004", "a1b2c3d4e5",
    }  # fmt: skip
    data = '{"client_email": "me at home",\n "private_key_id": "json-0005",\n "client_secret": "json-0006"}'
    assert {"json-0005"} <= values_of_file(data)
    yaml = "password: yaml-0007\nusers:\n  - token: yaml-0008\n"
    assert values_of_file(yaml) == {"yaml-0007", "yaml-0008"}
    pem = "-----BEGIN PRIVATE KEY-----\r\nMIIEvQIBADANBg\r\nkqhkiG9w0BAQEF\r\n-----END PRIVATE KEY-----\r\n"
    assert values_of_file(pem) == {"MIIEvQIBADANBg", "kqhkiG9w0BAQEF"}


def test_a_file_without_secrets_or_with_too_many_is_no_trouble() -> None:
    assert values_of_file("hello world\nthis: is text\n\x00\n") == frozenset()
    assert len(values_of_file("".join(f"TOKEN_{n}=value-{n:06}\n" for n in range(10_000)))) == 500
