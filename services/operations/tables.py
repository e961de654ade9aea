"""The operations service's tables: keys of programs, and people, that may watch and act; what was seen; the directory."""

from sqlalchemy import MetaData

from services.operations.directory_tables import add_directory_tables
from services.operations.samples import add_samples_table
from shared.audit.tables import add_audit_tables
from shared.directory.live import add_live_directory_table
from shared.http.keys import api_keys_table
from shared.web.people.tables import add_people_tables

metadata = MetaData()
add_samples_table(metadata)
add_directory_tables(metadata)
add_live_directory_table(metadata)
api_keys = api_keys_table(metadata)
add_people_tables(metadata)
add_audit_tables(metadata)
