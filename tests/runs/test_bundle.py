"""A run as one file: other programs read it, the studio opens it, a hostile one does no harm."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import msgspec
import numpy as np
import pytest

from cifar_studio import sealed
from cifar_studio.config.train_config import TrainConfig
from cifar_studio.errors import BadInputError, NewerVersionError, RunFolderError, StudioError
from cifar_studio.runs.bundle.manifest import LARGEST
from cifar_studio.runs.bundle.opening import open_bundle
from cifar_studio.runs.bundle.writing import write_bundle
from cifar_studio.runs.folder.library import load
from cifar_studio.runs.folder.run_folder import FILES, Notes, RunFolder, Status
from failing_disk import FailingDisk
from support import make_environment, make_row

NAME = "20260401_120000_resnet18"


def seal(path: Path, contents: bytes) -> None:
    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("contents", contents)

    sealed.write(path, write)


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    """Settings, figures and notes; for checkpoints any sealed bytes will do."""
    folder = RunFolder(tmp_path / "runs" / NAME)
    folder.path.mkdir(parents=True)
    folder.write_config(TrainConfig(epochs=2, seed=2**63 - 1))
    folder.write_environment(make_environment())
    folder.write_status(Status(state="finished", epoch=2, epochs=2))
    folder.write_notes(Notes(name="Ünïcode", notes=f"in {Path.home()}/data and {Path.home()}s"))
    for epoch in (1, 2):
        folder.append_epoch(make_row(epoch, 10.0 * epoch))
    seal(folder.last_checkpoint, np.random.default_rng(0).bytes(300_000))
    os.link(folder.last_checkpoint, folder.best_checkpoint)
    seal(folder.best_evaluation, b"arrays")
    folder.log_file.write_text("what a person need not know")
    return folder


@pytest.fixture
def bundle(run: RunFolder, tmp_path: Path) -> Path:
    path = tmp_path / "sent.cifarrun"
    write_bundle(path, run.path)
    return path


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    return tmp_path / "elsewhere"


def repacked(
    bundle: Path,
    change: Callable[[dict[str, bytes]], None],
    packing: int = zipfile.ZIP_STORED,
) -> Path:
    """The bundle with other contents, the manifest as it was unless that is changed."""
    with zipfile.ZipFile(bundle) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    change(contents)
    path = bundle.with_name("changed.cifarrun")
    with zipfile.ZipFile(path, "w", packing) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def manifest_changed(bundle: Path, change: Callable[[dict[str, object]], None]) -> Path:
    def edit(contents: dict[str, bytes]) -> None:
        manifest = json.loads(contents["manifest.json"])
        change(manifest)
        contents["manifest.json"] = json.dumps(manifest).encode()

    return repacked(bundle, edit)


def is_untouched(folder: Path) -> bool:
    return not folder.exists() or not list(folder.iterdir())


def test_that_a_run_comes_out_as_it_went_in(run: RunFolder, bundle: Path, elsewhere: Path) -> None:
    opened = open_bundle(bundle, elsewhere)
    assert not opened.was_there
    assert opened.path == elsewhere / NAME
    before, after = load(run.path), load(opened.path)
    assert (after.config, after.rows, after.status) == (before.config, before.rows, before.status)
    assert after.environment == before.environment
    for name in ("last.pt", "best.pt", "evaluation.npz", "epochs.csv"):
        assert (opened.path / name).read_bytes() == (run.path / name).read_bytes()
    assert not (opened.path / "log.txt").exists()
    assert [path.name for path in elsewhere.iterdir()] == [NAME], "nothing else is left"


def test_that_it_is_a_plain_zip_and_the_same_each_time(
    run: RunFolder, bundle: Path, tmp_path: Path
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "zipfile", "-t", str(bundle)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(bundle) as archive:
        names = archive.namelist()
    assert "best.pt" not in names, "the very file that last.pt is, is stored once"
    assert bundle.stat().st_size < 350_000
    again = tmp_path / "again.cifarrun"
    write_bundle(again, run.path)
    assert again.read_bytes() == bundle.read_bytes()


def test_that_the_home_folder_stays_here(bundle: Path) -> None:
    with zipfile.ZipFile(bundle) as archive:
        text = archive.read("notes.json").decode()
        contents = [archive.read(name) for name in archive.namelist()]
    assert not any(f"{Path.home()}/".encode() in data for data in contents)
    assert json.loads(text)["notes"] == f"in ~/data and {Path.home()}s"


def test_that_no_place_of_this_computer_travels(run: RunFolder, tmp_path: Path) -> None:
    path = tmp_path / "sent.cifarrun"
    environment = make_environment()
    run.write_environment(
        msgspec.structs.replace(
            environment,
            command=["cifar-studio", "train", "--runs", "/srv/ann/runs", "--set", "seed=3"],
            data=msgspec.structs.replace(environment.data, source="D:\\ann\\cifar"),
        )
    )
    run.write_status(Status(state="failed", message="/srv/ann/runs is full", remedy="Free /srv"))
    write_bundle(path, run.path)
    with zipfile.ZipFile(path) as archive:
        assert not any(b"ann" in archive.read(name) for name in archive.namelist())
    opened = RunFolder(open_bundle(path, tmp_path / "elsewhere").path)
    told = opened.read_environment()
    assert told.command[-2:] == ["--set", "seed=3"]
    assert told.command[3] == told.data.source == "a place on another computer"
    assert told.processor == environment.processor
    assert opened.read_status().message == ""


def test_that_a_name_that_is_no_text_travels(run: RunFolder, tmp_path: Path) -> None:
    path = tmp_path / "sent.cifarrun"
    run.write_notes(Notes(name="a file \udcff of Linux"))
    write_bundle(path, run.path)
    opened = open_bundle(path, tmp_path / "elsewhere")
    assert RunFolder(opened.path).read_notes().name == "a file \udcff of Linux"


def test_that_the_same_run_is_not_opened_twice(bundle: Path, elsewhere: Path) -> None:
    first = open_bundle(bundle, elsewhere)
    RunFolder(first.path).write_notes(Notes(name="mine now"))
    again = open_bundle(bundle, elsewhere)
    assert again.was_there
    assert again.path == first.path
    RunFolder(first.path).append_epoch(make_row(3))
    other = open_bundle(bundle, elsewhere)
    assert other.path.name == f"{NAME}_2"
    assert open_bundle(bundle, elsewhere).path == other.path
    RunFolder(other.path).last_checkpoint.unlink()
    assert not open_bundle(bundle, elsewhere).was_there, "a copy that lost something is not it"


@pytest.mark.parametrize("name", ["last.pt", "evaluation.npz", "environment.json"])
def test_that_a_damaged_run_is_not_sent(run: RunFolder, tmp_path: Path, name: str) -> None:
    data = bytearray((run.path / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (run.path / name).write_bytes(bytes(data))
    with pytest.raises(RunFolderError, match=f"is damaged .*{name.partition('.')[0]}"):
        write_bundle(tmp_path / "x.cifarrun", run.path)
    assert not list(tmp_path.glob("*x*"))


def test_that_a_run_that_changes_under_it_is_not_sent(
    run: RunFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify = sealed.verify

    def slowly(file: BinaryIO) -> None:
        verify(file)
        run.append_epoch(make_row(len(run.read_epochs()) + 1))

    monkeypatch.setattr(sealed, "verify", slowly)
    with pytest.raises(RunFolderError, match="was changed while it was written"):
        write_bundle(tmp_path / "x.cifarrun", run.path)
    assert not list(tmp_path.glob("*x*"))


def test_that_a_run_that_trains_is_not_written(run: RunFolder, tmp_path: Path) -> None:
    lock = run.hold()
    try:
        with pytest.raises(RunFolderError, match="is being trained"):
            write_bundle(tmp_path / "x.cifarrun", run.path)
    finally:
        lock.release()
    run.environment_file.unlink()
    with pytest.raises(RunFolderError, match=r"no environment\.json"):
        write_bundle(tmp_path / "x.cifarrun", run.path)
    with pytest.raises(BadInputError, match=r"End it in \.cifarrun"):
        write_bundle(tmp_path / "x.zip", run.path)
    assert not list(tmp_path.glob("x*"))


@pytest.mark.parametrize(
    "name",
    [
        "../evil.json",
        "/tmp/evil.json",
        "C:\\evil.json",
        "..\\evil.json",
        "sub/config.json",
        "config.json/../../evil",
        "log.txt",
        ".lock",
        "previous.pt",
        "evil.py",
    ],
)
def test_that_other_names_are_refused(bundle: Path, elsewhere: Path, name: str) -> None:
    hostile = repacked(bundle, lambda contents: contents.update({name: b"{}"}))
    with pytest.raises(BadInputError, match="which belongs to no run"):
        open_bundle(hostile, elsewhere)

    def also_named(contents: dict[str, bytes]) -> None:
        contents[name] = b"{}"
        manifest = json.loads(contents["manifest.json"])
        manifest["files"].append({"name": name, "size": 2, "sha256": "0" * 64})
        contents["manifest.json"] = json.dumps(manifest).encode()

    with pytest.raises(BadInputError):
        open_bundle(repacked(bundle, also_named), elsewhere)
    assert is_untouched(elsewhere)


def test_that_a_name_may_occur_once(bundle: Path, elsewhere: Path) -> None:
    with zipfile.ZipFile(bundle, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("config.json", b"{}")
    with pytest.raises(BadInputError, match="a name occurs twice"):
        open_bundle(bundle, elsewhere)


def test_that_contents_must_be_those_that_were_put_in(bundle: Path, elsewhere: Path) -> None:
    def flip(contents: dict[str, bytes]) -> None:
        data = bytearray(contents["last.pt"])
        data[1000] ^= 1
        contents["last.pt"] = bytes(data)

    with pytest.raises(BadInputError, match=r"last\.pt is not what was put in"):
        open_bundle(repacked(bundle, flip), elsewhere)
    longer = repacked(bundle, lambda c: c.update({"epochs.csv": c["epochs.csv"] + b"x" * 9}))
    with pytest.raises(BadInputError, match="other sizes"):
        open_bundle(longer, elsewhere)
    assert is_untouched(elsewhere)


def promising(name: str, contents: bytes) -> Callable[[dict[str, bytes]], None]:
    """Other contents for a file, and a manifest that says the same of it."""

    def change(found: dict[str, bytes]) -> None:
        found[name] = contents
        manifest = json.loads(found["manifest.json"])
        for one in manifest["files"]:
            if name in (one["name"], one.get("same_as")):
                one["sha256"] = hashlib.sha256(contents).hexdigest()
                one["size"] = len(contents)
        found["manifest.json"] = json.dumps(manifest).encode()

    return change


def test_that_a_bomb_does_not_go_off(bundle: Path, elsewhere: Path) -> None:
    cases = {
        "config.json": r"config\.json would have 52,428,800 bytes",
        "epochs.csv": "would unpack to",
        "last.pt": "packed in a way that is not used here",
    }
    for name, why in cases.items():
        change = promising(name, b" " * (50 * 2**20))
        bomb = repacked(bundle, change, zipfile.ZIP_DEFLATED)
        assert bomb.stat().st_size < 2**20
        with pytest.raises(BadInputError, match=r"config\.json would|would unpack|packed in a"):
            open_bundle(bomb, elsewhere)
        # Each guard by itself, with the ones before it satisfied.
        with zipfile.ZipFile(bomb) as archive:
            contents = {one: archive.read(one) for one in archive.namelist()}
        with zipfile.ZipFile(bomb, "w") as archive:
            for one, data in contents.items():
                is_bomb = one == name and name != "config.json"
                packing = zipfile.ZIP_DEFLATED if is_bomb else zipfile.ZIP_STORED
                archive.writestr(one, data, packing)
        with pytest.raises(BadInputError, match=why):
            open_bundle(bomb, elsewhere)
    # A zip whose own sizes lie: what it unpacks to is counted.
    lying = bundle.with_name("lying.cifarrun")
    data = bytearray(repacked(bundle, lambda _: None).read_bytes())
    with zipfile.ZipFile(bundle) as archive:
        real = archive.getinfo("epochs.csv").file_size
    packed = real.to_bytes(4, "little")
    place = data.rindex(b"epochs.csv") - 46 + 24  # in the central directory
    assert data[place : place + 4] == packed
    data[place : place + 4] = (real - 5).to_bytes(4, "little")
    lying.write_bytes(bytes(data))
    with pytest.raises(StudioError):
        open_bundle(lying, elsewhere)
    assert is_untouched(elsewhere)


def test_that_the_manifest_is_checked(bundle: Path, elsewhere: Path) -> None:
    later = manifest_changed(bundle, lambda m: m.update(format=99, new=1))
    with pytest.raises(NewerVersionError, match="later version"):
        open_bundle(later, elsewhere)
    with zipfile.ZipFile(later, "a") as archive:
        archive.writestr("what_is_new.bin", b"x")
    with pytest.raises(NewerVersionError, match="later version"):
        open_bundle(later, elsewhere)
    cases: list[Callable[[dict[str, object]], None]] = [
        lambda m: m.update(files=[]),
        lambda m: m.update(files="all"),
        lambda m: m.pop("run"),
        lambda m: m.update(files=[{"name": "config.json", "size": -1, "sha256": ""}]),
    ]
    for case in cases:
        with pytest.raises(BadInputError):
            open_bundle(manifest_changed(bundle, case), elsewhere)
    with pytest.raises(BadInputError, match=r"has no manifest\.json"):
        open_bundle(repacked(bundle, lambda contents: contents.pop("manifest.json")), elsewhere)
    assert is_untouched(elsewhere)


@pytest.mark.parametrize("name", ["../../evil", "CON", "", "x" * 300, "20260401_120000_A/b"])
def test_that_the_name_of_the_folder_is_not_taken_on_trust(
    bundle: Path, elsewhere: Path, name: str
) -> None:
    hostile = manifest_changed(bundle, lambda manifest: manifest.update(run=name))
    opened = open_bundle(hostile, elsewhere)
    assert opened.path.parent == elsewhere
    assert opened.path.name == "20000101_000000_opened"


def test_that_settings_that_cannot_be_used_are_refused(
    run: RunFolder, tmp_path: Path, elsewhere: Path
) -> None:
    path = tmp_path / "sent.cifarrun"
    text = run.config_file.read_text()
    assert '"resnet18"' in text
    write_bundle(path, run.path)

    change = promising("config.json", text.replace('"resnet18"', '"../evil8"').encode())
    with pytest.raises(BadInputError, match="damaged or no run") as caught:
        open_bundle(repacked(path, change), elsewhere)
    assert str(elsewhere) not in str(caught.value)
    assert is_untouched(elsewhere)


def test_that_whatever_is_torn_is_refused_in_one_line(bundle: Path, elsewhere: Path) -> None:
    whole = bundle.read_bytes()
    chosen = random.Random(0)
    broken = bundle.with_name("broken.cifarrun")
    for length in [0, 1, 22, 100, len(whole) // 2, len(whole) - 1]:
        broken.write_bytes(whole[:length])
        with pytest.raises(BadInputError):
            open_bundle(broken, elsewhere)
    refused, told = 0, []
    for _ in range(300):
        data = bytearray(whole)
        # Mostly where the structure is: the large file in the middle has a checksum.
        end = chosen.choice([2000, len(data)])
        for _ in range(chosen.choice([1, 1, 8])):
            data[-chosen.randrange(1, end)] = chosen.randrange(256)
        broken.write_bytes(bytes(data))
        try:
            shutil.rmtree(open_bundle(broken, elsewhere).path)
        except StudioError as error:
            refused += 1
            told.append(str(error))
        assert is_untouched(elsewhere)
    assert refused > 200
    assert not any("\n" in words for words in told)


def test_that_other_things_than_files_are_refused(tmp_path: Path, elsewhere: Path) -> None:
    pipe = tmp_path / "pipe.cifarrun"
    os.mkfifo(pipe)
    for path in (pipe, tmp_path / "none.cifarrun", tmp_path):
        with pytest.raises(BadInputError, match="cannot be opened"):
            open_bundle(path, elsewhere)


def test_that_a_list_of_a_million_files_is_not_read(tmp_path: Path, elsewhere: Path) -> None:
    count = 100_000
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\1\2", 20, 3, 20, *[0] * 8, 1, *[0] * 6)
    listed = (entry + b"a") * count
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 65535, 65535, len(listed), 0, 0)
    path = tmp_path / "long.cifarrun"
    path.write_bytes(listed + end)
    with pytest.raises(BadInputError, match="list of files is far too long"):
        open_bundle(path, elsewhere)


def test_that_ctrl_c_takes_half_a_run_away(run: RunFolder, tmp_path: Path) -> None:
    seal(run.last_checkpoint, np.random.default_rng(0).bytes(400 * 2**20))
    path, elsewhere = tmp_path / "sent.cifarrun", tmp_path / "elsewhere"
    write_bundle(path, run.path)
    words = ["-m", "cifar_studio", "open", str(path), "--runs", str(elsewhere)]
    with subprocess.Popen([sys.executable, *words], stderr=subprocess.PIPE) as process:
        until = time.monotonic() + 60
        while not any(one.stat().st_size for one in elsewhere.rglob("last.pt")):
            assert process.poll() is None, "it was too fast for this test"
            assert time.monotonic() < until
            time.sleep(0.002)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 130
    assert list(elsewhere.iterdir()) == []


def test_that_a_disk_that_fails_anywhere_leaves_nothing(bundle: Path, elsewhere: Path) -> None:
    elsewhere.mkdir()
    with FailingDisk(elsewhere) as disk:
        shutil.rmtree(open_bundle(bundle, elsewhere).path)
    operations = len(disk.operations)
    assert operations > 8, disk.operations
    for number in range(operations):
        with FailingDisk(elsewhere, number, full=True), pytest.raises(RunFolderError, match="room"):
            open_bundle(bundle, elsewhere)
        assert is_untouched(elsewhere), number


def test_that_a_full_disk_leaves_nothing(
    bundle: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(bundle.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(RunFolderError, match="0 MiB are free"):
        open_bundle(bundle, elsewhere)
    assert is_untouched(elsewhere)


def test_that_all_files_of_a_run_but_a_few_travel() -> None:
    left_at_home = {"log.txt", "previous.pt", ".lock"}
    assert set(FILES) - left_at_home == set(LARGEST)
