"""docs/notices.md shows every notice to customers as it is."""

from tests.support.notices_page import PAGE, page


def test_the_page_of_notices_is_what_the_templates_say_now() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run `python -m tests.support.notices_page`"
