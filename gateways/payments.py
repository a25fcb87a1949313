"""付款: the payment rail that carries a payout to the customer's account at another bank."""

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Protocol

from contracts.base import Contract


class PaymentOrder(Contract):
    """An order under the reference of the case; `amount` a decimal string, `text` what the payee reads."""

    reference: str
    payee_name: str
    payee_account: str
    bank: str
    amount: str
    currency: str
    text: str


class PaymentRefused(Exception):
    """The rail refuses the order for good (no such account, name does not match). One sentence."""


class PaymentRail(Protocol):
    """Carries payment orders. The reference is the key on the other side: an order known there is not sent again."""

    def known(self, reference: str) -> bool:
        """Whether the order arrived there before."""
        ...

    def pay(self, order: PaymentOrder) -> None:
        """Hand the order over; the same reference again changes nothing. Raises PaymentRefused."""
        ...


class FolderRail:
    """Files each order once as JSON, for the bank's file interface; the embedded default files them in QUIETUS_HOME."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def known(self, reference: str) -> bool:
        """Whether an order with this reference is filed."""
        return self._file(reference).exists()

    def pay(self, order: PaymentOrder) -> None:
        """File the order: whole or not at all, and once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self.folder, prefix=".draft-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(order.model_dump(), file, ensure_ascii=False, indent=2)
                file.flush()
                os.fsync(file.fileno())
            os.link(draft, self._file(order.reference))
        except FileExistsError:
            return
        finally:
            Path(draft).unlink()

    def orders(self) -> list[PaymentOrder]:
        """Every order that was filed."""
        files = sorted(self.folder.glob("*.json"))
        return [PaymentOrder.model_validate_json(file.read_text(encoding="utf-8")) for file in files]

    def _file(self, reference: str) -> Path:
        return self.folder / f"{hashlib.sha256(reference.encode()).hexdigest()[:32]}.json"
