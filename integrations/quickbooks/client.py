"""QuickBooks' API: one method per call, their nouns.

A subclass of python-quickbooks' client, which has no timeout, no retry, and loses the status and the number of a
failed request. Reference: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, Self, TypeVar, cast

import requests
import tenacity
from django.conf import settings
from django.views.decorators.debug import sensitive_variables
from quickbooks import QuickBooks
from requests.adapters import HTTPAdapter

from integrations.errors import NeedsReconnect, Rejected, Transient
from integrations.http import Bearer, send
from integrations.models import QuickBooksConnection
from integrations.quickbooks import faults, limits
from integrations.quickbooks.tokens import Access, StoredAccess

MINOR_VERSION = 75
LARGEST_PAGE = 1000
# A query that names so few ids was refused for something else than its length.
FEWEST_IDS = 30
# A step of a task may take this long, whatever happens; then it is put off.
STEP_SECONDS = 90.0
ATTEMPTS = 5
# Seconds to wait after each throttled answer before this call tries again; the whole company is held back as long.
THROTTLE_WAITS = (2.0, 10.0, 30.0)
USER_AGENT = "Tallybook"
# What no text column takes: NUL, and halves of surrogate pairs. Looked for before JSON is searched for it.
_MAY_BE_UNSTORABLE = re.compile(rb"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

logger = logging.getLogger(__name__)
T = TypeVar("T")
Document = dict[str, Any]


def client_for(connection: QuickBooksConnection, *, interactive: bool = False) -> "QuickBooksClient":
    """A client of this company with the tokens in its row. Makes no network call.

    ``interactive``: a person waits for the answers, so its requests go before all background work.
    """
    return QuickBooksClient(connection.realm_id, StoredAccess(connection.pk), interactive=interactive)


def quote(value: str) -> str:
    """A text as a literal of the query language."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


class QuickBooksClient(QuickBooks):
    """One company's API. Every call raises Transient, NeedsReconnect or Rejected, and nothing else.

    Amounts arrive as Decimal. ``calls`` counts the requests sent; ``server_time`` is QuickBooks' own clock in the
    last answer. Reads are repeated on passing trouble, writes only when given a request_id.
    """

    # Read when used, so that settings alone decide which server is meant.
    api_url_v3 = sandbox_api_url_v3 = property(lambda self: settings.QUICKBOOKS_API_URL)

    def __new__(cls, realm_id: str, access: Access, *, interactive: bool = False) -> Self:
        return cast(Self, super().__new__(cls, company_id=realm_id, minorversion=MINOR_VERSION, use_decimal=True))

    def __init__(self, realm_id: str, access: Access, *, interactive: bool = False) -> None:
        self.access = access
        self.interactive = interactive
        self.calls = 0
        self.server_time = ""
        self._ids_at_once = LARGEST_PAGE
        self._step_ends: float | None = None
        self.session = requests.Session()
        adapter = HTTPAdapter(pool_connections=1, pool_maxsize=1, max_retries=0)
        self.session.mount("https://", adapter)
        self.session.mount("http://", adapter)

    def __repr__(self) -> str:
        return f"QuickBooksClient({self.company_id!r})"

    def close(self) -> None:
        self.session.close()

    def start_step(self, seconds: float = STEP_SECONDS) -> None:
        """From now on all calls together end within ``seconds``: by Transient, if need be.

        Without it every call has that long for itself.
        """
        self._step_ends = time.monotonic() + seconds

    # --- reading ------------------------------------------------------------------------------------------

    def query(self, select: str, params: dict[str, str] | None = None) -> Document:
        """The QueryResponse of a SELECT (alone, where the parent gives the whole answer); {} past the last row."""
        return _object(super().query(select, params=params), "QueryResponse")

    def page(
        self, entity: str, *, where: str = "", order: str = "Id", start: int = 1, size: int = LARGEST_PAGE
    ) -> list[Document]:
        """Up to ``size`` records from row ``start`` (the first is 1); [] past the end. Names made inactive are left
        out unless ``where`` asks for them: ``Active IN (true, false)``.
        """
        # An item's number is not among its fields unless asked for by name.
        fields = "*, Sku" if entity == "Item" else "*"
        condition = f" WHERE {where}" if where else ""
        by = f" ORDERBY {order}" if order else ""
        select = f"SELECT {fields} FROM {entity}{condition}{by}"  # noqa: S608 - their language, not SQL
        return _records(self.query(f"{select} STARTPOSITION {start} MAXRESULTS {size}"), entity)

    def count(self, entity: str, where: str = "") -> int:
        condition = f" WHERE {where}" if where else ""
        answer = self.query(f"SELECT COUNT(*) FROM {entity}{condition}")  # noqa: S608 - their language, not SQL
        try:
            return int(str(answer.get("totalCount", 0)))
        except ValueError:
            raise _not_understood() from None

    def by_ids(self, entity: str, ids: Iterable[str], *, where: str = "") -> list[Document]:
        """The records with these ids, as many at a time as one query takes; those gone are missing from the answer."""
        wanted = list(dict.fromkeys(ids))
        found: list[Document] = []
        while wanted:
            chunk = wanted[: self._ids_at_once]
            condition = f"Id IN ({', '.join(map(quote, chunk))})"
            try:
                found += self.page(entity, where=f"{condition} AND {where}" if where else condition)
            except Rejected:
                # How many ids one query may name is not written down anywhere.
                if len(chunk) <= FEWEST_IDS:
                    raise
                self._ids_at_once = max(FEWEST_IDS, len(chunk) // 4)
            else:
                wanted = wanted[len(chunk) :]
        return found

    def changes(self, entities: Iterable[str], since: datetime) -> dict[str, list[Document]]:
        """What changed since that moment, by entity; a deleted record is a stub with ``status`` "Deleted".

        Raises Rejected for a moment more than 30 days back. 1,000 records in all may mean that there are more.
        """
        params = {"entities": ",".join(entities), "changedSince": since.isoformat(timespec="seconds")}
        answer = self.make_request("GET", f"{self.api_url}/company/{self.company_id}/cdc", params=params)
        found: dict[str, list[Document]] = {}
        for response in _records(answer, "CDCResponse"):
            for block in _records(response, "QueryResponse"):
                for name in entities:
                    found.setdefault(name, []).extend(_records(block, name))
        return found

    def read(self, entity: str, external_id: str) -> Document:
        return _object(self.get_single_object(entity, external_id), entity)

    def company_info(self) -> Document:
        return self.read("CompanyInfo", str(self.company_id))

    def preferences(self) -> Document:
        return _object(self.get(f"{self.api_url}/company/{self.company_id}/preferences"), "Preferences")

    # --- writing ------------------------------------------------------------------------------------------

    def create_payment(self, document: Document, *, request_id: str) -> Document:
        """The payment as it is booked. The same ``request_id`` again gives the first answer and books nothing.

        Reference: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/payment
        """
        url = f"{self.api_url}/company/{self.company_id}/payment"
        body = json.dumps(document, default=str)
        return _object(self.make_request("POST", url, body, request_id=request_id), "Payment")

    def update_payment(self, document: Document, *, request_id: str) -> Document:
        """The payment as it is then, from its whole document: what is left out is emptied. Rejected 5010 where its
        SyncToken is not the latest any more.
        """
        url = f"{self.api_url}/company/{self.company_id}/payment"
        body = json.dumps(document, default=float)  # JSON knows no decimals
        return _object(self.make_request("POST", url, body, request_id=request_id), "Payment")

    def mark_sent(self, external_id: str, sync_token: str, *, request_id: str) -> Document:
        """The invoice with QuickBooks' mark of having been emailed, and nothing else changed. Rejected 5010 as above.

        Reference: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
        """
        url = f"{self.api_url}/company/{self.company_id}/invoice"
        body = json.dumps({"Id": external_id, "SyncToken": sync_token, "sparse": True, "EmailStatus": "EmailSent"})
        return _object(self.make_request("POST", url, body, request_id=request_id), "Invoice")

    def void_payment(self, external_id: str, sync_token: str, *, request_id: str) -> Document:
        url = f"{self.api_url}/company/{self.company_id}/payment"
        body = json.dumps({"Id": external_id, "SyncToken": sync_token, "sparse": True})
        params = {"operation": "update", "include": "void"}
        return _object(self.make_request("POST", url, body, params=params, request_id=request_id), "Payment")

    # --- the wire -----------------------------------------------------------------------------------------

    def make_request(
        self,
        request_type: str,
        url: str,
        request_body: Any = None,
        content_type: str = "application/json",
        params: Mapping[str, Any] | None = None,
        file_path: Any = None,
        file_bytes: Any = None,
        request_id: str | None = None,
    ) -> Any:
        """The parsed answer. Files are not sent from here."""
        if file_path or file_bytes:
            raise NotImplementedError("files are not sent to QuickBooks")
        params = {
            **(params or {}),
            "minorversion": self.minorversion,
            **({"requestid": request_id} if request_id else {}),
        }
        options = {
            "headers": {"Content-Type": content_type, "Accept": "application/json"},
            "params": params,
            "data": request_body.encode() if isinstance(request_body, str) else request_body or None,
        }
        may_repeat = request_type == "GET" or url.endswith("/query") or bool(request_id)
        answer = self._repeat(lambda: self._signed(_understood, request_type, url, **options), may_repeat)
        self.server_time = str(answer.get("time", ""))
        return answer

    def process_request(self, request_type: str, url: str, headers: Any = "", params: Any = "", data: Any = "") -> Any:
        """The answer as it came, for what is not JSON; python-quickbooks' download_pdf comes through here."""
        options = {"headers": headers or None, "params": params or None, "data": data or None}
        return self._repeat(lambda: self._signed(_as_it_came, request_type, url, **options), request_type == "GET")

    @sensitive_variables()
    def _signed(self, read: Callable[[requests.Response], T], method: str, url: str, **options: Any) -> T:
        """Send once, and once more with another token when this one is refused."""
        token = self.access.token()
        try:
            return read(self._once(method, url, token, **options))
        except NeedsReconnect as error:
            if not faults.is_about_token(error):
                self.access.refused(token, str(error))
                raise
        token = self.access.another(token)
        try:
            return read(self._once(method, url, token, **options))
        except NeedsReconnect:
            self.access.refused(token, "QuickBooks does not accept a fresh sign-in for this company.")
            raise

    @sensitive_variables()
    def _once(self, method: str, url: str, token: str, **options: Any) -> requests.Response:
        patience = self._deadline - time.monotonic()
        limits.wait_for_turn(str(self.company_id), patience=patience, interactive=self.interactive)
        self.calls += 1
        headers = {"User-Agent": USER_AGENT, **(options.pop("headers", None) or {})}
        return send(self.session, method, url, deadline=self._deadline, headers=headers, auth=Bearer(token), **options)

    def _repeat(self, call: Callable[[], T], may_repeat: bool) -> T:
        """Call until it works, ends in a lasting error, or has no time left."""
        self._deadline = self._step_ends or time.monotonic() + STEP_SECONDS
        self._throttled = 0
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(lambda error: may_repeat and isinstance(error, Transient)),
            wait=self._wait,
            stop=lambda state: state.attempt_number >= ATTEMPTS or self._has_no_time(state),
            sleep=time.sleep,
            reraise=True,
        )
        return retrying(call)

    def _wait(self, state: tenacity.RetryCallState) -> float:
        """Seconds until the next try: doubling, with jitter; longer and for all processes when throttled."""
        error = state.outcome.exception() if state.outcome else None
        logger.info("QuickBooks, try %s: %s", state.attempt_number, getattr(error, "in_full", error))
        scale = settings.QUICKBOOKS_RETRY_SCALE
        if isinstance(error, Transient) and error.code == faults.THROTTLED:
            seconds = THROTTLE_WAITS[min(self._throttled, len(THROTTLE_WAITS) - 1)] * scale
            self._throttled += 1
            limits.hold_back(str(self.company_id), seconds)
            return 0.0
        return float(tenacity.wait_exponential_jitter(multiplier=0.5, max=16, jitter=0.5)(state)) * scale

    def _has_no_time(self, state: tenacity.RetryCallState) -> bool:
        return time.monotonic() + state.upcoming_sleep >= self._deadline


def _understood(response: requests.Response) -> Document:
    """The JSON of an answer, or the error it means: a fault may come with any status, 200 too."""
    try:
        answer = _parse(response.content)
    except (ValueError, RecursionError):
        answer = None
    if faults.has_fault(answer):
        raise faults.error_for(response.status_code, b"", response.headers, answer)
    if response.status_code == 200 and isinstance(answer, dict):
        return answer
    error = faults.error_for(response.status_code, response.content, response.headers)
    # Throttling has been served as XML, and with 200. Any other 200 that cannot be read may be read next time.
    if response.status_code == 200 and not error.code:
        raise _not_understood(intuit_tid=error.intuit_tid)
    raise error


def _as_it_came(response: requests.Response) -> requests.Response:
    if response.status_code != 200:
        raise faults.error_for(response.status_code, response.content, response.headers)
    return response


def _parse(body: bytes) -> Any:
    answer = json.loads(body.decode("utf-8-sig", "replace"), parse_float=Decimal, parse_constant=_no_number)
    return _storable(answer) if _MAY_BE_UNSTORABLE.search(body) else answer


def _no_number(word: str) -> NoReturn:
    raise ValueError(word)


def _storable(value: Any) -> Any:
    """The same document without characters that no database stores; each becomes U+FFFD."""
    if isinstance(value, str):
        return _UNSTORABLE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_storable(one) for one in value]
    if isinstance(value, dict):
        return {_storable(name): _storable(one) for name, one in value.items()}
    return value


def _object(answer: Document, name: str) -> Document:
    found = answer.get(name)
    if not isinstance(found, dict):
        raise _not_understood()
    return found


def _records(answer: Document, entity: str) -> list[Document]:
    found = answer.get(entity, [])
    if not isinstance(found, list) or not all(isinstance(record, dict) for record in found):
        raise _not_understood()
    return found


def _not_understood(intuit_tid: str = "") -> Transient:
    sentence = "QuickBooks' answer could not be read. Nothing was lost; it is tried again by itself."
    return Transient(sentence, code="garbage", intuit_tid=intuit_tid, status=200)
