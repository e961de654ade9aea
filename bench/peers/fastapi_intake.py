"""Intake on FastAPI, SQLAlchemy and asyncpg: `python -m bench.peers.fastapi_intake PORT`, one process of uvicorn."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated, Literal

import uvicorn
from fastapi import FastAPI, Header, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import create_async_engine

from bench.peers.store import fingerprint, idempotency, outbox, owner_of, referrals, rows_of

Short = Annotated[str, Field(min_length=1, max_length=100)]
Postcode = Annotated[str, Field(pattern=r"^[A-Z]{1,2}[0-9][0-9A-Z]? [0-9][A-Z]{2}$")]


class Part(BaseModel):
    """Fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid")


class Referrer(Part):
    type: Literal["school", "gp", "professional", "family"]
    name: Short
    role: Short | None = None
    organisation: Short | None = None
    email: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")] | None = None


class School(Part):
    postcode: Postcode


class Child(Part):
    first_name: Short
    last_name: Short
    date_of_birth: date
    told: Literal["yes", "no", "partly"]
    school: School | None = None


class Relative(Part):
    relationship: Literal["parent", "carer", "sibling", "other"]
    stage: Literal["awaiting-sentence", "remand", "sentenced", "released"]


class Home(Part):
    postcode: Postcode


class Channel(Part):
    safe: bool
    message: bool = False
    text: bool = False
    name_organisation: bool = False


class SafeContact(Part):
    telephone: Channel


class FamilyContact(Part):
    name: Short
    relationship: Short
    telephone: Annotated[str, Field(pattern=r"^[0-9+ ]{6,20}$")]
    safe_contact: SafeContact


class Consent(Part):
    given_by: Short
    name: Short
    method: Short
    given_at: datetime
    wording_version: Short
    agencies: Annotated[list[Short], Field(min_length=1, max_length=50)]
    child_view: Short


class Referral(Part):
    kind: Literal["family-support"]
    referrer: Referrer
    children: Annotated[list[Child], Field(min_length=1, max_length=12)]
    relative: Relative
    home: Home
    family_contact: FamilyContact
    needs: Annotated[list[Short], Field(max_length=50)]
    consent: Consent


engine = create_async_engine(os.environ["PEER_DATABASE"], pool_size=16, max_overflow=0)


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    yield
    await engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.post("/v1/referrals", status_code=201)
async def create(
    referral: Referral,
    request: Request,
    idempotency_key: Annotated[str, Header(min_length=1, max_length=255)],
    authorization: Annotated[str | None, Header()] = None,
) -> Response:
    owner = owner_of(authorization)
    if owner is None:
        raise HTTPException(401)
    print_of_body = fingerprint(await request.body())
    rows = rows_of(referral.model_dump(), owner, idempotency_key, print_of_body)
    async with engine.begin() as connection:
        first = insert(idempotency).values(rows.idempotency).on_conflict_do_nothing().returning(idempotency.c.key)
        if (await connection.execute(first)).first() is None:
            same = (idempotency.c.owner == owner) & (idempotency.c.key == idempotency_key)
            found = (await connection.execute(select(idempotency).where(same))).one()
            if found.fingerprint != print_of_body:
                raise HTTPException(409)
            return Response(found.body, 201, media_type="application/json")
        await connection.execute(insert(referrals), rows.referral)
        await connection.execute(insert(outbox), rows.event)
    return Response(rows.answer, 201, media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning")
