"""The model all contracts derive from: frozen, strict, unknown fields refused."""

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A frozen value. Fields are only ever added, each with a default, so that stored samples still parse."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")
