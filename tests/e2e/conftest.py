"""One house for all tests of the commands; each test takes an account of its own."""

from collections.abc import Iterator

import pytest

from tests.support.house import House, house


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house(tmp_path_factory.mktemp("house")) as ready:
        yield ready
