"""What the usual files of secrets hold is known; links and other files are left alone."""

import os
from pathlib import Path

import pytest

from codelab.workspace.secret_files import secrets_of_workspace
from tests.support.bench import write_files

pytestmark = pytest.mark.req("SAFE-7")


def test_files_of_secrets_in_the_root_and_right_below_it_are_known(tmp_path: Path) -> None:
    root = write_files(
        tmp_path / "shop",
        {
            ".env": "API_KEY=value-in-root\n",
            "deploy/.env.production": "API_KEY=value-in-deploy\n",
            "deploy/more/.env": "API_KEY=value-too-deep\n",
            "node_modules/.env": "API_KEY=value-of-others\n",
            "settings.py": "API_KEY = 'value-in-code'\n",
            ".env.example": "API_KEY=value-of-example\n",
        },
    )
    write_files(tmp_path / "outside", {".env": "API_KEY=value-outside\n"})
    (root / "linked").symlink_to(tmp_path / "outside")
    (root / "id_rsa").symlink_to(tmp_path / "outside" / ".env")
    os.mkfifo(root / "pipe.pem")
    (root / "big.key").write_bytes(b"API_KEY=value-in-big\n" * 100_000)
    assert secrets_of_workspace(root) == {"value-in-root", "value-in-deploy"}
    assert secrets_of_workspace(tmp_path / "missing") == frozenset()
