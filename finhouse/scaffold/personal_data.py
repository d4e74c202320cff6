"""Guessing personal data by the name and type of a column; a person has to confirm each guess."""

from __future__ import annotations

import re
from typing import Literal

from finhouse.scaffold.catalogue import CatalogueColumn
from finhouse.scaffold.names import singular, snake_case

Rule = Literal["omit", "mask"]
A_SECRET = "a secret, or made from one, by its name"

_PEOPLE = re.compile(
    r"holder|agent|applicant|beneficiary|borrower|client|contact|customer|employee"
    r"|guarantor|member|owner|patient|people|person|recipient|sender|staff|subscriber|user"
)
_SECRET = re.compile(
    r"(^|_)(pass(word|wd|phrase|code)?|pwd|secret|token|(api|private|public|access|encryption)_key"
    r"|credentials?|pin(_code)?|cvv2?|cvc2?|otp|salt|hash(ed)?|signature|fingerprint|biometrics?)"
    r"(_|$)"
)
_IDENTIFIER = re.compile(
    r"(^|_)((first|last|middle|full|given|family|maiden|contact|legal|holder|nick|user|kin)_?name"
    r"|surname|forename|username|login|e_?mails?|(tele|mobile_)?phones?|mobile|cell|msisdn|fax"
    r"|(postal_|home_|street_|work_)?address(es)?(_?line)?|street|house_number"
    r"|(national|identity|passport|tax|social_security|insured)_?(id|no|nr|number|code|card)?"
    r"|id_?(no|number|card)|ssn|nin|bvn|nif|cnic|aadhaar|pan|tin|(driver_?s?_)?licen[cs]e_?(no|number)"
    r"|(account|card|bank_account|iban|wallet)_?(no|nr|number)|iban|bban|credit_card|card_pan"
    r"|ip|ip_?addr(ess)?|mac_?addr(ess)?|imei|imsi|photo|picture|selfie|avatar|portrait)(_|\d|$)"
)
_QUASI = re.compile(
    r"(^|_)(birth(day|date)?|dob|born|date_of_birth|age|gender|sex|marital_status|religion|ethnicity"
    r"|nationality|zip|zip_?code|post(al)?_?code|city|town|district|lat(itude)?|lng|lon(gitude)?"
    r"|geo\w*|gps|coordinates?|location|occupation|salary|income)(_|$)"
)
# What a person is known by is text, or a number that was meant as text.
_TEXTS = frozenset(("text", "varchar", "bpchar", "bytea", "int8", "numeric", "json", "jsonb", ""))
_NETWORK = frozenset(("inet", "cidr", "macaddr", "macaddr8"))
_GEOMETRY = frozenset(("point", "polygon", "path", "circle", "box", "line", "lseg"))


def guess(table: str, column: CatalogueColumn) -> tuple[Rule, str] | None:
    """Whether a column likely holds personal data or a secret: what to do, and why.

    ``omit`` for secrets and what names one person, ``mask`` for what narrows down who it is; None
    for the rest. Keys and references are for the caller to except.

    Args:
        table: the table's name; a ``name`` in a table of people is a person's.
    """
    name, kind = snake_case(column.name), column.source.type_name
    if kind in _NETWORK:
        return "omit", f"{column.source.source_type}: where somebody is connected"
    if kind in _GEOMETRY or column.source.source_type.startswith(("geometry", "geography")):
        return "mask", f"{column.source.source_type}: where somebody is"
    if kind in _TEXTS or column.source.source_type.endswith("[]"):
        if _SECRET.search(name):
            return "omit", A_SECRET
        if _IDENTIFIER.search(name) and not _is_flag_or_reference(name):
            return "omit", "names or reaches one person, by its name"
        is_of_people = _PEOPLE.fullmatch(singular(snake_case(table)).rpartition("_")[2])
    if name == "name" and is_of_people:
        return "omit", "the name of a person, as the table is of people"
    if kind not in ("bool", "timestamp", "timestamptz") and _QUASI.search(name):
        return "mask", "narrows down who somebody is, by its name"
    if kind == "bytea":
        return "omit", "bytes, which no model reads and nobody can look through"
    return None


def _is_flag_or_reference(name: str) -> bool:
    """``address_id`` points to an address, ``email_type`` says of what kind it is."""
    return name.endswith(("_type", "_status", "_kind", "_count", "_country", "_verified")) or (
        name.endswith("_id")
        and not re.search(r"(national|tax|passport|identity|insured)_id$", name)
    )
