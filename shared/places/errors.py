"""What can go wrong with places. The texts are for the person at the keyboard: they say what to do, and hold no data.

PlacesError
├── PlacesNotBuilt     the postcode index is missing, damaged or of another format
├── PlacesBusy         another build or import is writing to the same folder
├── CannotImport       the file is of no kind that is known, or lacks what its kind must have
└── CannotDownload     the server did not give the file
"""


class PlacesError(Exception):
    """Base of every error of this package."""


class PlacesNotBuilt(PlacesError):
    """There is no postcode index that can be read."""


class PlacesBusy(PlacesError):
    """Another process writes to the folder."""


class CannotImport(PlacesError):
    """A file was refused; nothing was changed."""


class CannotDownload(PlacesError):
    """A download did not succeed; nothing was changed."""
