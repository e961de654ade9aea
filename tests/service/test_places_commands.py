"""`waypost places`, and downloads from a server of our own."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from services.commands.places import app
from shared.places.places import Places
from tests.service.places_factory import KINGSTON, epraccur_csv, folder_of, gias_csv, known, postcode_csv


@dataclass
class Server:
    """Serves texts by path, with ETag and Last-Modified, and honours If-None-Match. `asked`: path and status."""

    files: dict[str, str] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    cut_short: bool = False
    address: str = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            text = state.files.get(self.path)
            etag = f'"{hash(text)}"'
            status = 404 if text is None else 304 if self.headers["If-None-Match"] == etag else 200
            state.asked.append((self.path, status))
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Last-Modified", "Sun, 01 Nov 2026 06:00:00 GMT")
            body = (text or "").encode() if status == 200 else b""
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if state.cut_short else body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing on the test's output."""

    serving = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=serving.serve_forever)
    thread.start()
    state.address = f"http://127.0.0.1:{serving.server_address[1]}"
    yield state
    serving.shutdown()
    serving.server_close()
    thread.join()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder_of(tmp_path / "data" / "places")
    return tmp_path / "data"


def waypost_places(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


def update(server: Server, data: Path, **more: str):
    options = {
        "schools": f"{server.address}/edubasealldata{{date}}.csv",
        "practices": f"{server.address}/report",
        **more,
    }
    return waypost_places(
        "update", "--data", data, *(part for name in options for part in (f"--{name}", options[name]))
    )


def gias_path(days_ago: int = 0) -> str:
    return f"/edubasealldata{date.today() - timedelta(days_ago):%Y%m%d}.csv"


def test_look_up_tells_district_name_use_and_release(data, tmp_path):
    told = waypost_places("look-up", "kt1", "1aa", "--data", data)
    assert told.exit_code == 0
    assert told.output.splitlines() == [
        "KT1 1AA: E09000021 Kingston upon Thames, whether it is in use is not recorded",
        "Says: made-up 1",
    ]
    (file := tmp_path / "NSPL_NOV_2021_UK_KT.csv").write_text(
        postcode_csv([("KT1 1AA", KINGSTON, ""), ("KT1 1AB", KINGSTON, "202001")])
    )
    assert "2 imported" in waypost_places("import", file, "--data", data).output
    assert "in use" in waypost_places("look-up", "KT11AA", "--data", data).output
    assert (
        "terminated\nSays: NSPL_NOV_2021 over made-up 1" in waypost_places("look-up", "KT11AB", "--data", data).output
    )


def test_look_up_of_what_does_not_exist_or_has_no_district_says_so(data):
    none = waypost_places("look-up", "KT9 9ZZ", "--data", data)
    assert none.exit_code == 1
    assert "no such postcode" in none.output
    assert "in no district" in waypost_places("look-up", "GIR 0AA", "--data", data).output


def test_before_the_index_is_built_every_command_says_how_to(tmp_path):
    for words in (["look-up", "KT1 1AA"], ["status"]):
        told = waypost_places(*words, "--data", tmp_path)
        assert told.exit_code == 1
        assert "waypost places build" in told.output


def test_a_file_of_another_kind_is_refused_in_words(data, tmp_path):
    (file := tmp_path / "other.csv").write_text("a,b\n1,2\n")
    told = waypost_places("import", file, "--data", data)
    assert told.exit_code == 1
    assert "epraccur" in told.output
    assert "Traceback" not in told.output


def test_status_shows_each_data_set(data, tmp_path):
    (file := tmp_path / "epraccur_2025-08-18.csv").write_text(epraccur_csv({}))
    waypost_places("import", file, "--data", data)
    shown = waypost_places("status", "--data", data).output
    assert "made-up 1" in shown
    assert "2025-08-18" in shown
    assert "not imported" in shown


def test_every_command_teaches_with_an_example():
    for command in ("build", "import", "update", "look-up", "status"):
        told = waypost_places(command, "--help").output
        assert f"waypost places {command}" in " ".join(told.split()), command


def test_update_downloads_and_imports(server, data):
    server.files = {gias_path(): gias_csv({}), "/report": epraccur_csv({})}
    told = update(server, data)
    assert told.exit_code == 0, told.output
    places = Places.open(data / "places")
    assert places.school("900001", None).known
    assert places.practice("H99001", None).known
    assert places.releases["schools"] == gias_path().strip("/").removesuffix(".csv")
    assert places.releases["practices"] == "epraccur 2026-11-01", "the day that the server gave"
    assert not list((data / "places").glob("download-*"))


def test_update_takes_yesterdays_schools_while_todays_are_not_out(server, data):
    server.files = {gias_path(1): gias_csv({}), "/report": epraccur_csv({})}
    assert update(server, data).exit_code == 0
    assert (gias_path(0), 404) in server.asked
    assert Places.open(data / "places").school("900001", None).known


def test_update_does_not_fetch_twice_what_has_not_changed(server, data):
    server.files = {gias_path(): gias_csv({}), "/report": epraccur_csv({})}
    update(server, data)
    server.asked.clear()
    told = update(server, data)
    assert server.asked == [(gias_path(), 304), ("/report", 304)]
    assert told.output.count("unchanged") == 2


def test_update_fetches_again_what_is_no_longer_there(server, data):
    server.files = {gias_path(): gias_csv({}), "/report": epraccur_csv({})}
    update(server, data)
    (data / "places" / "schools.sqlite3").unlink()
    assert update(server, data).exit_code == 0
    assert Places.open(data / "places").school("900001", None).known


def test_update_takes_postcodes_from_the_address_that_it_is_given(server, data):
    server.files = {
        gias_path(): gias_csv({}),
        "/report": epraccur_csv({}),
        "/NSPL_NOV_2026.csv": postcode_csv([("KT1 1AA", KINGSTON, "202001")]),
    }
    assert update(server, data, postcodes=f"{server.address}/NSPL_NOV_2026.csv").exit_code == 0
    assert known(Places.open(data / "places"), "KT1 1AA").terminated


def test_a_source_that_fails_keeps_its_old_data_and_holds_up_no_other(server, data):
    server.files = {gias_path(): gias_csv({}), "/report": epraccur_csv({})}
    update(server, data)
    server.files = {gias_path(): "<html>Sorry</html>", "/report": epraccur_csv({}, {1: "H99002"})}
    told = update(server, data)
    assert told.exit_code == 1
    places = Places.open(data / "places")
    assert places.school("900001", None).known
    assert places.practice("H99002", None).known


@pytest.mark.parametrize("way", ["wrong kind", "cut short", "missing", "no server"])
def test_a_download_that_is_not_whole_and_right_changes_nothing(server, data, way):
    server.files = {gias_path(): gias_csv({}), "/report": epraccur_csv({})}
    update(server, data)
    before = {path.name: path.read_bytes() for path in (data / "places").iterdir() if path.is_file()}
    server.files = {gias_path(): gias_csv({}, {"URN": "900002"}), "/report": epraccur_csv({}, {1: "H99002"})}
    more = {}
    if way == "wrong kind":
        server.files = {gias_path(): epraccur_csv({1: "H99009"}), "/report": gias_csv({"URN": "900009"})}
    elif way == "cut short":
        server.cut_short = True
    elif way == "missing":
        server.files = {}
    else:
        more = {"schools": "http://127.0.0.1:1/schools", "practices": "http://127.0.0.1:1/practices"}
    told = update(server, data, **more)
    assert told.exit_code == 1
    assert told.output.count("Schools:") == told.output.count("Practices:") == 1
    assert {path.name: path.read_bytes() for path in (data / "places").iterdir() if path.is_file()} == before
