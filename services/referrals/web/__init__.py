"""The pages of the referrals service."""

from pathlib import Path

FOLDER = Path(__file__).parent
