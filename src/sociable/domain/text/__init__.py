"""What text weighs on each network, how a long one falls into numbered parts, and what in it must not be said in public,
and by which of its words a message is headed.
"""

from sociable.domain.text.counting import Limit, Measured, SmsParts, count, fits, measure, sms_parts
from sociable.domain.text.heading import heading_of
from sociable.domain.text.phone import NotANumber, e164, is_mobile, number_words
from sociable.domain.text.private import Finding, Known, private_in
from sociable.domain.text.schemes import SCHEMES, Scheme, as_data, scheme
from sociable.domain.text.splitting import CannotSplit, split

__all__ = [
    "SCHEMES",
    "CannotSplit",
    "Finding",
    "Known",
    "Limit",
    "Measured",
    "NotANumber",
    "Scheme",
    "SmsParts",
    "as_data",
    "count",
    "e164",
    "fits",
    "heading_of",
    "is_mobile",
    "measure",
    "number_words",
    "private_in",
    "scheme",
    "sms_parts",
    "split",
]
