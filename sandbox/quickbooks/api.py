"""The accounting API: ``/v3/company/<realm>/...``, answered as QuickBooks answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any

from ..http import Request, Response
from . import cdc
from .clock import stamp_ms
from .company import Company
from .errors import Fault, business, missing
from .query import parse
from .schema import ENTITIES, SALES, Entity

HEADERS = {
    "Cache-Control": "max-age=0, no-cache, no-store, must-revalidate, private",
    "Expires": "0",
    "Qbo-Version": "2026.sandbox",
}
MOST_IN_BATCH = 30


def answer(company: Company, request: Request, tail: str) -> Response:
    """The answer to a request that has been let in. ``tail`` is the path after the realm."""
    try:
        return Response(body=_route(company, request, tail), headers=dict(HEADERS))
    except Fault as fault:
        return Response(fault.status, fault.json(), "application/json", dict(HEADERS))


def _route(company: Company, request: Request, tail: str) -> str:
    parts = tail.strip("/").split("/")
    name = parts[0].lower()
    if name == "query" and len(parts) == 1:
        return _enveloped(*_query(company, _statement(request)))
    if name == "cdc" and request.method == "GET":
        return _enveloped("CDCResponse", cdc.changes(company, request.query))
    if name == "batch" and request.method == "POST":
        return _once(company, request, lambda: _batch(company, _body(request)))
    entity = ENTITIES.get(name)
    if entity is not None and request.method == "GET":
        return _read(company, entity, parts, request)
    if entity is not None and request.method == "POST":
        if len(parts) == 3 and parts[2].lower() == "send":
            return _once(company, request, lambda: _send(company, entity, parts[1], request))
        if len(parts) == 1:
            return _once(company, request, lambda: _write(company, entity, request))
    raise _unsupported(request)


def _unsupported(request: Request) -> Fault:
    where = f"/v3{request.path.partition('/v3')[2]}"
    return Fault(
        500,
        f"Operation Could not find resource for relative : {where} of full path: "
        f"https://sandbox.example/qbo{where} is not supported.",
    )


def _enveloped(name: str, inside: str) -> str:
    return f'{{"{name}":{inside},"time":"{stamp_ms(time.time())}"}}'


# -- reading -----------------------------------------------------------------------------------------------------


def _statement(request: Request) -> str:
    """The statement of a GET parameter or of a plain text body."""
    if request.method == "GET":
        statement = request.query.get("query", "")
    elif request.headers.get("content-type", "").split(";")[0].strip() in ("application/text", "text/plain"):
        statement = _text(request)
    else:
        raise Fault(500, "Operation query needs Content-Type application/text is not supported.")
    if not statement.strip():
        raise Fault(4000, 'QueryParserError: Encountered " <EOF> "" at line 1, column 0.')
    return statement


def _query(company: Company, statement: str) -> tuple[str, str]:
    query = parse(statement)
    with company.store.lock:
        if query.counting:
            return "QueryResponse", f'{{"totalCount":{len(company.store.selection(query))}}}'
        records = company.page(query)
        if not records:
            return "QueryResponse", "{}"
        rows = ",".join([record.json for record in records])
    return (
        "QueryResponse",
        f'{{"{query.entity.name}":[{rows}],"startPosition":{query.start},"maxResults":{len(records)}}}',
    )


def _read(company: Company, entity: Entity, parts: list[str], request: Request) -> str:
    pk = parts[1] if len(parts) > 1 else ""
    if entity.family == "company" and pk in ("", "1", company.realm_id):
        pk = "1"
    elif len(parts) != 2:
        raise _unsupported(request)
    with company.store.lock:
        company.must_find(entity, pk)
        return _enveloped(entity.name, company.store.tables[entity.name][pk].json)


# -- writing -----------------------------------------------------------------------------------------------------


def _text(request: Request) -> str:
    try:
        return request.text
    except UnicodeDecodeError:
        raise Fault(500, "Operation with bytes that are not UTF-8 is not supported.") from None


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(_text(request))
    except ValueError as error:
        raise Fault(2010, f"Property Name:Unexpected character in the JSON body ({error})") from None
    if not isinstance(body, dict):
        raise Fault(2010, "Property Name:the body is not a JSON object")
    return body


def _once(company: Company, request: Request, work: Callable[[], str]) -> str:
    """Do the work, unless this requestid has been answered before: then say the same again and do nothing."""
    request_id = request.query.get("requestid", "")
    if len(request_id) > 50:
        raise Fault(2050, "Length of the field exceeds 50 chars", "requestid")
    with company.store.changing():
        known = company.store.answers.get(request_id) if request_id else None
        if known is not None:
            return known
        given = work()
        if request_id:
            company.store.remember_answer(request_id, given)
        return given


def _write(company: Company, entity: Entity, request: Request) -> str:
    query = request.query
    operation = query.get("operation", "").lower()
    include = frozenset(query.get("include", "").lower().split(","))
    if "void" in include and operation in ("", "update"):
        operation = "void-by-update"
    return _enveloped(entity.name, _written(company, entity, operation, _body(request), include))


VOIDED_BY = {"Invoice": "void", "CreditMemo": "void", "Payment": "void-by-update", "SalesReceipt": "void-by-update"}


def _written(company: Company, entity: Entity, operation: str, body: dict[str, Any], include: frozenset[str]) -> str:
    """One change, as the JSON of what it leaves behind."""
    if operation in ("", "create", "update"):
        if operation == "update" and not body.get("Id") and entity.family != "company":
            raise missing("Id")
        if entity.family == "company":
            body = {**body, "Id": "1"}
        return company.save(entity, body, include).json
    if not body.get("Id"):
        raise missing("Id")
    token = body.get("SyncToken", "")
    if operation == "delete":
        return json.dumps(company.remove(entity, body["Id"], token))
    if operation in ("void", "void-by-update") and VOIDED_BY.get(entity.name) == operation:
        return company.save_voided(entity, body["Id"], token).json
    raise Fault(500, f"Operation {operation} on {entity.name} is not supported.")


def _send(company: Company, entity: Entity, pk: str, request: Request) -> str:
    """Email a form to its own address, or to the one in ``sendTo``."""
    if entity.name not in SALES:
        raise _unsupported(request)
    return _enveloped(entity.name, company.save_sent(entity, pk, request.query.get("sendTo", "")).json)


# -- batches -----------------------------------------------------------------------------------------------------


def _batch(company: Company, body: dict[str, Any]) -> str:
    """Up to 30 items, each on its own: one that fails leaves the others alone."""
    items = body.get("BatchItemRequest") or []
    if not items:
        raise Fault(2010, "Batch Request is Empty")
    if len(items) > MOST_IN_BATCH:
        raise business(f"Number of items in the batch exceeds the maximum of {MOST_IN_BATCH}.")
    return _enveloped("BatchItemResponse", f"[{','.join(_batch_item(company, item) for item in items)}]")


def _batch_item(company: Company, item: dict[str, Any]) -> str:
    tag = json.dumps(item.get("bId", ""))
    try:
        with company.store.part():
            name, inside = _batch_work(company, item)
    except Fault as fault:
        name, inside = "Fault", json.dumps(fault.body())
    return f'{{"{name}":{inside},"bId":{tag}}}'


def _batch_work(company: Company, item: dict[str, Any]) -> tuple[str, str]:
    if "Query" in item:
        return _query(company, str(item["Query"]))
    for name, body in item.items():
        entity = ENTITIES.get(name.lower())
        if entity is not None and isinstance(body, dict):
            options = frozenset(re.split(r"[,\s]+", str(item.get("optionsData", "")).lower()))
            operation = str(item.get("operation", "")).lower()
            if "void" in options and operation == "update":
                operation = VOIDED_BY.get(entity.name, "void")
            return entity.name, _written(company, entity, operation, body, options)
    raise Fault(2010, "Property Name:a batch item needs one entity or a Query")
