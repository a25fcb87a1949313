"""The server of the tests gives an activity up; see `tests/support/skipping.py`."""

from tests.support.firm import Firm


async def test_no_patience_of_a_case_ends_on_a_whole_second(firm: Firm):
    receipt = await firm.open()
    await firm.task("confirm_contact")
    history = await firm.handle(receipt.case).fetch_history()
    scheduled = [event for event in history.events if event.HasField("activity_task_scheduled_event_attributes")]
    patience = [event.activity_task_scheduled_event_attributes.schedule_to_close_timeout for event in scheduled]
    assert patience
    assert {each.nanos % 1_000_000 for each in patience} == {1_000}
