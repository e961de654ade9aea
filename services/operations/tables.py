"""The operations service's tables: keys of programs, and people, that may watch and act."""

from sqlalchemy import MetaData

from shared.audit.tables import add_audit_tables
from shared.http.keys import api_keys_table
from shared.web.people.tables import add_people_tables

metadata = MetaData()
api_keys = api_keys_table(metadata)
add_people_tables(metadata)
add_audit_tables(metadata)
