"""Files that are damaged, folders that cannot be written, and fits at the same time."""

import errno
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from sklearn_mtl import MultiTaskRegressor
from sklearn_mtl.neural_network.checkpoint._folder import RunFolder
from sklearn_mtl.persistence import read_archive, write_archive
from tests.neural_network.checkpoint.crash import (
    assert_same_history,
    count_epochs,
    crash_after,
)
from tests.neural_network.nets import same_bits, table, tiny

X, Y = table()
Y = Y[:, [2]]
N_EPOCHS = 6


def net(folder=None, **arguments):
    options = {"max_epochs": N_EPOCHS, "batch_size": 32, "dropout": 0.2, **arguments}
    return tiny(MultiTaskRegressor, checkpoint=folder, **options)


@pytest.fixture(scope="module")
def plain():
    return net().fit(X, Y)


def files(folder):
    return sorted(folder.rglob("*.mtl"))


def test_the_last_two_files_are_kept(tmp_path):
    crash_after(4, net(tmp_path), X, Y)
    assert [path.name for path in files(tmp_path)] == [
        "epoch-000003.mtl",
        "epoch-000004.mtl",
    ]


def cut(data):
    return data[: len(data) // 2]


def flip(data):
    at = len(data) // 3
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


DAMAGES = {
    "empty": lambda data: b"",
    "cut short": cut,
    "a bit": flip,
    "zeros": lambda data: bytes(len(data)),
    "of another kind": lambda data: b"epoch" * 1000,
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_file_is_said_and_the_one_before_is_taken(name, tmp_path, plain):
    crash_after(4, net(tmp_path), X, Y)
    last = files(tmp_path)[-1]
    last.write_bytes(DAMAGES[name](last.read_bytes()))
    model = net(tmp_path)
    with pytest.warns(UserWarning, match=r"epoch-000004.mtl cannot be used"):
        assert count_epochs(model, X, Y) == N_EPOCHS - 3
    assert same_bits(model, plain)
    assert_same_history(model, plain)


def test_with_no_good_file_training_starts_again(tmp_path, plain):
    crash_after(4, net(tmp_path), X, Y)
    for path in files(tmp_path):
        path.write_bytes(flip(path.read_bytes()))
    model = net(tmp_path)
    with pytest.warns(UserWarning, match="cannot be used"):
        assert count_epochs(model, X, Y) == N_EPOCHS
    assert same_bits(model, plain)
    assert_same_history(model, plain)


def forged(path, change):
    """Write a file with other contents and checksums that are right."""
    about, members, _ = read_archive(path)
    members = {name: change(data) for name, data in members.items()}
    about = {k: v for k, v in about.items() if k not in ("format", "members")}
    write_archive(path, members, about)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data[:100],
        lambda data: data.replace(b'"trunk.0.weight"', b'"trunk.1.weight"'),
        lambda data: data.replace(b'"map"', b'"nap"'),
        lambda data: data.replace(b'"tensor":[0,', b'"tensor":[999,'),
        lambda data: data.replace(b'"things":["', b'"things":["os:system","'),
    ],
)
def test_a_file_that_someone_else_wrote_is_not_taken(change, tmp_path, plain):
    crash_after(4, net(tmp_path), X, Y)
    last = files(tmp_path)[-1]
    before = read_archive(last)[1]
    forged(last, change)
    assert read_archive(last)[1] != before
    model = net(tmp_path)
    with pytest.warns(UserWarning, match="cannot be used"):
        assert count_epochs(model, X, Y) == N_EPOCHS - 3
    assert same_bits(model, plain)


@pytest.mark.parametrize(
    "n_flips", [20, pytest.param(500, marks=pytest.mark.exhaustive)]
)
def test_a_changed_byte_never_gives_another_net(n_flips, tmp_path, plain):
    crash_after(N_EPOCHS - 1, net(tmp_path), X, Y)
    last = files(tmp_path)[-1]
    good = {path: path.read_bytes() for path in files(tmp_path)}
    rng = np.random.default_rng(0)
    for at in rng.integers(len(good[last]), size=n_flips):
        for path in files(tmp_path):
            path.unlink()
        for path, data in good.items():
            path.write_bytes(data)
        data = bytearray(good[last])
        data[at] ^= 1 << int(rng.integers(8))
        last.write_bytes(data)
        model = net(tmp_path)
        with pytest.warns(UserWarning, match="cannot be used"):
            model.fit(X, Y)
        assert same_bits(model, plain)


def fail_at(patch, where, name, n_calls, number):
    """Let the n-th call of a function fail with an error of the system."""
    function, left = getattr(where, name), [n_calls]

    def failing(*args, **kwargs):
        left[0] -= 1
        if left[0] == 0:
            raise OSError(number, os.strerror(number))
        return function(*args, **kwargs)

    patch.setattr(where, name, failing)


@pytest.mark.parametrize(
    ("where", "name", "number", "error"),
    [
        (os, "fsync", errno.ENOSPC, OSError),
        (os, "replace", errno.ENOSPC, OSError),
        (tempfile, "mkstemp", errno.EACCES, PermissionError),
        (os, "fsync", errno.EIO, OSError),
    ],
)
def test_a_write_that_fails_says_so_and_leaves_the_last_good_file(
    where, name, number, error, tmp_path, plain
):
    model = net(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, where, name, 4, number)
        with pytest.raises(error, match=r"MultiTaskRegressor: .* epoch 4 ") as caught:
            model.fit(X, Y)
    assert caught.value.errno == number
    assert os.strerror(number) in str(caught.value)
    assert not hasattr(model, "net_")
    assert [path.name for path in files(tmp_path)] == [
        "epoch-000002.mtl",
        "epoch-000003.mtl",
    ]
    assert list(tmp_path.rglob("*.tmp")) == []
    again = net(tmp_path)
    assert count_epochs(again, X, Y) == N_EPOCHS - 3
    assert same_bits(again, plain)


def test_a_refit_that_cannot_write_leaves_the_model_as_it_was(tmp_path, plain):
    model = net().fit(X, Y)
    model.set_params(checkpoint=tmp_path, random_state=1)
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, os, "fsync", 2, errno.ENOSPC)
        with pytest.raises(OSError, match="No space left"):
            model.fit(X, Y)
    assert same_bits(model, plain)


@pytest.mark.parametrize(
    ("n_before", "then"), [(0, "there is no previous"), (1, "from the previous one")]
)
def test_what_another_call_begins_with_is_said(n_before, then, tmp_path):
    with pytest.MonkeyPatch.context() as patch:
        fail_at(patch, os, "replace", n_before + 1, errno.ENOSPC)
        with pytest.raises(OSError, match=then):
            net(tmp_path).fit(X, Y)
    assert len(files(tmp_path)) == n_before


def test_a_file_in_the_place_of_the_folder_is_an_error_before_training(tmp_path):
    (tmp_path / "file").write_text("")
    model = net(tmp_path / "file" / "below")
    message = "MultiTaskRegressor: the checkpoint cannot be written to"
    with pytest.raises(OSError, match=message):
        count_epochs(model, X, Y)


@contextmanager
def read_only(folder):
    """Let nobody write to a folder, not even root, who then is another user."""
    user = os.geteuid()
    folder.chmod(0o555)
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="of Unix alone")
def test_a_read_only_folder_is_an_error_that_leaves_the_last_good_file(plain):
    with tempfile.TemporaryDirectory() as name:  # tmp_path is closed to other users
        folder = Path(name)
        with read_only(folder), pytest.raises(PermissionError, match="cannot be wr"):
            net(folder).fit(X, Y)
        crash_after(3, net(folder), X, Y)
        run = files(folder)[0].parent
        with read_only(run), pytest.raises(PermissionError, match="cannot be wr"):
            net(folder).fit(X, Y)
        model = net(folder)
        assert count_epochs(model, X, Y) == N_EPOCHS - 3
        assert same_bits(model, plain)


def test_missing_folders_are_made(tmp_path):
    net(tmp_path / "a" / "b", max_epochs=1).fit(X, Y)
    assert len(files(tmp_path / "a" / "b")) == 1


def test_what_a_killed_writer_left_is_removed(tmp_path, plain):
    crash_after(3, net(tmp_path), X, Y)
    left = files(tmp_path)[0].with_name(".epoch-000004.mtl.abc.tmp")
    left.write_bytes(b"half")
    assert same_bits(net(tmp_path).fit(X, Y), plain)
    assert not left.exists()


def test_threads_with_the_same_fit_do_not_disturb_each_other(tmp_path, plain):
    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(lambda _: net(tmp_path).fit(X, Y), range(8)))
    assert all(same_bits(model, plain) for model in models)


def test_fits_without_a_seed_at_the_same_time_are_different(tmp_path):
    def fit(_):
        return net(tmp_path, random_state=None).fit(X, Y)

    with ThreadPoolExecutor(4) as pool:
        models = list(pool.map(fit, range(4)))
    assert len({model._state.seed for model in models}) == 4
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_its_owners_until_it_is_closed(tmp_path):
    first, second = (RunFolder(tmp_path / "digest", "who") for _ in range(2))
    assert (first.path.name, second.path.name) == ("0", "1")
    first.close()
    third = RunFolder(tmp_path / "digest", "who")
    assert third.path == first.path
    third.close(remove=True)
    assert not third.path.exists()
    assert second.path.exists()
    second.close(remove=True)
    assert not (tmp_path / "digest").exists()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no flock")
def test_a_folder_without_locks_is_used_without_them(tmp_path, monkeypatch, plain):
    import fcntl

    def refuse(*args):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", refuse)
    crash_after(3, net(tmp_path), X, Y)
    model = net(tmp_path)
    assert count_epochs(model, X, Y) == N_EPOCHS - 3
    assert same_bits(model, plain)


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_a_path_that_cannot_be_is_no_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    X = np.arange(20.0).reshape(10, 2)
    with pytest.raises(ValueError, match=r"checkpoint=.* is not a valid path"):
        MultiTaskRegressor(checkpoint=path, max_epochs=1).fit(X, X)
    assert not list(tmp_path.iterdir())
