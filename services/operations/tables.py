"""The operations service's tables: keys of the people and programs that may watch and act."""

from sqlalchemy import MetaData

from shared.http.keys import api_keys_table

metadata = MetaData()
api_keys = api_keys_table(metadata)
