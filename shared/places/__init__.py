"""Postcode, school and practice to district: what `shared.places.places.Places` answers, and how its data comes in.

The data lies in one folder (`<data>/places/`): `postcodes.index`, `schools.sqlite3`, `practices.sqlite3`. Each file is
replaced whole or not at all, so whoever reads it meets the old or the new one.
"""
