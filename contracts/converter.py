"""How values travel through Temporal: pydantic JSON, where a malformed value is a refusal and never a stuck case."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ValidationError
from temporalio.api.common.v1 import Payload
from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import CompositePayloadConverter, DataConverter, DefaultPayloadConverter

from contracts.refusals import Fault, bad_input, faults_of


class StrictJson(PydanticJSONPlainPayloadConverter):
    """JSON through pydantic; a ValidationError becomes the refusal `BadInput` with every fault named, which fails a
    start or an update at once. Without it the workflow task would fail for ever."""

    def from_payload(self, payload: Payload, type_hint: type | None = None) -> Any:
        """The value; Refused when it is not what `type_hint` says."""
        try:
            return super().from_payload(payload, type_hint)
        except ValidationError as error:
            raise bad_input(_what(type_hint), faults_of(error)) from None


class StrictPayloads(CompositePayloadConverter):
    """The converters of the SDK, with ours for JSON."""

    def __init__(self) -> None:
        ours = StrictJson()
        usual = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(*(ours if each.encoding == ours.encoding else each for each in usual))

    def from_payloads(self, payloads: Sequence[Payload], type_hints: list[type] | None = None) -> list[Any]:
        """The values; Refused also for null or bytes where a message is expected, which no converter looks at."""
        values = super().from_payloads(payloads, type_hints)
        hints: Sequence[Any] = type_hints or []
        for value, hint in zip(values, hints, strict=False):
            if isinstance(hint, type) and issubclass(hint, BaseModel) and not isinstance(value, hint):
                raise bad_input(_what(hint), [Fault(path="", message="Input should be an object")])
        return values


def data_converter() -> DataConverter:
    """The one converter of client, worker and tests."""
    return DataConverter(payload_converter_class=StrictPayloads)


def _what(type_hint: type | None) -> str:
    name = getattr(type_hint, "__name__", "message")
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()
