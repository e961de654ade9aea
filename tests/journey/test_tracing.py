"""One trace from the school's call to the agency's event; and where nobody traces, what came is handed on all the same."""

import subprocess
import sys
from pathlib import Path

import requests

from shared.settings import SERVICES
from tests.support.callers import World, by_feed
from tests.support.collector import collector
from tests.support.families import PERSONAL, family
from tests.support.system import ROOT, System, default_system, wait_until

TRACE, CALLER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = f"00-{TRACE}-{CALLER}-01"
SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5


def refer(system: System) -> requests.Response:
    headers = system.headers("referrals", "test-school") | {"traceparent": PARENT}
    answer = requests.post(f"{system.referrals_url}/v1/referrals", json=family(), headers=headers, timeout=20)
    assert answer.status_code == 201, answer.text
    return answer


def test_one_trace_leads_from_the_call_to_the_agencys_event_and_webhook(tmp_path: Path, places: Path) -> None:
    with collector() as collected:
        settings = {
            "WAYPOST_OTLP_ENDPOINT": collected.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "WAYPOST_WEBHOOKS_ALLOW": "127.0.0.1/32",
        }
        with default_system(tmp_path, places, **settings) as system:
            answer = requests.post(
                f"{system.routing_url}/v1/webhooks",
                json={"url": f"{collected.url}/hook"},
                headers=system.headers("routing", "families-apart"),
                timeout=20,
            )
            assert answer.status_code == 201, answer.text
            referral_id = refer(system).json()["id"]
            agency = by_feed(system, "families-apart")
            agency.wait_for(referral_id, "referral.routed")
            wait_until(lambda: collected.posted, "the webhook")
            wait_until(lambda: any(span.kind == CLIENT for span in collected.of(TRACE)), "the webhook's span")

    spans = collected.of(TRACE)
    by_id = {span.id: span for span in spans}
    (call,) = [span for span in spans if span.kind == SERVER and span.name == "POST /v1/referrals"]
    assert (call.service, call.parent, call.attributes["http.response.status_code"]) == (
        "waypost-referrals",
        CALLER,
        "201",
    )
    done = {(span.service, span.kind, span.name.rpartition(" ")[2].removeprefix("uk.waypost.")) for span in spans}
    assert done >= {
        ("waypost-referrals", PRODUCER, "referrals.referral.submitted.v1"),
        ("waypost-eligibility", CONSUMER, "referrals.referral.submitted.v1"),
        ("waypost-eligibility", PRODUCER, "eligibility.eligibility.assessed.v1"),
        ("waypost-routing", CONSUMER, "eligibility.eligibility.assessed.v1"),
        ("waypost-routing", PRODUCER, "routing.referral.routed.v1"),
        ("waypost-routing", CLIENT, "webhook"),
    }
    (routed,) = [event for event in agency.heard if event["type"].endswith("referral.routed.v1")]
    version, trace, cause, _ = routed["traceparent"].split("-")
    assert (version, trace) == ("00", TRACE)
    lineage = [by_id[cause].name]
    while by_id[cause].parent in by_id:
        cause = by_id[cause].parent
        lineage.append(by_id[cause].name)
    assert lineage[-1] == "POST /v1/referrals", f"the agency's event comes from {lineage}"
    hook = next(span for span in spans if span.kind == CLIENT)
    assert collected.posted[0]["traceparent"] == f"00-{TRACE}-{hook.id}-01"
    told = repr(spans)
    assert not [word for word in [*PERSONAL, referral_id] if word in told]


def test_without_a_collector_the_callers_trace_is_handed_on_as_it_came(world: World) -> None:
    answer = refer(world.system)
    referral_id = answer.json()["id"]
    world.families_apart.wait_for(referral_id, "referral.routed")
    (routed,) = [e for e in world.families_apart.about(referral_id) if e["type"].endswith("referral.routed.v1")]
    assert routed["traceparent"] == PARENT
    assert routed["correlationid"] == answer.headers["X-Correlation-Id"]


def test_without_a_collector_nothing_of_opentelemetry_is_loaded() -> None:
    code = (
        "import sys; from services.catalogue import service_class; from shared.tracing import tracer_for\n"
        f"for name in {SERVICES!r}: service_class(name), tracer_for(name, None)\n"
        "print(*(name for name in sys.modules if name.startswith('opentelemetry')))"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr
