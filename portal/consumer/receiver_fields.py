"""Where goods are sent to, on the forms of a link: what is known stands beside the fields in part, never in them."""

from __future__ import annotations

from portal.web.fields import Line, Phone, Place
from portal.web.forms import Form

NAMES = ("name", "phone", "address")


class ReceiverFields(Form):
    """The three fields; left empty, the goods go where they went before. ``receiver``: that, as the page may say it."""

    name = Line("收货人", limit=50, optional=True)
    phone = Phone("联系电话", optional=True)
    address = Place("收货地址", optional=True)
    receiver = ""

    def validate(self, extra_validators: object = None) -> bool:
        good = bool(super().validate(extra_validators))
        where = [self[name] for name in NAMES if name in self]
        if not any(field.raw.strip() for field in where):
            return good
        for field in where:
            if not field.data and not field.errors:
                self.refuse(f"请填写{field.label.text}；改收货信息时三项都要填", field.name)
                good = False
        return good

    def read_receiver(self) -> tuple[str, str, str] | None:
        """The receiver that was typed in; None where the known one is kept."""
        if "name" not in self or not self.name.data:
            return None
        return self.name.data, self.phone.data, self.address.data
