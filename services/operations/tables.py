"""The operations service's tables: keys of programs, and people, that may watch and act; and what was seen."""

from sqlalchemy import MetaData

from services.operations.samples import add_samples_table
from shared.audit.tables import add_audit_tables
from shared.http.keys import api_keys_table
from shared.web.people.tables import add_people_tables

metadata = MetaData()
add_samples_table(metadata)
api_keys = api_keys_table(metadata)
add_people_tables(metadata)
add_audit_tables(metadata)
