"""Turns at QuickBooks: no window of a second or a minute holds more than allowed, whoever asks."""

import threading
import time
from itertools import pairwise

import pytest
from django.db import connection as database
from django.db import transaction
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from integrations.errors import Transient
from integrations.models import ApiAllowance
from integrations.quickbooks import limits
from integrations.quickbooks.client import client_for
from sandbox import Sandbox
from tests.factories import make_connection
from tests.integrations.conftest import point_at
from tests.integrations.processes import run_python, start_python

REALM = "4620816365000000001"
NOW = 1_800_000_000.0


def moments(pauses: list[float]) -> list[float]:
    """When requests go out that are asked for after these pauses; who would wait five minutes goes away instead."""
    row, asked, given_out = ApiAllowance(realm_id=REALM), NOW, []
    for pause in pauses:
        asked += pause
        moment, second_at, minute_at = limits._next_moment(row, asked)
        if moment - asked < 300:
            row.second_at, row.minute_at = second_at, minute_at
            given_out.append(moment)
    return given_out


def keep(given_out: list[float], per_second: int, per_minute: int) -> None:
    """No second holds more than the one limit, no minute more than the other, and order is kept."""
    slack = 1e-6
    assert all(after >= before for before, after in pairwise(given_out))
    for many, seconds in ((per_second, 1.0), (per_minute, 60.0)):
        for first, last in zip(given_out, given_out[many:], strict=False):
            assert last - first >= seconds - slack


@given(
    pauses=st.lists(st.floats(min_value=0, max_value=5), min_size=1, max_size=150),
    per_second=st.integers(min_value=1, max_value=20),
    per_minute=st.integers(min_value=1, max_value=100),
)
def test_no_window_holds_more_than_allowed(pauses, per_second, per_minute):
    with override(per_second, per_minute):
        keep(moments(pauses), per_second, per_minute)


def override(per_second: int, per_minute: int) -> override_settings:
    return override_settings(QUICKBOOKS_REQUESTS_PER_SECOND=per_second, QUICKBOOKS_REQUESTS_PER_MINUTE=per_minute)


def test_intuits_limits_are_used_nearly_in_full():
    with override(10, 500):
        given_out = moments([0.0] * 600)
        keep(given_out, 10, 500)
        assert given_out[0] == NOW
        assert given_out[9] - NOW < 1.1
        assert sum(moment < NOW + 60 for moment in given_out) >= 480


def test_a_quiet_time_is_not_saved_up_beyond_one_second():
    with override(10, 500):
        given_out = moments([0.0, 3600.0, *[0.0] * 30])
        assert given_out[12] - given_out[1] > 1.0


def test_threads_together_keep_the_limit(transactional_db, settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 20, 200
    reserved: list[float] = []

    def ask() -> None:
        try:
            for _ in range(8):
                reserved.append(limits.reserve(REALM, 600.0))
        finally:
            database.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(reserved)) == 48
    keep(sorted(reserved), 20, 200)
    assert ApiAllowance.objects.get().version == 48


def test_processes_together_stay_below_quickbooks_own_limit(transactional_db, settings):
    """The sandbox counts for itself, and would answer 429 above twice of what ours allows."""
    with Sandbox(rate_per_second=10, rate_per_minute=500) as sandbox:
        point_at(sandbox, settings)
        connection = make_connection(sandbox)
        code = (
            "from integrations.models import QuickBooksConnection\n"
            "from integrations.quickbooks.client import client_for\n"
            f"client = client_for(QuickBooksConnection.objects.defer('access_token').get(pk={connection.pk}))\n"
            "for _ in range(6): client.count('Customer')\n"
        )
        run_python(code, times=2, sandbox=sandbox, QUICKBOOKS_REQUESTS_PER_SECOND="5")
        answers = [entry.status for entry in sandbox.requests]
    assert answers == [200] * 12


def test_the_sandbox_would_have_refused_without_turns(transactional_db, settings):
    with Sandbox(rate_per_second=5, rate_per_minute=500) as sandbox:
        point_at(sandbox, settings)
        settings.QUICKBOOKS_RETRY_SCALE = 0.2
        client = client_for(make_connection(sandbox))
        for _ in range(8):
            client.count("Customer")
        answers = [entry.status for entry in sandbox.requests]
    assert 429 in answers
    assert answers.count(200) == 8


def take_turns(many: int, taken: list[str], *, interactive: bool) -> None:
    """Ask for so many turns in a row, and write down each that came."""
    try:
        for _ in range(many):
            limits.wait_for_turn(REALM, interactive=interactive)
            taken.append("person" if interactive else "background")
    finally:
        database.close()


def test_what_a_person_waits_for_goes_before_all_that_waits_in_the_background(transactional_db, settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 5, 300
    limits.wait_for_turn(REALM)
    taken: list[str] = []
    crowd = [threading.Thread(target=take_turns, args=(2, taken), kwargs={"interactive": False}) for _ in range(8)]
    for thread in crowd:
        thread.start()
    while not taken:
        time.sleep(0.01)
    before = len(taken)
    take_turns(3, taken, interactive=True)
    assert taken[before:].count("background") <= 1, "at most the one that had its moment already"
    for thread in crowd:
        thread.join()
    assert taken.count("background") == 16


def test_a_person_goes_first_across_processes(transactional_db, settings):
    with Sandbox() as sandbox:
        point_at(sandbox, settings)
        connection = make_connection(sandbox)
        code = (
            "from integrations.models import QuickBooksConnection\n"
            "from integrations.quickbooks.client import client_for\n"
            f"client = client_for(QuickBooksConnection.objects.defer('access_token').get(pk={connection.pk}))\n"
            "for _ in range(8): client.count('Customer')\n"
        )
        crowd = [start_python(code, sandbox=sandbox, QUICKBOOKS_REQUESTS_PER_SECOND="4") for _ in range(2)]
        while not sandbox.requests:
            time.sleep(0.02)
        settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 4, 500
        began = len(sandbox.requests)
        client = client_for(connection, interactive=True)
        for _ in range(4):
            client.count("Invoice")
        between = ["Customer" in entry.body for entry in list(sandbox.requests)[began:]]
        complaints = [process.communicate(timeout=60)[1] for process in crowd]
        assert [process.returncode for process in crowd] == [0, 0], complaints
    assert sum(between) <= 4, "between two questions of a person, one of the background at the most"


def test_background_work_is_put_off_when_its_patience_is_over(transactional_db, settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 1
    for _ in range(3):
        limits.reserve(REALM, 60)
    before = ApiAllowance.objects.get().version
    began = time.monotonic()
    with pytest.raises(Transient) as caught:
        limits.wait_for_turn(REALM, patience=1)
    assert time.monotonic() - began < 0.5
    assert 1 < caught.value.retry_after <= 3.3
    assert ApiAllowance.objects.get().version == before


def test_background_work_overtaken_again_and_again_is_put_off_too(transactional_db, settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 4
    over = threading.Event()

    def reserve_on() -> None:
        try:
            while not over.is_set():
                limits.reserve(REALM, 60)
                time.sleep(0.15)
        finally:
            database.close()

    limits.reserve(REALM, 60)
    person = threading.Thread(target=reserve_on)
    person.start()
    began = time.monotonic()
    try:
        with pytest.raises(Transient):
            limits.wait_for_turn(REALM, patience=1.5)
    finally:
        over.set()
        person.join()
    assert time.monotonic() - began < 2.5


def test_the_background_alone_uses_the_limit_nearly_in_full(transactional_db, settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 10, 600
    taken: list[str] = []
    began = time.monotonic()
    crowd = [threading.Thread(target=take_turns, args=(5, taken), kwargs={"interactive": False}) for _ in range(4)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert 2.0 < time.monotonic() - began < 4.0


@pytest.mark.parametrize("interactive", [True, False])
def test_a_throttled_company_is_held_back_for_everybody(db, settings, interactive):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 10
    limits.hold_back(REALM, 0.4)
    began = time.monotonic()
    limits.wait_for_turn(REALM, interactive=interactive)
    assert time.monotonic() - began > 0.3
    limits.wait_for_turn("another company")
    assert time.monotonic() - began < 2


@pytest.mark.parametrize("interactive", [True, False])
def test_a_wait_too_long_is_put_off_and_reserves_nothing(db, interactive):
    limits.hold_back(REALM, 30)
    before = ApiAllowance.objects.get().version
    with pytest.raises(Transient) as caught:
        limits.wait_for_turn(REALM, patience=5, interactive=interactive)
    assert 25 < caught.value.retry_after <= 30
    assert ApiAllowance.objects.get().version == before


def test_times_that_a_wrong_clock_left_behind_are_forgotten(db):
    ApiAllowance.objects.create(realm_id=REALM, second_at=time.time() + 86_400, minute_at=time.time() + 86_400)
    limits.wait_for_turn(REALM, patience=1)


@pytest.mark.parametrize("interactive", [True, False])
@pytest.mark.parametrize("seconds", [0, 1])
def test_nobody_waits_inside_a_transaction(transactional_db, interactive, seconds):
    limits.hold_back(REALM, seconds)
    with pytest.raises(RuntimeError), transaction.atomic():
        limits.wait_for_turn(REALM, interactive=interactive)
