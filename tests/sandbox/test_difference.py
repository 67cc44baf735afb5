"""What a command changed, as it is read from its layer."""

import pytest

from tests.support.sandboxes import in_sandboxes

pytestmark = pytest.mark.slow

FILES = {
    "a.txt": "one\n",
    "gone.txt": "gone\n",
    "dir/x.txt": "x\n",
    "dir/y.txt": "y\n",
    "same.txt": "same\n",
    ".gitignore": "*.log\nout/\n",
}


@pytest.mark.req("SAFE-6", "SAFE-8")
def test_every_kind_of_change_is_found_and_nothing_else() -> None:
    script = """
echo two >> a.txt; rm gone.txt; touch same.txt; echo new > new.txt; mkdir -p deep/er; echo d > deep/er/d.txt
rm -r dir; mkdir dir; echo z > dir/z.txt; echo y2 > dir/y.txt
echo log > a.log; mkdir out node_modules __pycache__
echo o > out/o; echo n > node_modules/n; echo c > __pycache__/c
printf '#!/bin/sh\\n' > run.sh; chmod +x run.sh; chmod 000 new.txt
"""
    [result] = in_sandboxes([{"argv": ["/bin/sh", "-c", script], "files": FILES}])
    assert result["changed"] == {
        "a.txt": "one\ntwo\n",
        "deep/er/d.txt": "d\n",
        "dir/x.txt": None,
        "dir/y.txt": "y2\n",
        "dir/z.txt": "z\n",
        "gone.txt": None,
        "new.txt": "new\n",
        "run.sh": "#!/bin/sh\n",
    }
    assert result["left"] == {}


@pytest.mark.req("SAFE-5", "SAFE-6")
def test_what_is_no_plain_file_is_left_behind_and_named() -> None:
    script = """
ln -s /etc/passwd link; mkfifo pipe; mkdir realdir; ln -s /etc folder; rm a.txt; ln -s /etc/shadow a.txt
head -c 2000000 /dev/zero > big; printf x > "$(printf 'odd\\001name')"; printf x > "$(printf 'bad\\377name')"
rm -r dir; ln -s /etc dir
"""
    [result] = in_sandboxes([{"argv": ["/bin/sh", "-c", script], "files": FILES}])
    assert result["changed"] == {}
    assert result["left"] == {
        "a.txt": "it is a symbolic link",
        "bad\\xffname": "its name is not plain text",
        "big": "it has more than 1,000,000 bytes",
        "dir": "it is a symbolic link",
        "folder": "it is a symbolic link",
        "link": "it is a symbolic link",
        "odd\x01name": "its name is not plain text",
        "pipe": "it is not a plain file",
    }


@pytest.mark.req("INDEX-7", "SAFE-6")
def test_a_command_sees_unsaved_text_and_only_what_it_changes_of_it_differs() -> None:
    unsaved = {"a.txt": "typed\n", "dir/x.txt": "typed x\n", "dir/new/deep.txt": "typed deep\n"}
    script = "cat a.txt dir/x.txt dir/new/deep.txt dir/y.txt; echo more >> dir/x.txt; ls dir"
    [result] = in_sandboxes([{"argv": ["/bin/sh", "-c", script], "files": FILES, "unsaved": unsaved}])
    assert result["output"] == "typed\ntyped x\ntyped deep\ny\nnew\nx.txt\ny.txt\n"
    assert result["changed"] == {"dir/x.txt": "typed x\nmore\n"}


@pytest.mark.req("SAFE-6")
def test_more_files_than_a_person_looks_through_are_left_behind() -> None:
    script = 'for n in $(seq 1 250); do echo $n > "file$n"; done'
    [result] = in_sandboxes([{"argv": ["/bin/sh", "-c", script]}])
    assert len(result["changed"]) == 200
    assert set(result["left"].values()) == {"more than 200 files changed"}
    assert len(result["left"]) == 50


@pytest.mark.req("SAFE-6")
@pytest.mark.parametrize(
    "name", ["with space", "with,comma", "with:colon", "with\\backslash", "with'quote", "ünï"]
)
def test_the_name_of_the_workspace_does_not_matter(name: str) -> None:
    [result] = in_sandboxes(
        [{"argv": ["/bin/sh", "-c", "cat a.txt; echo two >> a.txt"], "files": FILES, "root": name}]
    )
    assert result["output"] == "one\n"
    assert result["changed"] == {"a.txt": "one\ntwo\n"}
