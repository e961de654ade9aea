"""What `waypost queues` shows is to be read in a window of eighty signs."""

from io import StringIO

from rich.console import Console

from services.commands.queues import COLUMNS, shown


def test_no_heading_and_no_number_is_cut_in_eighty_signs() -> None:
    counts = dict.fromkeys(COLUMNS, 12_345)
    row = {"service": "notifications", **counts, "oldest_seconds": {"unsent": None, "parked": 59 * 60.0}}
    agency = {"agency": "families-apart", "requested": 1, "open": 2, "in_last_minute": 3, "out_last_minute": 4}
    agency |= {"unsent": 5, "queue": {"waiting": 6}, "webhooks": [{"state": "enabled"}, {"state": "disabled"}]}
    text = StringIO()
    Console(file=text, width=80).print(
        shown({"all_well": True, "services": [row], "agencies": [agency], "concerns": []})
    )
    words = text.getvalue().split()
    headings = " ".join([*COLUMNS.values(), "oldest", "webhooks"]).split()
    assert not {*headings, "notifications", "59", "enabled,", "disabled"} - {*words}
    assert words.count("12345") == len(COLUMNS)
