"""The version of Waypost, as its contracts name it."""

VERSION = "0.1.0"
