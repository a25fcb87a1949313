"""How a message fails to go out: for now (try the same channel again) or for good (take the next one)."""


class TemporaryFailure(Exception):
    """The channel is down or busy: the same message may pass later. One sentence, without the address."""


class PermanentFailure(Exception):
    """The address or the message itself is refused, and will be again. One sentence, without the address."""
