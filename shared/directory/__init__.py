"""The agency directory: one YAML file per agency, what checks and reads it, and the decisions that follow from it.

Adding an agency, or changing one's rules, is a change to one file (docs/directory.md); no code knows an agency by name.
"""

from shared.directory.agency import Agency, AgencyDecision, Directory, Signpost
from shared.directory.listing import services_list
from shared.directory.reader import DirectoryError, load_directory, read_directory

__all__ = [
    "Agency",
    "AgencyDecision",
    "Directory",
    "DirectoryError",
    "Signpost",
    "load_directory",
    "read_directory",
    "services_list",
]
